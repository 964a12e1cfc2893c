"""Reads of the ledger: statement, balance at a time, trial balance, and the way of a fen from its source to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.ledger.models import LedgerAccount, Transfer

STATEMENT_ROWS = 200
TRACE_ROWS = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer as its account sees it: `amount` received positive, given negative; pending ones move no balance."""

    transfer: Transfer
    amount: int
    balance: int

    @property
    def is_received(self) -> bool:
        return self.amount > 0


def account_for(actor: Actor, account_id: int) -> LedgerAccount:
    account = (
        LedgerAccount.objects.visible_to(actor)
        .select_related("union", "person")
        .filter(pk=account_id)
        .first()
    )
    require(account, NOT_FOUND)
    return account


def transfers_of(account: LedgerAccount) -> QuerySet[Transfer]:
    """Of an account the caller may see."""
    found = Transfer.objects.unscoped("transfers of an account already fetched")
    return found.filter(Q(debit=account) | Q(credit=account))


def statement(
    account: LedgerAccount,
    *,
    since: datetime | None = None,
    before_seq: int | None = None,
    rows: int = STATEMENT_ROWS,
) -> list[Line]:
    """Newest first, each with the posted balance after it; `before_seq` turns the page."""
    found = transfers_of(account).select_related("debit__union", "credit__union")
    if before_seq is not None:
        found = found.filter(seq__lt=before_seq)
    if since is not None:
        found = found.filter(at__gte=since)
    transfers = list(found.order_by("-seq")[:rows])
    if not transfers:
        return []
    balance = balance_at(account, seq=transfers[0].seq)
    lines = []
    for transfer in transfers:
        amount = _moved(account, transfer)
        lines.append(Line(transfer, amount, balance))
        balance -= amount
    return lines


def _moved(account: LedgerAccount, transfer: Transfer) -> int:
    """Of the posted balance."""
    if transfer.kind in (Transfer.Kind.PENDING, Transfer.Kind.VOID):
        return 0
    return transfer.amount if transfer.credit_id == account.pk else -transfer.amount


def balance_at(account: LedgerAccount, *, at: datetime | None = None, seq: int | None = None) -> int:
    """Posted: received less given, of what was written up to a time or number, this one included."""
    counted = Transfer.objects.unscoped("sums of an account already fetched").filter(
        kind__in=("posted", "post")
    )
    if at is not None:
        counted = counted.filter(at__lte=at)
    if seq is not None:
        counted = counted.filter(seq__lte=seq)
    received = counted.filter(credit=account).aggregate(n=Sum("amount"))["n"] or 0
    given = counted.filter(debit=account).aggregate(n=Sum("amount"))["n"] or 0
    return received - given


@dataclass(frozen=True, slots=True)
class TrialLine:
    ledger: int
    kind: str
    accounts: int
    debits: int
    credits: int
    pending: int

    @property
    def balance(self) -> int:
        return self.credits - self.debits


def trial_balance(actor: Actor) -> list[TrialLine]:
    """By ledger and kind, of the accounts the actor may see; over the whole province debits equal credits."""
    found = (
        LedgerAccount.objects.visible_to(actor)
        .order_by("ledger", "kind")
        .values("ledger", "kind")
        .annotate(
            accounts=Count("id"),
            debits=Sum("debits_posted"),
            credits=Sum("credits_posted"),
            pending=Sum("debits_pending"),
        )
    )
    return [TrialLine(**row) for row in found]


@dataclass(frozen=True, slots=True)
class Hop:
    """One transfer on the way; `depth` 0 is the one asked about, negative before it, positive after."""

    depth: int
    transfer: Transfer


TRACE = """
WITH RECURSIVE back AS (
    SELECT 0 AS depth, t.id, t.seq, t.debit_id, t.credit_id FROM ledger_transfer t WHERE t.id = %(id)s
    UNION
    SELECT b.depth - 1, t.id, t.seq, t.debit_id, t.credit_id
      FROM back b JOIN ledger_transfer t ON t.credit_id = b.debit_id AND t.seq < b.seq AND t.kind IN ('posted', 'post')
     WHERE b.depth > -8
), forth AS (
    SELECT 0 AS depth, t.id, t.seq, t.debit_id, t.credit_id FROM ledger_transfer t WHERE t.id = %(id)s
    UNION
    SELECT f.depth + 1, t.id, t.seq, t.debit_id, t.credit_id
      FROM forth f JOIN ledger_transfer t ON t.debit_id = f.credit_id AND t.seq > f.seq AND t.kind IN ('posted', 'post')
     WHERE f.depth < 8
)
SELECT min(depth) AS depth, id FROM (SELECT depth, id FROM back UNION SELECT depth, id FROM forth) w
 GROUP BY id ORDER BY 1, id LIMIT %(rows)s
"""


def trace(transfer_id: UUID) -> list[Hop]:
    """永久追溯: where its value came from and where it went, account by account. The caller may see the transfer."""
    with connection.cursor() as cursor:
        cursor.execute(TRACE, {"id": transfer_id, "rows": TRACE_ROWS})
        depths = {pk: depth for depth, pk in cursor.fetchall()}
    found = Transfer.objects.unscoped("the way of a transfer already fetched").select_related(
        "debit__union", "credit__union"
    )
    return sorted(
        (Hop(depths[t.pk], t) for t in found.filter(pk__in=depths)),
        key=lambda hop: (hop.depth, hop.transfer.seq),
    )
