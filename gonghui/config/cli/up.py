import os
import sys
from collections.abc import Callable

import click

from gonghui.config.launcher.errors import LauncherError


def serving_options(function: Callable) -> Callable:
    """What `up` and `demo` share."""
    options = (
        click.option("--host", envvar="GONGHUI_HOST", default="127.0.0.1", show_default=True,
                     help="监听的地址；让手机或别的机器访问用 0.0.0.0。"),
        click.option("--port", envvar="GONGHUI_PORT", type=click.IntRange(1, 65535),
                     help="监听的端口；不指定时从 8000 起找空闲的。"),
        click.option("--workers", envvar="GONGHUI_WORKERS", type=click.IntRange(1, 64),
                     default=min(4, os.cpu_count() or 1), show_default=True, help="页面进程数。"),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def run(**wanted) -> None:
    from gonghui.config.launcher.supervisor import Supervisor, UpOptions

    try:
        Supervisor(UpOptions(**wanted)).run()
    except LauncherError as error:
        click.secho(f"✘ {error}", fg="red", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@click.command()
@serving_options
@click.option("--gate-only", is_flag=True, help="只开抢票口：大型抢票时另加的进程，放在同一个负载均衡后面。")
def command(host: str, port: int | None, workers: int, gate_only: bool) -> None:
    """启动工惠：数据库、页面、抢票口、后台任务。按 Ctrl-C 停止。

    DATABASE_URL 指定已有的 PostgreSQL；不指定时使用自带的数据库，数据在 .gonghui 文件夹
    （GONGHUI_DATA 可换地方），程序来自 GONGHUI_PG_BIN 或自带的 wheel。
    """
    run(host=host, port=port, workers=workers, gate_only=gate_only)
