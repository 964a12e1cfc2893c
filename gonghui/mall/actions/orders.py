"""An order's verbs: the member's, the supplier's, the clock's; and what its bill did."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import cancel_bill
from gonghui.bills.models import Bill, BillLine
from gonghui.bills.selling import Back
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.kit.events import emit
from gonghui.kit.states import move, target
from gonghui.ledger.engine import id_of
from gonghui.mall import errors
from gonghui.mall.actions.locking import WHY, for_the_mall, inform, locked_order, require_own, require_shops
from gonghui.mall.events import OrderPaid
from gonghui.mall.models import AfterSale, MallOrder
from gonghui.mall.models.orders import AFTER_SALE_OPEN, ORDER_VERBS, UNSENT

SILENT_SUPPLIER = timedelta(days=2)
"""A refund nobody answers is granted."""
ON_THE_WAY = timedelta(days=10)
"""A parcel nobody says anything about has come."""
THINK_IT_OVER = timedelta(days=7)
"""From the receipt: after-sales may be asked for."""


def require_now(order: MallOrder, verb: str) -> None:
    require(order.state in ORDER_VERBS[verb], errors.NOT_NOW, state=order.get_state_display())


# --- the member ---------------------------------------------------------------------------------------------


@action
def cancel_order(actor: Actor, *, mallorder_id: int) -> MallOrder:
    """While it waits for its payment: stock, points and offers are free again. Cancelled already: as it is."""
    order = locked_order(mallorder_id)
    require_own(actor, order)
    if order.state == MallOrder.State.CANCELLED:
        return order
    require(order.state not in ("paid", "to_ship", "refund_requested"), errors.PAID_ALREADY)
    require_now(order, "cancel")
    move(order, ORDER_VERBS, "cancel", reason=_("会员取消"))
    cancel_bill(actor, bill_id=order.bill_id, reason=_("会员取消"))
    return order


@action
def receive_order(actor: Actor, *, mallorder_id: int) -> MallOrder:
    order = locked_order(mallorder_id)
    require_own(actor, order)
    if order.state in ("delivered", "completed"):
        return order
    require_now(order, "deliver")
    move(order, ORDER_VERBS, "deliver", delivered_at=clock.now())
    return order


@action
def ask_refund(actor: Actor, *, mallorder_id: int, reason: str) -> MallOrder:
    """Nothing was begun: granted at once. The supplier is getting it ready: it answers."""
    order = locked_order(mallorder_id)
    require_own(actor, order)
    require_now(order, "ask_refund")
    require(reason.strip(), errors.REASON_MISSING)
    was_begun = order.state == MallOrder.State.TO_SHIP
    move(order, ORDER_VERBS, "ask_refund", reason=reason.strip()[:200], asked_at=clock.now())
    if not was_begun:
        _undo(actor, order, order.reason)
    return order


# --- the supplier -------------------------------------------------------------------------------------------


@action
def accept_order(actor: Actor, *, mallorder_id: int) -> MallOrder:
    order = locked_order(mallorder_id)
    require_shops(actor, order)
    require_now(order, "accept")
    move(order, ORDER_VERBS, "accept")
    return order


@action
def ship_order(actor: Actor, *, mallorder_id: int, carrier: str, tracking_no: str) -> MallOrder:
    order = locked_order(mallorder_id)
    require_shops(actor, order)
    carrier, tracking_no = carrier.strip()[:24], tracking_no.strip()[:40]
    require(carrier and tracking_no, errors.TRACKING_MISSING)
    require_now(order, "ship")
    now = clock.now()
    move(order, ORDER_VERBS, "ship", carrier=carrier, tracking_no=tracking_no, shipped_at=now)
    body = _("%(shop)s：%(carrier)s %(number)s。收到后请确认收货。") % {
        "shop": order.shop.store.name, "carrier": carrier, "number": tracking_no
    }  # fmt: skip
    inform(actor, order, "shipped", _("惠工商城：已发货"), body)
    return order


@action
def refund_order(actor: Actor, *, mallorder_id: int, reason: str = "") -> MallOrder:
    """By the supplier or the union: what was asked for is granted, or the supplier cannot deliver and says why."""
    order = locked_order(mallorder_id)
    require_shops(actor, order)
    require_now(order, "refund")
    reason = reason.strip()[:200] or order.reason
    require(reason, errors.REASON_MISSING)
    _undo(actor, order, reason)
    return order


@action
def refuse_refund(actor: Actor, *, mallorder_id: int, reason: str) -> MallOrder:
    """It is as good as sent; the member may still send it back."""
    order = locked_order(mallorder_id)
    require_shops(actor, order)
    require(reason.strip(), errors.REASON_MISSING)
    require_now(order, "refuse_refund")
    move(order, ORDER_VERBS, "refuse_refund", answer=reason.strip()[:200])
    inform(actor, order, "refused", _("惠工商城：商家不同意退款"), order.answer)
    return order


def _undo(actor: Actor, order: MallOrder, reason: str) -> None:
    """The order ends, its stock goes back, then its money: the order of the locks."""
    move(order, ORDER_VERBS, "refund", answer=reason if order.reason != reason else order.answer)
    back_to_payers(actor, order, id_of(order.key, "refund"), reason)
    say = _("%(shop)s：%(reason)s。福豆和钱原路退回。") % {"shop": order.shop.store.name, "reason": reason}
    inform(actor, order, "refunded", _("惠工商城：已退款"), say)


def back_to_payers(actor: Actor, order: MallOrder, key: UUID, reason: str) -> None:
    """All that is left of its bill."""
    lines = BillLine.objects.unscoped(WHY).filter(bill_id=order.bill_id)
    back = [
        Back(line.pk, line.quantity - line.refunded_quantity)
        for line in lines.order_by("nth")
        if line.list_fen > line.refunded_fen
    ]
    refund_bill(for_the_mall(actor, reason), bill_id=order.bill_id, key=key, back=back, reason=reason)


# --- the clock ----------------------------------------------------------------------------------------------


@action
def grant_silent_refund(actor: Actor, *, mallorder_id: int) -> MallOrder:
    order = locked_order(mallorder_id)
    is_due = order.state == "refund_requested" and order.asked_at <= clock.now() - SILENT_SUPPLIER
    if is_due:
        _undo(actor, order, order.reason)
    return order


@action
def move_on(actor: Actor, *, mallorder_id: int) -> MallOrder:
    """Come, or over: when its time has passed and no after-sale is under way."""
    order = locked_order(mallorder_id)
    now = clock.now()
    open_ones = AfterSale.objects.unscoped(WHY).filter(line__order=order, state__in=AFTER_SALE_OPEN)
    if order.state == "shipped" and order.shipped_at <= now - ON_THE_WAY:
        move(order, ORDER_VERBS, "deliver", delivered_at=now)
    elif order.state == "delivered" and order.delivered_at <= now - THINK_IT_OVER and not open_ones.exists():
        move(order, ORDER_VERBS, "complete")
    return order


# --- its bill -----------------------------------------------------------------------------------------------


@action
def follow_bill(actor: Actor, *, bill_id: int) -> MallOrder | None:
    """What became of the bill becomes of the order; again is harmless. A bill of a counter has none."""
    known = MallOrder.objects.unscoped(WHY).filter(bill_id=bill_id).values_list("pk", flat=True).first()
    if known is None:
        return None
    order = locked_order(known)
    verb = verb_of(Bill.objects.unscoped(WHY).only("state").get(pk=bill_id).state, order.state)
    if verb:
        target(order, ORDER_VERBS, verb)
        move(order, ORDER_VERBS, verb)
        if verb == "pay":
            emit(OrderPaid(order_id=order.pk))
    return order


def verb_of(bill_state: str, order_state: str) -> str:
    """Empty where they agree."""
    if order_state == "points_held":
        return {"settled": "pay", "cancelled": "cancel"}.get(bill_state, "")
    if bill_state == "refunded":
        return "refund" if order_state in UNSENT else "return" if order_state in ORDER_VERBS["return"] else ""
    return ""
