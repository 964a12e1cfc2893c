import runpy
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def command(options: tuple[str, ...]) -> None:
    """性能测量：同一台机器、同一次运行，打印一张表。加 --markdown 得到可贴进说明书的表；--quick 试跑；--only 只量一部分：

    gate ledger quote bills messages grant audiences pages imports console moves
    """
    sys.argv = ["benchmarks", *options]
    runpy.run_module("benchmarks", run_name="__main__")
