import os
import signal
import threading

import click


@click.command()
def command() -> None:
    """只运行自带的数据库，打印 DATABASE_URL；它停了就重新启动，按 Ctrl-C 停止。"""
    from gonghui.config.launcher import postgres

    os.environ.pop("DATABASE_URL", None)
    stop_wanted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop_wanted.set())
    click.echo(postgres.database_url())
    while not stop_wanted.wait(1):
        if not postgres.is_serving(postgres.data_folder()):
            postgres.start_server(postgres.data_folder())
