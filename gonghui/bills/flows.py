"""Which transfers a bill is: pure, from its parts. Who gives is debited, who gets is credited; the same way back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connection

from gonghui.bills.pricing import POINT_FEN, Part, Payer
from gonghui.funds import accounts
from gonghui.funds.actions.points import Taking, refund_orders, spend_orders
from gonghui.funds.points import Lot
from gonghui.ledger.engine import Opening, Order, id_of, open_accounts
from gonghui.ledger.models import Transfer

MERCHANTS = ("concession", "counter", "payable")
TILLS = """
SELECT kind, id FROM ledger_account
 WHERE union_id = %(union)s AND ledger = 1 AND kind IN ('concession', 'counter', 'payable') AND name = %(partner)s
   AND person_id IS NULL
UNION ALL SELECT kind, id FROM ledger_account
 WHERE union_id = %(union)s AND ledger = 1 AND kind = 'paid' AND name = 'own' AND person_id = %(person)s
UNION ALL SELECT kind, id FROM ledger_account
 WHERE union_id = %(union)s AND ledger = 1 AND kind = 'prepaid' AND name = 'prepaid' AND person_id IS NULL
"""
LOTS = """
SELECT a.id, a.within_id, b.id, substr(a.name, 7)::bigint, a.credits_posted - a.debits_posted - a.debits_pending, a.expires_at
  FROM ledger_account a JOIN ledger_account i ON i.id = a.within_id
  JOIN ledger_account b ON b.kind = 'backing' AND b.union_id = i.union_id AND b.name = i.name AND b.ledger = 1
 WHERE a.id = ANY(%s) AND a.kind = 'points'
"""


@dataclass(frozen=True, slots=True)
class Tills:
    """Ids of the accounts one merchant and one worker have with the merchant's union."""

    concession: int
    counter: int
    payable: int
    paid: int
    prepaid: int


def tills_of(*, union_id: int, partner_id: int, person_id: int) -> Tills:
    """Opened at the first bill; one look-up ever after."""
    with connection.cursor() as cursor:
        cursor.execute(TILLS, {"union": union_id, "partner": f"partner:{partner_id}", "person": person_id})
        by_kind = dict(cursor.fetchall())
    if len(by_kind) < len(Tills.__slots__):
        by_kind = {row.kind: row.pk for row in open_accounts(openings(union_id, partner_id, person_id))}
    return Tills(**by_kind)


def lots_named(account_ids: Iterable[int]) -> dict[int, Lot]:
    """Purses of points as they stand, with what is behind them; one query."""
    with connection.cursor() as cursor:
        cursor.execute(LOTS, [list(account_ids)])
        return {row[0]: Lot(*row, sections=()) for row in cursor.fetchall()}


def openings(union_id: int, partner_id: int, person_id: int) -> list[Opening]:
    merchants = [
        accounts.merchant_account(kind, union_id=union_id, partner_id=partner_id) for kind in MERCHANTS
    ]
    return [
        *merchants,
        accounts.paid_by(union_id=union_id, person_id=person_id),
        accounts.prepaid_of(union_id),
    ]


@dataclass(frozen=True, slots=True)
class Totals:
    """What each gives to one bill or gets back of one refund, in fen; of points, by lot."""

    merchant: int
    funders: Mapping[int, int]
    lots: Mapping[int, int]
    worker: int


def totals_of(parts: Iterable[Part]) -> Totals:
    """Union and employer by their account."""
    merchant, worker = 0, 0
    funders: dict[int, int] = defaultdict(int)
    lots: dict[int, int] = defaultdict(int)
    for part in parts:
        if not part.fen:
            continue
        if part.payer == Payer.MERCHANT:
            merchant += part.fen
        elif part.payer == Payer.WORKER:
            worker += part.fen
        else:
            (lots if part.payer == Payer.POINTS else funders)[part.funder] += part.fen
    return Totals(merchant, funders, lots, worker)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the ids and the subject of the transfers are made from."""

    key: UUID
    subject: str

    def order(self, code: str, fen: int, debit_id: int, credit_id: int) -> Order:
        # One merchant, one worker: only funders differ within a code.
        return Order(
            id_of(self.key, code, debit_id, credit_id), code, fen, debit_id, credit_id, subject=self.subject
        )


def given(ticket: Ticket, totals: Totals, tills: Tills, lots: Mapping[int, Lot]) -> list[Order]:
    """What everybody but the worker gives."""
    orders = []
    if totals.merchant:
        orders.append(ticket.order("concede", totals.merchant, tills.concession, tills.counter))
    for account_id, fen in sorted(totals.funders.items()):
        orders.append(ticket.order("subsidise", fen, account_id, tills.payable))
    for lot_id, fen in sorted(totals.lots.items()):
        orders += spend_orders(
            [lots[lot_id]], fen // POINT_FEN, credit_id=tills.payable, subject=ticket.subject, key=ticket.key
        )
    return orders


def paid(ticket: Ticket, fen: int, tills: Tills, *, online: bool) -> list[Order]:
    """What the worker pays: at the counter the merchant has it, online it is owed."""
    if not fen:
        return []
    if online:
        return [ticket.order("hand_over", fen, tills.prepaid, tills.payable)]
    return [ticket.order("pay_counter", fen, tills.paid, tills.counter)]


def set_aside(orders: Sequence[Order], until: datetime) -> list[Order]:
    return [replace(order, kind=Transfer.Kind.PENDING, expires_at=until) for order in orders]


def resolving(subject: str, kind: str) -> list[Order]:
    """Posts or voids all that is set aside under a subject, in the order in which it was."""
    waiting = Transfer.objects.unscoped("what a held bill set aside").filter(
        subject=subject, kind=Transfer.Kind.PENDING
    )
    return [
        Order(id_of(row.pk, kind), row.code, kind=kind, pending_id=row.pk, ledger=row.ledger, subject=subject)
        for row in waiting.order_by("seq")
    ]


def returned(
    ticket: Ticket, totals: Totals, tills: Tills, lots: Mapping[int, Taking], *, online: bool
) -> list[Order]:
    """The very same accounts, the other way round."""
    orders = []
    if totals.merchant:
        orders.append(ticket.order("refund_concede", totals.merchant, tills.counter, tills.concession))
    for account_id, fen in sorted(totals.funders.items()):
        orders.append(ticket.order("refund_subsidise", fen, tills.payable, account_id))
    for lot_id, fen in sorted(totals.lots.items()):
        orders += refund_orders(
            [lots[lot_id]], fen // POINT_FEN, debit_id=tills.payable, subject=ticket.subject, key=ticket.key
        )
    if totals.worker:
        code, debit_id, credit_id = (
            ("refund_hand_over", tills.payable, tills.prepaid)
            if online
            else ("refund_pay_counter", tills.counter, tills.paid)
        )
        orders.append(ticket.order(code, totals.worker, debit_id, credit_id))
    return orders
