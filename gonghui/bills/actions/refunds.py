"""退货: part of a bill undone. Every funder gets back the very fen it gave of that part, into the very account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from gonghui.bills import counters, errors, flows, rule_checks
from gonghui.bills.actions.selling import lock_payment, locked_bill, union_parts_of
from gonghui.bills.actions.writing import OURS, tills_of
from gonghui.bills.events import BillRefunded
from gonghui.bills.flows import Ticket, Totals
from gonghui.bills.models import Bill, BillLine, BillPart, BillRefund, RefundLine, RefundPart
from gonghui.bills.models.bills import BILL_VERBS
from gonghui.bills.pricing import POINT_FEN, Part, Payer, RefundParts, refund_amount, refund_parts
from gonghui.bills.selling import Back
from gonghui.funds.actions.points import Taking
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import require
from gonghui.kit.events import emit
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger.engine import id_of, transfer_all
from gonghui.payments.actions.refunds import refund_payment

REASON_MAX = 200


@dataclass(frozen=True, slots=True)
class LineBack:
    """What goes back of one line, part by part."""

    line: BillLine
    parts: Sequence[BillPart]
    quantity: int
    back: RefundParts


@action
def refund_bill(actor: Actor, *, bill_id: int, key: UUID, back: Sequence[Back], reason: str) -> BillRefund:
    """Of a settled bill, in as many goes as it takes. The same key again is the same refund. Cash is handed over the counter:
    `worker_fen` says how much; what came by WeChat goes back there."""
    bill = locked_bill(actor, bill_id)
    require_may_refund(actor, bill)
    known = BillRefund.objects.unscoped("the same key again").filter(key=key).first()
    if known:
        require(is_same(known, bill_id, back), errors.REFUND_KEY_TAKEN)
        return known
    require(bill.state == Bill.State.SETTLED, errors.NOT_SETTLED, state=bill.get_state_display())
    require(reason.strip(), errors.REFUND_REASON_MISSING)
    lines = lines_back(bill, back)
    parts = [part for one in lines for part in one.back.parts]
    totals = flows.totals_of(parts)
    # In the order of a sale's locks, counters and tallies before accounts, and the payment before both: nobody waits in a circle.
    lock_payment(bill)
    refund = insert_refund(actor, bill, key, reason, lines)
    counters.give_back(bill, parts, is_over=end_if_all_back(bill))
    rule_checks.take_back(bill, union_parts_of(parts))
    return_value(actor, bill, refund, totals)
    emit(BillRefunded(refund_id=refund.pk))
    return refund


def require_may_refund(actor: Actor, bill: Bill) -> None:
    """A clerk of the store on the day of the bill; the union any day."""
    if actor.may("bills.refund", bill.union.path):
        return
    require(bill.store_id in actor.owns("store"))
    day = bill.at.astimezone(CHINA).date()
    require(day == clock.today(), errors.NOT_ON_THIS_DAY, day=f"{day:%Y-%m-%d}")


def is_same(known: BillRefund, bill_id: int, back: Sequence[Back]) -> bool:
    """The same units and amounts of the same lines."""
    asked = {(one.line_id, one.quantity or 0, one.list_fen) for one in back}
    found = known.lines.values_list("line_id", "quantity", "list_fen")
    return known.bill_id == bill_id and asked == {
        (line_id, quantity, None if quantity else fen) for line_id, quantity, fen in found
    }


# --- what goes back -----------------------------------------------------------------------------------------


def lines_back(bill: Bill, back: Sequence[Back]) -> list[LineBack]:
    require(back, errors.NOTHING_BACK)
    wanted = {one.line_id: one for one in back}
    require(len(wanted) == len(back), errors.TWICE_IN_ONE)
    found = BillLine.objects.unscoped(OURS).filter(bill=bill, pk__in=wanted).order_by("nth")
    lines = list(found.prefetch_related("parts"))
    require(len(lines) == len(wanted), errors.NOT_ITS_LINE)
    return [line_back(line, wanted[line.pk]) for line in lines]


def line_back(line: BillLine, asked: Back) -> LineBack:
    parts = list(line.parts.all())
    given = [Part(Payer(part.payer), part.fen, part.account_id, part.offer_id) for part in parts]
    if asked.list_fen is None:
        left = line.quantity - line.refunded_quantity
        require_way(line, by_units=True)
        require(is_within(asked.quantity, left), errors.TOO_MUCH_BACK, name=line.name, left=_("%d 件") % left)
        require(line.list_fen, errors.NOTHING_BACK)
        back = refund_parts(given, line.quantity, line.refunded_quantity, asked.quantity)
        return LineBack(line, parts, asked.quantity, back)
    require(asked.quantity is None, errors.NOTHING_BACK)
    left = line.list_fen - line.refunded_fen
    require_way(line, by_units=False)
    require(
        is_within(asked.list_fen, left), errors.TOO_MUCH_BACK, name=line.name, left=_("%s 元") % yuan(left)
    )
    return LineBack(line, parts, 0, refund_amount(given, line.refunded_fen, asked.list_fen))


def require_way(line: BillLine, *, by_units: bool) -> None:
    """Several units go back by the unit; one alone either way, but the way it began."""
    began_by_amount = line.refunded_fen > 0 and line.refunded_quantity == 0
    way = _("金额") if by_units else _("件数")
    is_open = not began_by_amount if by_units else line.quantity == 1 and not line.refunded_quantity
    require(is_open, errors.OTHER_WAY, name=line.name, way=way)


def is_within(asked: int | None, left: int) -> bool:
    return type(asked) is int and 0 < asked <= left


# --- rows ---------------------------------------------------------------------------------------------------


def insert_refund(actor: Actor, bill: Bill, key: UUID, reason: str, lines: Sequence[LineBack]) -> BillRefund:
    totals = flows.totals_of(part for one in lines for part in one.back.parts)
    refund = BillRefund.objects.create(
        bill=bill,
        key=key,
        maker_id=actor.user_id,
        reason=reason.strip()[:REASON_MAX],
        at=clock.now(),
        list_fen=sum(one.back.list_fen for one in lines),
        worker_fen=totals.worker,
        points=sum(totals.lots.values()) // POINT_FEN,
    )
    rows = RefundLine.objects.bulk_create(
        RefundLine(refund=refund, line=one.line, quantity=one.quantity, list_fen=one.back.list_fen)
        for one in lines
    )
    RefundPart.objects.bulk_create(
        RefundPart(refund_line=row, part=part, fen=back.fen)
        for row, one in zip(rows, lines, strict=True)
        for part, back in zip(one.parts, one.back.parts, strict=True)
        if back.fen
    )
    return refund


def end_if_all_back(bill: Bill) -> bool:
    """The database has counted: a bill all of which is back is over."""
    left = Bill.objects.unscoped(OURS).filter(pk=bill.pk).values_list("list_fen", "refunded_fen").get()
    is_over = left[0] == left[1]
    if is_over:
        move(bill, BILL_VERBS, "refund")
    return is_over


# --- value --------------------------------------------------------------------------------------------------


def return_value(actor: Actor, bill: Bill, refund: BillRefund, totals: Totals) -> None:
    ticket = Ticket(refund.key, f"bill_refund:{refund.pk}")
    online = bill.method == Bill.Method.WECHAT
    orders = flows.returned(ticket, totals, tills_of(bill), takings_of(totals), online=online)
    if orders:
        transfer_all(orders)
    if online and totals.worker:
        sent = refund_payment(
            actor, payment_id=bill.payment_id, amount_fen=totals.worker, key=id_of(refund.key, "payment")
        )
        BillRefund.objects.unscoped(OURS).filter(pk=refund.pk).update(payment_refund=sent)
        refund.payment_refund = sent


def takings_of(totals: Totals) -> Mapping[int, Taking]:
    """Lots of the bill's own parts, expired ones too: the sweep finds what comes back into those."""
    if not totals.lots:
        return {}
    lots = flows.lots_named(totals.lots)
    return {
        lot_id: Taking(
            lot_id, lots[lot_id].issue_account_id, lots[lot_id].backing_account_id, fen // POINT_FEN
        )
        for lot_id, fen in totals.lots.items()
    }
