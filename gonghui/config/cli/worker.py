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

    # Notifications wake the worker at once; a job whose time comes is found by polling: within a second, not five.
    options = (
        f"--concurrency={concurrency}",
        "--shutdown-graceful-timeout=8",
        "--fetch-job-polling-interval=1",
    )
    call_command("procrastinate", "worker", *options)
