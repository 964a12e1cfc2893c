import click

from gonghui.config.cli import setup_django


@click.command()
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="同时做几件事。"
)
def command(concurrency: int) -> None:
    """运行后台任务，直到被停止；做了一半的任务会做完，或留给下一个进程。"""
    from gonghui.config.launcher.orphans import die_with_launcher

    die_with_launcher()
    setup_django()
    from django.core.management import call_command

    call_command("procrastinate", "worker", f"--concurrency={concurrency}", "--shutdown-graceful-timeout=8")
