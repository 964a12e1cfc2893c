import sys

import click


@click.command(
    context_settings={
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": [],
    }
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Django 的管理命令，例如 gonghui manage shell。"""
    from django.core.management import execute_from_command_line

    sys.argv = ["gonghui manage", *arguments]
    execute_from_command_line(sys.argv)
