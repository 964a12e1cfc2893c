"""`gonghui draw verify FILE`: anybody can check a published draw, without a database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gonghui.benefits.draws.document import BadDocument, Stage, fingerprint, parse_draw_file
from gonghui.benefits.draws.verifier import is_sound, verify


@click.group()
def draw() -> None:
    """抽签公示文件。"""


@draw.command(name="verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--announced", help="公告发布时记下的指纹；与文件比对，证明公告没有换过。")
@click.option("--closed", help="报名截止时记下的指纹；与文件比对，证明名单没有换过。")
@click.option("--token", help="自己的签号；告诉您是否中签、候补第几。")
def verify_file(file: Path, announced: str | None, closed: str | None, token: str | None) -> None:
    """重算并逐项核对 FILE；全部相符时退出码为 0，否则为 1。"""
    try:
        document = parse_draw_file(file.read_bytes())
    except (BadDocument, OSError) as error:
        click.echo(f"✘ 读不出这个文件：{error}")
        sys.exit(1)
    noted = {stage: text for stage, text in (("announced", announced), ("closed", closed)) if text}
    checks = verify(document, noted=noted)
    for check in checks:
        click.secho(str(check), fg="green" if check.ok else "red")
    sound = is_sound(checks)
    click.echo(_verdict(document, sound))
    if sound and token:
        click.echo(_place_of(document, token))
    sys.exit(0 if sound else 1)


def _verdict(document: Stage, sound: bool) -> str:
    if not sound:
        return "结论：有不相符的项目，这份结果不可信，请向主办工会提出。"
    if document["drawn"] is None:
        return f"结论：已公布的部分相符，尚未开签。请记下公告指纹：{fingerprint(document['announced'])}"
    return "结论：全部相符，中签结果可由公开的种子和名单重算得出。"


def _place_of(document: Stage, token: str) -> str:
    drawn = document["drawn"] or {"winners": [], "waiting": []}
    if token in drawn["winners"]:
        return f"签号 {token}：已中签（第 {drawn['winners'].index(token) + 1} 个抽出）。"
    if token in drawn["waiting"]:
        return f"签号 {token}：候补第 {drawn['waiting'].index(token) + 1} 位。"
    return f"签号 {token}：不在名单里。" if document["drawn"] else f"签号 {token}：尚未开签。"
