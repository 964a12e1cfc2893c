"""Proves the whole ledger from its transfers alone: `gonghui ledger verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from gonghui.ledger.sealing import TRANSFERS
from gonghui.ledger.verify_days import day_checks


@dataclass(frozen=True, slots=True)
class Check:
    """`wrong` holds at most ten examples of what does not agree."""

    name: str
    seen: int
    wrong: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.wrong


WRONG_MAX = 10
# Every statement gives what is wrong, as text; nothing when all agrees.
TOTALS = """
WITH part AS (
    SELECT debit_id AS id, ledger, CASE kind WHEN 'pending' THEN amount ELSE -released END AS dp,
           CASE kind WHEN 'pending' THEN 0 ELSE amount END AS dd, 0 AS cp, 0 AS cc FROM ledger_transfer
    UNION ALL
    SELECT credit_id, ledger, 0, 0, CASE kind WHEN 'pending' THEN amount ELSE -released END,
           CASE kind WHEN 'pending' THEN 0 ELSE amount END FROM ledger_transfer
), total AS (SELECT id, ledger, sum(dp) dp, sum(dd) dd, sum(cp) cp, sum(cc) cc FROM part GROUP BY id, ledger)
SELECT coalesce(a.id, t.id)::text FROM ledger_account a FULL JOIN total t ON t.id = a.id AND t.ledger = a.ledger
 WHERE (coalesce(a.debits_pending, -1), coalesce(a.debits_posted, -1), coalesce(a.credits_pending, -1),
        coalesce(a.credits_posted, -1))
    <> (coalesce(t.dp, 0), coalesce(t.dd, 0), coalesce(t.cp, 0), coalesce(t.cc, 0))
 ORDER BY coalesce(a.id, t.id) LIMIT 10
"""
RESOLVED = """
SELECT n.id::text FROM ledger_transfer n LEFT JOIN ledger_transfer p ON p.id = n.pending_id
 WHERE n.kind IN ('post', 'void')
   AND (p.kind IS DISTINCT FROM 'pending' OR n.amount > p.amount OR n.seq < p.seq
        OR n.kind = 'post' AND n.at >= p.expires_at
        OR (p.debit_id, p.credit_id, p.ledger, p.amount) <> (n.debit_id, n.credit_id, n.ledger, n.released))
 UNION ALL
SELECT min(id::text) FROM ledger_transfer WHERE pending_id IS NOT NULL GROUP BY pending_id HAVING count(*) > 1
 LIMIT 10
"""
OVERDRAWN = """
SELECT id::text FROM ledger_account
 WHERE limited = 'debits' AND debits_pending + debits_posted > credits_posted
    OR limited = 'credits' AND credits_pending + credits_posted > debits_posted LIMIT 10
"""
TRIAL = """
SELECT ledger::text FROM ledger_account GROUP BY ledger
HAVING sum(debits_posted) <> sum(credits_posted) OR sum(debits_pending) <> sum(credits_pending)
"""


def verify_ledger(
    noted: Mapping[int, str] | None = None,
    progress: Callable[[int], None] = lambda _count: None,
    *,
    every_day: bool = False,
) -> list[Check]:
    """`noted`: hashes of blocks somebody kept, by number; a ledger rewritten whole agrees with itself, not with them.
    `every_day`: reads the accounts of every published day again, not only of the last."""
    with connection.cursor() as cursor:
        return [
            *_blocks(noted or {}, progress),
            _statement(cursor, _("账户余额等于全部分录之和"), TOTALS, "SELECT count(*) FROM ledger_account"),
            _statement(cursor, _("每笔预留至多结清一次，不超过预留，也不晚于到期"), RESOLVED,
                       "SELECT count(*) FROM ledger_transfer WHERE kind IN ('post', 'void')"),
            _statement(cursor, _("没有账户透支"), OVERDRAWN, "SELECT count(*) FROM ledger_account WHERE limited <> ''"),
            _statement(cursor, _("试算平衡：借方合计等于贷方合计"), TRIAL, "SELECT count(DISTINCT ledger) FROM ledger_account"),
            *(Check(name, seen, tuple(wrong[:WRONG_MAX])) for name, seen, wrong in day_checks(every_day=every_day)),
        ]  # fmt: skip


def _statement(cursor: Any, name: str, wrong: str, seen: str) -> Check:
    cursor.execute(wrong)
    found = tuple(row[0] for row in cursor.fetchall())
    cursor.execute(seen)
    return Check(name, cursor.fetchone()[0], found)


def _blocks(noted: Mapping[int, str], progress: Callable[[int], None]) -> Iterator[Check]:
    found = TRANSFERS.read_again(noted, progress)
    yield Check(_("区块首尾相接，指纹没有变过"), found.blocks, _examples(found.broken))
    yield Check(_("区块里的每一笔都与封存时一致"), found.rows, _examples(found.changed))


def _examples(numbers: list[int]) -> tuple[str, ...]:
    return tuple(str(number) for number in numbers[:WRONG_MAX])


def unsealed_count() -> int:
    """Written since the last block."""
    return TRANSFERS.unsealed()
