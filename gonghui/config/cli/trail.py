"""`gonghui trail`: is the audit trail what it was when it was sealed?"""

from __future__ import annotations

import sys

import click

from gonghui.config.cli import setup_django
from gonghui.config.cli.noted import NOTED, hashes_noted
from gonghui.config.cli.progress import Bars


@click.group()
def trail() -> None:
    """审计记录：谁在什么时候改了什么，有没有人动过这些记录。"""


@trail.command()
@NOTED
def verify(noted: tuple[str, ...]) -> None:
    """逐条重算审计记录的封存区块；全部相符时退出码为 0，否则为 1。"""
    setup_django()
    from gonghui.kit.trail import TRAIL, WRONG_MAX, redacted, verify_trail

    kept = hashes_noted(noted)
    last = TRAIL.in_order().last()
    with Bars() as bars:
        bars.start("核对审计记录", last.last_seq if last else 0)
        found = verify_trail(kept, bars.advance)
    for name, seen, wrong in (
        ("区块首尾相接，指纹没有变过", found.blocks, found.broken),
        ("区块里的每一条都与封存时一致", found.rows, found.changed),
    ):
        said = f"：不相符的区块有 {'、'.join(str(number) for number in wrong[:WRONG_MAX])}" if wrong else ""
        click.secho(f"{'✘' if wrong else '✔'} {name}（{seen:,}）{said}", fg="red" if wrong else "green")
    if lines := redacted():
        click.echo(f"其中 {lines:,} 条按个人信息保护的要求去掉了部分内容，只留封存时的指纹。")
    if waiting := TRAIL.unsealed():
        click.echo(f"另有 {waiting:,} 条还没有封存，几分钟内自动封存。")
    if last:
        click.echo(f"请把最后的指纹抄到系统之外：{last.number}:{bytes(last.hash).hex()}")
    sound = not (found.broken or found.changed)
    click.echo("结论：审计记录完整。" if sound else "结论：审计记录被改动过，请保留现场并报告经审委员会。")
    sys.exit(0 if sound else 1)
