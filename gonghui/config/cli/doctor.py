import sys

import click


@click.command()
def command() -> None:
    """体检：逐项说明哪里好、哪里不对、下一步做什么。有不对的（✘）退出码为 1。"""
    from gonghui.config.launcher.doctor import Level, examine

    colors = {Level.GOOD: "green", Level.WARNING: "yellow", Level.BAD: "red"}
    worst = []
    for finding in examine():
        click.echo(
            f"{click.style(finding.level.value, fg=colors[finding.level], bold=True)} {finding.sentence}"
        )
        if finding.advice:
            click.echo(f"  → {finding.advice}")
        worst.append(finding.level)
    if Level.BAD in worst:
        click.secho(f"{worst.count(Level.BAD)} 处要处理。", fg="red")
        sys.exit(1)
    click.secho("没有发现问题。", fg="green")
