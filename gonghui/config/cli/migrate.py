import click

from gonghui.config.cli import setup_django


@click.command()
@click.option("--no-input", is_flag=True, help="不提问。")
def command(no_input: bool) -> None:
    """更新数据库结构，装好审计触发器和抢票函数。"""
    setup_django()
    from django.core.management import call_command

    call_command("migrate", interactive=not no_input)
