"""Proves what was published of each day from the transfers alone; part of `gonghui ledger verify`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from gonghui.kit.sum_tree import Node
from gonghui.ledger.days import (
    NO_DAY,
    DayFacts,
    cells_of,
    proven_standings,
    published_days,
    root_of_cells,
    tree_of,
)
from gonghui.ledger.models import DayTotals, Ledger

Found = tuple[str, int, list[str]]
"""What was asked, of how many, and what does not agree."""
# What each day added, by the block it ends with: an account counts from its first transfer on.
ADDED = """
WITH moved AS (
    SELECT ledger, width_bucket(seq - 1, %(ends)s::bigint[]) AS place, amount, debit_id, credit_id FROM ledger_transfer
     WHERE kind IN ('posted', 'post') AND seq <= %(last)s
), account AS (
    SELECT ledger, min(place) AS place
      FROM (SELECT debit_id AS id, ledger, place FROM moved UNION ALL SELECT credit_id, ledger, place FROM moved) side
     GROUP BY id, ledger
)
SELECT ledger, place, sum(amount)::bigint, 0::bigint FROM moved GROUP BY ledger, place
 UNION ALL
SELECT ledger, place, 0, count(*) FROM account GROUP BY ledger, place
"""


def day_checks(*, every_day: bool = False) -> Iterator[Found]:
    """`every_day`: reads each day's accounts again, not only the last one's."""
    rows = list(published_days().order_by("ledger", "number"))
    yield _("每日总额首尾相接，一天不缺，指纹没有变过"), len(rows), _broken_chain(rows)
    yield _("每日总额等于到那天为止的全部分录之和"), len(rows), _wrong_sums(rows)
    yield _each_account_once(rows if every_day else list({row.ledger: row for row in rows}.values()))


def _said(row: DayTotals) -> str:
    return f"{row.day}·{row.get_ledger_display()}"


def _broken_chain(rows: list[DayTotals]) -> list[str]:
    wrong: list[str] = []
    before: dict[int, DayFacts] = {}
    for row in rows:
        facts, last = DayFacts.of(row), before.get(row.ledger)
        follows = (
            (facts.number, facts.previous) == (1, NO_DAY)
            if last is None
            else (facts.number, facts.previous, facts.day)
            == (last.number + 1, last.hash, last.day + timedelta(days=1))
        )
        if not follows or facts.hash != bytes(row.hash):
            wrong.append(_said(row))
        before[row.ledger] = facts
    return wrong


def _wrong_sums(rows: list[DayTotals]) -> list[str]:
    """Against the transfers up to the last block that counts, and against the tree that was kept."""
    ends = sorted({row.block.last_seq for row in rows})
    sums = _sums_by_end(ends) if ends else {}
    wrong = []
    for row in rows:
        secret, cells = tree_of(row)
        amount, accounts = sums[row.ledger, row.block.last_seq]
        if (
            root_of_cells(cells, secret) != Node(bytes(row.root), amount, amount)
            or (row.debits, row.credits, row.accounts) != (amount, amount, accounts)
            or sum(cell.accounts for cell in cells) != accounts
        ):
            wrong.append(_said(row))
    return wrong


def _sums_by_end(ends: list[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """(ledger, last seq) → (posted, accounts that had moved)."""
    added: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    with connection.cursor() as cursor:
        cursor.execute(ADDED, {"ends": ends, "last": ends[-1]})
        for ledger, place, amount, accounts in cursor.fetchall():
            added[ledger, place][0] += amount
            added[ledger, place][1] += accounts
    sums: dict[tuple[int, int], tuple[int, int]] = {}
    for ledger in Ledger.values:
        amount = accounts = 0
        for place, end in enumerate(ends):
            amount += added[ledger, place][0]
            accounts += added[ledger, place][1]
            sums[ledger, end] = (amount, accounts)
    return sums


def _each_account_once(rows: list[DayTotals]) -> Found:
    """Their trees made anew, leaf by leaf, from the transfers alone."""
    wrong, seen = [], 0
    by_day: dict[Any, list[DayTotals]] = defaultdict(list)
    for row in rows:
        by_day[row.day].append(row)
    for found in by_day.values():
        secrets = {row.ledger: tree_of(row)[0] for row in found}
        with transaction.atomic():
            cells = cells_of(proven_standings(found[0].block.last_seq), secrets)
        for row in found:
            seen += sum(cell.accounts for cell in cells[row.ledger])
            if cells[row.ledger] != tree_of(row)[1]:
                wrong.append(_said(row))
    return _("公示的总额里每个账户恰好一次，数额与分录相符"), seen, wrong
