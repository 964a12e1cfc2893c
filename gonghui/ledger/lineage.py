"""永久追溯 of one transfer: up to the source of its value, on to who had it next, and what was written with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.ledger.kinds import BACKING, PASSES_ON
from gonghui.ledger.models import Ledger, LedgerAccount, Transfer

BESIDE_ROWS = 100
LOOKED_AT = 1_000
"""Of what an account gave afterwards: the latest so many are summed up."""
NEXT_ROWS = 20


def transfer_for(actor: Actor, transfer_id: UUID) -> Transfer:
    """Of an account the actor may see, on either side."""
    found = Transfer.objects.unscoped("who may see it is asked of its accounts").select_related(
        "debit__union", "debit__person", "credit__union", "credit__person"
    )
    transfer = found.filter(pk=transfer_id).first()
    require(transfer, NOT_FOUND)
    require(seen_by(actor, [transfer.debit_id, transfer.credit_id]), NOT_FOUND)
    return transfer


def seen_by(actor: Actor, account_ids: Iterable[int]) -> set[int]:
    found = LedgerAccount.objects.visible_to(actor).filter(pk__in=set(account_ids))
    return set(found.order_by().values_list("pk", flat=True))


# What stands behind an account that is within none, such as the one points are issued from, is in the ledger of fen.
BEHIND = """COALESCE(a.within_id, (
        SELECT b.id FROM ledger_account b WHERE b.kind = %(backing)s::jsonb ->> a.kind AND b.union_id = a.union_id
           AND b.name = a.name AND b.ledger = 1 AND b.person_id IS NULL AND b.id <> a.id))"""
ABOVE = f"""
WITH RECURSIVE up(id, above_id, step) AS (
    SELECT id, {BEHIND}, 0 FROM ledger_account a WHERE id = %(of)s
    UNION ALL
    SELECT a.id, {BEHIND}, up.step + 1 FROM up JOIN ledger_account a ON a.id = up.above_id
)
SELECT id FROM up WHERE step > 0 ORDER BY step DESC
"""  # noqa: S608 - of constants


def accounts_above(account: LedgerAccount) -> list[LedgerAccount]:
    """Where its value comes from, the source of the money first: source, budget, budget below, …, for points what backs them."""
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, {"of": account.pk, "backing": json.dumps(BACKING)})
        ids = [row[0] for row in cursor.fetchall()]
    found = LedgerAccount.objects.unscoped("above an account already fetched").select_related(
        "union", "person"
    )
    by_id = found.in_bulk(ids)
    return [by_id[pk] for pk in ids]


def transfers_beside(transfer: Transfer) -> list[Transfer]:
    """What was written about the same thing, itself included, oldest first; a bill, its hold and its points, for example."""
    found = Transfer.objects.unscoped("about the same thing as one already fetched").select_related(
        "debit__union", "credit__union"
    )
    same = Q(pk=transfer.pk) | Q(pending_id=transfer.pk)
    if transfer.pending_id:
        same |= Q(pk=transfer.pending_id)
    if transfer.subject:
        same |= Q(subject=transfer.subject)
    return list(found.filter(same).order_by("seq")[:BESIDE_ROWS])


class Part(models.TextChoices):
    """What an account on the way has to do with the transfer."""

    ABOVE = "above", _("资金来自")
    GIVES = "gives", _("这一笔付出")
    TAKES = "takes", _("这一笔收入")
    ONWARD = "onward", _("由此付给")
    HOME = "home", _("归还到")


@dataclass(frozen=True, slots=True)
class Station:
    account: LedgerAccount
    part: Part


def way_of(transfer: Transfer, beside: Sequence[Transfer]) -> list[Station]:
    """From the source of the money down to who received it; of points that were spent, on to who got the fen behind them.
    What comes back from where nothing is above leads up to where it belongs."""
    above = accounts_above(transfer.debit)
    own = [Station(transfer.debit, Part.GIVES), Station(transfer.credit, Part.TAKES)]
    if not above:
        return own + [Station(a, Part.HOME) for a in reversed(accounts_above(transfer.credit))]
    way = [*(Station(account, Part.ABOVE) for account in above), *own]
    known, behind = {station.account.pk for station in way}, _behind(transfer.debit, above)
    onward = {
        one.credit_id: one.credit for one in beside if one.debit_id == behind and one.credit_id not in known
    }
    return way + [Station(account, Part.ONWARD) for account in onward.values()]


# Points are taken back when they are spent: who was paid is who got, under the same subject, what stands behind them.
NEXT = """
WITH gone AS (
    SELECT id, subject, credit_id, code, amount, seq FROM ledger_transfer
     WHERE debit_id = %(of)s AND kind IN ('posted', 'post') ORDER BY seq DESC LIMIT %(most)s
), reached AS (
    SELECT g.id, g.code, g.amount, g.seq, COALESCE(f.credit_id, g.credit_id) AS account_id
      FROM gone g LEFT JOIN LATERAL (
        SELECT t.credit_id FROM ledger_transfer t
         WHERE t.subject = g.subject AND t.subject <> '' AND t.debit_id = %(behind)s AND t.kind IN ('posted', 'post')
         ORDER BY t.seq LIMIT 1) f ON true
)
SELECT account_id, code, count(*), sum(amount)::bigint, (array_agg(id ORDER BY seq DESC))[1]
  FROM reached GROUP BY account_id, code ORDER BY sum(amount) DESC, account_id LIMIT %(rows)s
"""


@dataclass(frozen=True, slots=True)
class Next:
    """What an account gave afterwards to one other for one reason; `last_id` is the latest of these transfers."""

    account: LedgerAccount
    code: str
    count: int
    amount: int
    last_id: UUID


def went_on(account: LedgerAccount) -> list[Next]:
    """To whom its value went, the largest sums first; nothing of accounts that give more than they received, such as a bank's."""
    if not account.limited and account.kind not in PASSES_ON:
        return []
    behind = _behind(account, accounts_above(account))
    asked = {"of": account.pk, "behind": behind, "most": LOOKED_AT, "rows": NEXT_ROWS}
    with connection.cursor() as cursor:
        cursor.execute(NEXT, asked)
        rows = cursor.fetchall()
    found = LedgerAccount.objects.unscoped("who received from an account already fetched").select_related(
        "union", "person"
    )
    by_id = found.in_bulk([row[0] for row in rows])
    return [Next(by_id[pk], *facts) for pk, *facts in rows]


def _behind(account: LedgerAccount, above: Sequence[LedgerAccount]) -> int | None:
    """The fen account that backs a purse of points; nothing stands behind fen."""
    if account.ledger == Ledger.FEN:
        return None
    backed = [one.pk for one in above if one.ledger == Ledger.FEN]
    return backed[-1] if backed else None
