"""`gonghui ledger`: prove the books, seal what is new."""

from __future__ import annotations

import json
import sys
from typing import NoReturn

import click

from gonghui.config.cli import setup_django
from gonghui.config.cli.noted import NOTED, hashes_noted
from gonghui.config.cli.progress import Bars


@click.group()
def ledger() -> None:
    """账本：核对、封存。"""


@ledger.command(name="verify")
@NOTED
@click.option("--every-day", is_flag=True, help="逐日重算公示过的每个账户，不只最后一天；账户多时要等得久。")
def verify_books(noted: tuple[str, ...], every_day: bool) -> None:
    """从全部分录重算：余额、封存区块、试算平衡、每日总额；全部相符时退出码为 0，否则为 1。"""
    setup_django()
    from gonghui.ledger.models import Transfer
    from gonghui.ledger.verify import unsealed_count, verify_ledger

    kept = hashes_noted(noted)
    total = Transfer.objects.unscoped("counted for a progress bar").count()
    with Bars() as bars:
        bars.start("核对分录", total)
        checks = verify_ledger(kept, bars.advance, every_day=every_day)
    for check in checks:
        mark = "✔" if check.ok else "✘"
        said = "" if check.ok else f"：不相符的有 {'、'.join(check.wrong)}"
        click.secho(f"{mark} {check.name}（{check.seen:,}）{said}", fg="green" if check.ok else "red")
    if waiting := unsealed_count():
        click.echo(f"另有 {waiting:,} 笔还没有封存，几分钟内自动封存。")
    sound = all(check.ok for check in checks)
    click.echo(
        "结论：账本完整，全部相符。" if sound else "结论：有不相符的项目，请立即保留现场并报告经审委员会。"
    )
    sys.exit(0 if sound else 1)


@ledger.command(name="proof-check")
@click.argument("file", type=click.File("rb"), metavar="文件")
def check_proof(file) -> None:
    """重算会员下载的查验凭据：这一笔确实在封存的区块里时退出码为 0，否则为 1。不需要数据库。"""
    setup_django()
    from gonghui.ledger.proofs import is_sound

    try:
        document = json.load(file)
    except ValueError:
        document = None
    if is_sound(document):
        block = document["block"]
        click.secho(f"✔ 这一笔在第 {block['number']} 个区块里，没有改过。", fg="green")
        click.echo(f"区块指纹：{block['hash']}")
        click.echo(
            f"再与公示的指纹对照，或运行 gonghui ledger verify --noted {block['number']}:{block['hash']}"
        )
        return
    click.secho(
        "✘ 凭据不成立：内容被改动过，或者不是查验凭据。请重新下载，仍不对请联系工会经审委员会。", fg="red"
    )
    sys.exit(1)


@ledger.command(name="blocks-check")
@click.argument("file", type=click.File("rb"), metavar="文件")
def check_blocks(file) -> None:
    """重算公示的区块（/ledger/blocks.json）：每个指纹都对、首尾相接时退出码为 0，否则为 1。不需要数据库。"""
    setup_django()
    from gonghui.ledger.proofs import first_broken_block

    try:
        document = json.load(file)
        broken = first_broken_block(document)
    except (ValueError, KeyError, TypeError):
        click.secho("✘ 这不是公示的区块文件。请重新下载 /ledger/blocks.json。", fg="red")
        sys.exit(1)
    if broken is not None:
        click.secho(f"✘ 第 {broken} 个区块与它的指纹不符，或者没有接上前一个。请报告经审委员会。", fg="red")
        sys.exit(1)
    click.secho(f"✔ {len(document['blocks']):,} 个区块首尾相接，指纹都对。", fg="green")


@ledger.command(name="totals-check")
@click.argument("file", type=click.File("rb"), metavar="文件")
@click.option(
    "--published", type=click.File("rb"), metavar="公示文件", help="/ledger/days.json，对照当日的指纹。"
)
def check_totals(file, published) -> None:
    """重算当日总额证明，或公示的每日总额（/ledger/days.json）：成立时退出码为 0，否则为 1。不需要数据库，也看不到别人的账户。"""
    setup_django()
    from gonghui.ledger.day_proofs import DAYS_FORM

    document, days = _read_json(file), _read_json(published) if published else None
    if isinstance(document, dict) and document.get("form") == DAYS_FORM:
        _say_days(document)
    else:
        _say_proven(document, days)


def _read_json(file) -> object:
    try:
        return json.load(file)
    except ValueError:
        return None


def _say_days(document) -> None:
    from gonghui.ledger.day_proofs import first_broken_day

    try:
        broken = first_broken_day(document)
    except (ValueError, KeyError, TypeError):
        _refuse("这不是公示的每日总额。请重新下载 /ledger/days.json。")
    if broken:
        _refuse(f"{broken} 的总额与它的指纹不符，或者没有接上前一天。请报告经审委员会。")
    click.secho(f"✔ {len(document['days']):,} 条每日总额首尾相接，指纹都对，收支相等。", fg="green")


def _say_proven(document, days) -> None:
    from gonghui.ledger.day_proofs import hashes_of, proven_by

    proven = proven_by(document)
    if proven is None:
        _refuse("证明不成立：内容被改动过，或者不是当日总额证明。请重新下载，仍不对请联系工会经审委员会。")
    day = proven.day
    if days is not None and day.hash.hex() not in hashes_of(days):
        _refuse(f"证明里 {day.day} 的总额与公示的不是同一份。请报告经审委员会。")
    click.secho(f"✔ {proven.accounts:,} 个账户都在 {day.day} 的公示总额里，各一次，一分不差。", fg="green")
    unit = "元" if day.ledger == 1 else "福豆"
    click.echo(
        f"这些账户累计收入 {_said(proven.credits, day.ledger)}、支出 {_said(proven.debits, day.ledger)} {unit}；"
    )
    click.echo(f"当日公示 {day.accounts:,} 个账户，收入、支出各 {_said(day.credits, day.ledger)} {unit}。")
    click.echo(f"当日指纹：{day.hash.hex()}")
    if days is None:
        click.echo("请与 /ledger/days 公示的指纹对照，或加 --published days.json 自动对照。")


def _said(amount: int, ledger_number: int) -> str:
    return f"{amount // 100:,}.{amount % 100:02d}" if ledger_number == 1 else f"{amount:,}"


def _refuse(text: str) -> NoReturn:
    click.secho(f"✘ {text}", fg="red")
    sys.exit(1)
