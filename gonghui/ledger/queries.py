"""Reads of the ledger: statement, balance at a time, trial balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.ledger.models import Block, LedgerAccount, Transfer

STATEMENT_ROWS = 200


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


TRIAL_AT = """
SELECT a.ledger, a.kind, count(DISTINCT a.id), sum(p.debits)::bigint, sum(p.credits)::bigint, 0
  FROM (SELECT debit_id AS id, amount AS debits, 0 AS credits FROM ledger_transfer
         WHERE kind IN ('posted', 'post') AND at <= %s
         UNION ALL
        SELECT credit_id, 0, amount FROM ledger_transfer WHERE kind IN ('posted', 'post') AND at <= %s) p
  JOIN ledger_account a ON a.id = p.id
 WHERE a.id IN ({seen}) GROUP BY a.ledger, a.kind ORDER BY a.ledger, a.kind
"""


def trial_balance_at(actor: Actor, at: datetime) -> list[TrialLine]:
    """As it stood then, from the transfers alone; accounts that had none are left out, so is what was pending."""
    seen, params = LedgerAccount.objects.visible_to(actor).order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(TRIAL_AT.format(seen=seen), [at, at, *params])
        return [TrialLine(*row) for row in cursor.fetchall()]


def last_block_of_each_day(days: int) -> list[Block]:
    """Of the last days on which something was sealed, newest first."""
    newest = Block.objects.annotate(day=TruncDate("sealed_at", tzinfo=clock.CHINA)).order_by()
    numbers = newest.values("day").annotate(n=Max("number")).order_by("-n").values_list("n", flat=True)
    return list(Block.objects.filter(number__in=list(numbers[:days])).order_by("-number"))
