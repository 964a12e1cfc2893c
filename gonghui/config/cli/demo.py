import os

import click

from gonghui.config.cli.up import run, serving_options


@click.command()
@serving_options
@click.option("--members", type=click.IntRange(1000), default=20_000, show_default=True,
              help="演示数据里的会员数；只在数据库还是空的时候起作用。")  # fmt: skip
def command(host: str, port: int | None, workers: int, members: int) -> None:
    """启动演示：数据库是空的就先建好演示数据，短信验证码直接显示在页面上。"""
    os.environ.setdefault("GONGHUI_SHOW_CODES", "1")
    run(host=host, port=port, workers=workers, world_members=members)
