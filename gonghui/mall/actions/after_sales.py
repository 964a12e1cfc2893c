"""售后: asked by the member, answered by the supplier, decided by the union where they disagree."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.models import Bill, BillLine
from gonghui.bills.selling import Back
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move
from gonghui.ledger.engine import id_of
from gonghui.mall import errors
from gonghui.mall.actions.locking import (
    WHY,
    for_the_mall,
    inform,
    locked_after_sale,
    locked_order,
    require_own,
    require_shops,
)
from gonghui.mall.actions.orders import SILENT_SUPPLIER, THINK_IT_OVER
from gonghui.mall.models import AfterSale, OrderLine
from gonghui.mall.models.orders import AFTER_SALE_OPEN, AFTER_SALE_VERBS, OPEN_TO_AFTER_SALE, ORDER_VERBS
from gonghui.partners.interests import refuse_own_merchant

SILENT = {
    "applied": (
        "agree",
        SILENT_SUPPLIER,
        lazy("商家没有在两天内答复，按同意处理。请按退货地址寄回，并填上快递单号。"),
    ),
    "refused": ("withdraw", THINK_IT_OVER, lazy("商家不同意后 7 天里没有请工会裁定，按撤回处理。")),
    "agreed": ("withdraw", THINK_IT_OVER, lazy("商家同意后 7 天里没有寄回，按撤回处理。")),
}
"""What silence means: of the supplier, consent; of the member, that it is over. What was sent back waits for the supplier."""


def _move(row: AfterSale, verb: str, **changes) -> None:
    move(row, AFTER_SALE_VERBS, verb, since=clock.now(), **changes)


def bill_line_of(line: OrderLine) -> BillLine:
    return BillLine.objects.unscoped(WHY).get(bill_id=line.order.bill_id, nth=line.nth)


@action
def ask_after_sale(
    actor: Actor, *, line_id: int, quantity: int, reason: str, wanted: str = AfterSale.Wanted.REFUND
) -> AfterSale:
    """From the shipment until the order is over."""
    known = OrderLine.objects.unscoped(WHY).filter(pk=line_id).first()
    require(known, NOT_FOUND)
    order = locked_order(known.order_id)
    known.order = order
    require_own(actor, order)
    require(order.state in OPEN_TO_AFTER_SALE, errors.NO_AFTER_SALE, state=order.get_state_display())
    require(reason.strip(), errors.REASON_MISSING)
    require(wanted in AfterSale.Wanted.values, NOT_FOUND)
    of_line = AfterSale.objects.unscoped(WHY).filter(line=known)
    require(not of_line.filter(state__in=AFTER_SALE_OPEN).exists(), errors.AFTER_SALE_OPEN)
    left = known.quantity - bill_line_of(known).refunded_quantity
    require(type(quantity) is int and 1 <= quantity <= left, errors.AFTER_SALE_TOO_MANY, left=left)
    return AfterSale.objects.create(line=known, quantity=quantity, reason=reason.strip()[:200], wanted=wanted)


@action
def withdraw_after_sale(actor: Actor, *, aftersale_id: int) -> AfterSale:
    row = locked_after_sale(aftersale_id)
    require_own(actor, row.line.order)
    _move(row, "withdraw")
    return row


@action
def appeal_after_sale(actor: Actor, *, aftersale_id: int) -> AfterSale:
    """To the union that has the agreement with the supplier."""
    row = locked_after_sale(aftersale_id)
    require_own(actor, row.line.order)
    _move(row, "appeal")
    return row


@action
def note_sent_back(actor: Actor, *, aftersale_id: int, sent_no: str) -> AfterSale:
    row = locked_after_sale(aftersale_id)
    require_own(actor, row.line.order)
    require(row.state == AfterSale.State.AGREED, errors.NOT_NOW, state=row.get_state_display())
    require(sent_no.strip(), errors.RETURN_NO_MISSING)
    row.sent_no = sent_no.strip()[:40]
    row.save(update_fields=["sent_no", "updated_at"])
    return row


# --- the supplier -------------------------------------------------------------------------------------------


@action
def agree_after_sale(actor: Actor, *, aftersale_id: int) -> AfterSale:
    row = locked_after_sale(aftersale_id)
    require_shops(actor, row.line.order)
    _move(row, "agree")
    _tell(actor, row, _("请按退货地址寄回，并填上快递单号。"))
    return row


@action
def refuse_after_sale(actor: Actor, *, aftersale_id: int, reason: str) -> AfterSale:
    row = locked_after_sale(aftersale_id)
    require_shops(actor, row.line.order)
    require(reason.strip(), errors.REASON_MISSING)
    _move(row, "refuse", answer=reason.strip()[:200])
    _tell(actor, row, _("%s。不同意可以请工会裁定。") % row.answer)
    return row


@action
def receive_after_sale(
    actor: Actor, *, aftersale_id: int, is_good: bool = False, replaced_no: str = ""
) -> AfterSale:
    """It is back, or need not come back. `is_good`: it is on the shelf again. Money back at once, or another piece is sent."""
    row = locked_after_sale(aftersale_id)
    require_shops(actor, row.line.order)
    is_replaced = row.wanted == AfterSale.Wanted.REPLACEMENT
    replaced_no = replaced_no.strip()[:40]
    require(replaced_no or not is_replaced, errors.TRACKING_MISSING)
    _move(row, "receive")
    if is_replaced:
        _move(row, "replace", replaced_no=replaced_no)
        _tell(actor, row, _("新的一件已寄出，单号 %s。") % replaced_no)
    else:
        _pay_back(actor, row, is_good=is_good)
        _tell(actor, row, _("福豆和钱原路退回。"))
    return row


def _pay_back(actor: Actor, row: AfterSale, *, is_good: bool) -> None:
    """Stock before the bill, as everywhere. When all of the bill is back the order was returned."""
    line, order = row.line, row.line.order
    if is_good:
        lines = OrderLine.objects.unscoped(WHY).filter(pk=line.pk)
        lines.update(restocked=min(line.restocked + row.quantity, line.quantity))
    back = [Back(bill_line_of(line).pk, row.quantity)]
    key, decided = id_of(order.key, "after-sale", row.pk), for_the_mall(actor, row.reason)
    made = refund_bill(decided, bill_id=order.bill_id, key=key, back=back, reason=row.reason)
    _move(row, "refund", refund_id=made.pk)
    if Bill.objects.unscoped(WHY).filter(pk=order.bill_id, state="refunded").exists():
        move(order, ORDER_VERBS, "return")


# --- the union ----------------------------------------------------------------------------------------------


@action
def award_after_sale(actor: Actor, *, aftersale_id: int, reason: str) -> AfterSale:
    """For the member: the supplier takes it back."""
    return _rule(actor, aftersale_id, "award", reason)


@action
def dismiss_after_sale(actor: Actor, *, aftersale_id: int, reason: str) -> AfterSale:
    return _rule(actor, aftersale_id, "dismiss", reason)


def _rule(actor: Actor, after_sale_id: int, verb: str, reason: str) -> AfterSale:
    """Nobody who has a hand in the supplier decides."""
    row = locked_after_sale(after_sale_id)
    partner = row.line.order.shop.store.partner
    require(actor.may("mall.review", partner.union.path))
    refuse_own_merchant(actor, [partner.pk])
    require(reason.strip(), errors.REASON_MISSING)
    _move(row, verb, ruling=reason.strip()[:200], arbiter_id=actor.user_id)
    _tell(actor, row, _("工会裁定：%s") % row.ruling)
    return row


# --- the clock ----------------------------------------------------------------------------------------------


@action
def end_silence(actor: Actor, *, aftersale_id: int) -> AfterSale:
    """Nobody has said a word since: see `SILENT`."""
    row = locked_after_sale(aftersale_id)
    verb, patience, words = SILENT.get(row.state, ("", None, ""))
    if verb and not row.sent_no and row.since <= clock.now() - patience:
        _move(row, verb)
        _tell(actor, row, str(words))
    return row


def _tell(actor: Actor, row: AfterSale, body: str) -> None:
    title = _("惠工商城售后：%s") % row.get_state_display()
    inform(actor, row.line.order, f"after-sale:{row.pk}:{row.state}", title, body)
