from pathlib import Path

import click

from gonghui.config.cli import setup_django


@click.group()
def command() -> None:
    """导出的名单：查一份文件是谁导出的。"""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def trace(file: Path) -> None:
    """从表格（.xlsx）或任何文本里找出隐藏的标记，说出是哪一份导出、谁申请、谁同意、哪几行。"""
    setup_django()
    from gonghui.members.tracing import traced

    found = traced(file.read_bytes())
    if not found:
        click.echo("没有找到本系统的标记。")
        raise click.exceptions.Exit(1)
    for one in found:
        click.echo(one)
