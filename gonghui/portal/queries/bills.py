"""Bills as their pages show them: the member's own, and those of a clerk's store. Four queries for one bill, one more where
something was given as a gift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from gonghui.bills.models import Bill, BillLine, BillOffer, BillPart, BillRefund, Payer
from gonghui.bills.queries import offers_of, refunds_of
from gonghui.complaints.models import Complaint
from gonghui.feedback.models import Rating
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.portal.queries.mine import SEALED

AROUND = ("store", "partner", "person")


def own_bills(actor: Actor) -> QuerySet[Bill]:
    """Newest first; what was never paid is left out after its time."""
    found = Bill.objects.visible_to(actor).filter(person_id=actor.person_id)
    return found.select_related("store").order_by("-at", "-id")


def own_bill(actor: Actor, bill_id: int) -> Bill:
    """With what the member said of it: `rated_score` (None: nothing yet), `rated_comment`, and whether it `has_complaints`."""
    said = Rating.objects.unscoped("one's own").filter(bill_id=OuterRef("pk"))
    found = own_bills(actor).annotate(
        rated_score=Subquery(said.values("score")),
        rated_comment=Subquery(said.values("comment")),
        has_complaints=Exists(Complaint.objects.unscoped("one's own").filter(bill_id=OuterRef("pk"))),
    )
    return _one(found, bill_id)


def store_bills(actor: Actor, store_id: int, day: date) -> QuerySet[Bill]:
    begin = datetime.combine(day, time(0), clock.CHINA)
    found = Bill.objects.visible_to(actor).filter(
        store_id=store_id, at__gte=begin, at__lt=begin + timedelta(days=1)
    )
    return found.select_related("person").defer(*SEALED).order_by("-at", "-id")


def store_bill(actor: Actor, bill_id: int) -> Bill:
    """Of a store where the actor stands at the counter."""
    found = Bill.objects.visible_to(actor).filter(store_id__in=actor.owns("store"))
    return _one(found, bill_id)


def _one(found: QuerySet[Bill], bill_id: int) -> Bill:
    bill = found.select_related(*AROUND, "payment").defer(*SEALED).filter(pk=bill_id).first()
    require(bill, NOT_FOUND)
    return bill


def is_paid(bill: Bill) -> bool:
    """The money is there; the bill follows within a moment."""
    return bool(bill.payment and bill.payment.state == "succeeded")


@dataclass(frozen=True, slots=True)
class PartShown:
    """Fen of one payer, on a line or on the whole bill; `offer` is empty for points and the worker."""

    payer: str
    fen: int
    back_fen: int = 0
    offer: str = ""

    @property
    def label(self) -> str:
        return str(Payer(self.payer).label)

    @property
    def is_given(self) -> bool:
        """What the worker did not have to pay."""
        return self.payer != Payer.WORKER


@dataclass(frozen=True, slots=True)
class BarPart:
    """One piece of the picture of who pays, of a thousand in width."""

    payer: str
    x: int
    width: int


def bar_of(parts: Iterable[PartShown]) -> list[BarPart]:
    """Ends are rounded, so that the pieces leave no gap."""
    rows = list(parts)
    whole, at, found = sum(part.fen for part in rows) or 1, 0, []
    for part in rows:
        begin, at = 1000 * at // whole, at + part.fen
        found.append(BarPart(part.payer, begin, 1000 * at // whole - begin))
    return found


@dataclass(frozen=True, slots=True)
class LineShown:
    line: BillLine
    parts: tuple[PartShown, ...]

    @property
    def left_quantity(self) -> int:
        return self.line.quantity - self.line.refunded_quantity

    @property
    def left_fen(self) -> int:
        return self.line.list_fen - self.line.refunded_fen

    @property
    def by_quantity(self) -> bool:
        """Several units go back by the piece; one unit may go back in part, and then goes on so."""
        return self.line.quantity > 1 and not (self.line.refunded_fen and not self.line.refunded_quantity)


@dataclass(frozen=True, slots=True)
class RefundShown:
    refund: BillRefund
    sums: Mapping[str, int]
    """Payer → fen."""

    @property
    def parts(self) -> tuple[PartShown, ...]:
        return tuple(PartShown(payer, self.sums[payer]) for payer in Payer.values if payer in self.sums)


@dataclass(frozen=True, slots=True)
class BillShown:
    bill: Bill
    lines: tuple[LineShown, ...]
    payers: tuple[PartShown, ...]
    """Of the whole bill, in the order of `Payer`."""
    offers: tuple[BillOffer, ...]
    refunds: tuple[RefundShown, ...]

    @property
    def bar(self) -> list[BarPart]:
        return bar_of(self.payers)

    @property
    def off_fen(self) -> int:
        return sum(part.fen for part in self.payers if part.payer not in (Payer.WORKER, Payer.POINTS))

    @property
    def back_worker_fen(self) -> int:
        return sum(one.refund.worker_fen for one in self.refunds)

    @property
    def back_points(self) -> int:
        return sum(one.refund.points for one in self.refunds)

    @property
    def is_paid(self) -> bool:
        return is_paid(self.bill)

    @property
    def can_give_back(self) -> bool:
        return self.bill.state == Bill.State.SETTLED


def bill_shown(bill: Bill) -> BillShown:
    offers = tuple(offers_of(bill))
    parts = list(_parts_of(bill))
    lines = _lines_of(bill, parts, has_gifts=any(one.gift for one in offers))
    return BillShown(
        bill,
        tuple(LineShown(line, tuple(_parts(own))) for line, own in lines),
        tuple(_by_payer(parts)),
        offers,
        tuple(RefundShown(refund, sums) for refund, sums in reversed(refunds_of(bill))),
    )


def _parts_of(bill: Bill) -> QuerySet[BillPart]:
    found = BillPart.objects.unscoped("of a bill in hand").filter(line__bill=bill)
    return found.select_related("line", "offer").order_by("line__nth", "nth")


def _lines_of(
    bill: Bill, parts: Iterable[BillPart], *, has_gifts: bool
) -> list[tuple[BillLine, list[BillPart]]]:
    """What is bought has parts, as they add up to its price; a gift worth no money has none."""
    found: dict[int, tuple[BillLine, list[BillPart]]] = {}
    for part in parts:
        found.setdefault(part.line_id, (part.line, []))[1].append(part)
    if has_gifts:
        gifts = BillLine.objects.unscoped("of a bill in hand").filter(bill=bill).exclude(pk__in=found)
        found |= {line.pk: (line, []) for line in gifts}
    return sorted(found.values(), key=lambda one: one[0].nth)


def _parts(rows: Iterable[BillPart]) -> Iterable[PartShown]:
    for row in rows:
        yield PartShown(row.payer, row.fen, row.refunded_fen, row.offer.title if row.offer else "")


def _by_payer(rows: Iterable[BillPart]) -> Iterable[PartShown]:
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        fen, back = sums.get(row.payer, (0, 0))
        sums[row.payer] = (fen + row.fen, back + row.refunded_fen)
    return (PartShown(payer, *sums[payer]) for payer in Payer.values if payer in sums)


def day_sums(bills: QuerySet[Bill]) -> dict[str, int]:
    """What the drawer and the phone took in that day, before refunds; one query."""
    paid = bills.filter(state__in=("settled", "refunded")).order_by()
    rows = dict(paid.values_list("method").annotate(fen=Sum("due_fen")))
    return {method: rows.get(method, 0) for method in ("cash", "wechat")}
