"""Reads of bills: lists within the reader's scope, one bill with all that became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from gonghui.bills.models import Bill, BillLine, BillOffer, BillPart, BillRefund, Payer, RefundPart
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require

HELD = "of a bill the reader was allowed to fetch"


@dataclass(frozen=True, slots=True)
class FunderLine:
    """What one kind of payer gave to a bill, and has back."""

    payer: str
    name: str
    fen: int
    refunded_fen: int


@dataclass(frozen=True, slots=True)
class BillView:
    """Four queries. `lines` carry their parts, `refunds` their lines."""

    bill: Bill
    lines: Sequence[BillLine]
    offers: Sequence[BillOffer]
    refunds: Sequence[BillRefund]
    funders: Sequence[FunderLine]

    @property
    def discount_fen(self) -> int:
        own = (Payer.POINTS, Payer.WORKER)
        return sum(one.fen for one in self.funders if one.payer not in own)

    @property
    def refunded_worker_fen(self) -> int:
        return sum(refund.worker_fen for refund in self.refunds)


def bills_of(actor: Actor) -> QuerySet[Bill]:
    """Whatever the reader may see: their own, their store's, their unions'. Newest first."""
    return Bill.objects.visible_to(actor).select_related("store", "partner").order_by("-at", "-id")


def bill_for(actor: Actor, bill_id: int) -> Bill:
    found = Bill.objects.visible_to(actor).select_related(
        "store", "partner", "union", "person", "clerk", "payment"
    )
    bill = found.filter(pk=bill_id).first()
    require(bill, NOT_FOUND)
    return bill


def offers_of(bill: Bill) -> list[BillOffer]:
    """With offer and voucher, in the order in which they count; one query."""
    found = BillOffer.objects.unscoped(HELD).filter(bill=bill)
    return list(found.select_related("offer", "voucher").order_by("id"))


def refunds_of(bill: Bill) -> list[tuple[BillRefund, Counter[str]]]:
    """Each with payer → fen given back, oldest first; one query, none where nothing went back."""
    if not bill.refunded_fen:
        return []
    found = RefundPart.objects.unscoped(HELD).filter(refund_line__refund__bill=bill)
    refunds: dict[int, tuple[BillRefund, Counter[str]]] = {}
    for back in found.select_related("refund_line__refund", "part").order_by(
        "refund_line__refund_id", "part_id"
    ):
        refund = back.refund_line.refund
        refunds.setdefault(refund.pk, (refund, Counter()))[1][back.part.payer] += back.fen
    return list(refunds.values())


def bill_view(bill: Bill) -> BillView:
    """Of a bill the reader was allowed to fetch."""
    lines = list(bill.lines.prefetch_related("parts").order_by("nth"))
    offers = offers_of(bill)
    refunds = list(bill.refunds.select_related("payment_refund").prefetch_related("lines").order_by("id"))
    return BillView(bill, lines, offers, refunds, funders_of(lines))


def funders_of(lines: Sequence[BillLine]) -> list[FunderLine]:
    parts = [part for line in lines for part in line.parts.all()]
    return [funder for payer in Payer.values if (funder := funder_of(payer, parts)).fen]


def funder_of(payer: str, parts: Sequence[BillPart]) -> FunderLine:
    own = [part for part in parts if part.payer == payer]
    given, back = sum(part.fen for part in own), sum(part.refunded_fen for part in own)
    return FunderLine(payer, str(Payer(payer).label), given, back)
