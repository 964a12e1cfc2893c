"""The member's orders: paid, followed, received, sent back."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.bills.models import Bill
from gonghui.bills.queries import bill_view
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.mall import errors, queries
from gonghui.mall.actions import after_sales
from gonghui.mall.actions import orders as actions
from gonghui.mall.forms import AfterSaleForm
from gonghui.mall.models import MallOrder, OrderLine
from gonghui.mall.models.orders import OPEN_TO_AFTER_SALE, ORDER_VERBS
from gonghui.mall.views import member
from gonghui.payments.collecting import start_payment
from gonghui.payments.errors import OPENID_NEEDED
from gonghui.payments.identity import identity_at_hand, pay_door

PAGE_SIZE = 20
TONES = {
    "points_held": "red", "paid": "blue", "to_ship": "blue", "shipped": "amber", "delivered": "green",
    "completed": "green", "refund_requested": "amber",
}  # fmt: skip
VERBS = {"cancel": actions.cancel_order, "receive": actions.receive_order}
WAY = ("points_held", "paid", "to_ship", "shipped", "delivered", "completed")


@never_cache
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    page = Paginator(queries.own_orders(member(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "mall/orders.html", {"tab": "home", "page": page, "tones": TONES})


@never_cache
@require_safe
def order(request: HttpRequest, order_id: str) -> HttpResponse:
    return _order_page(request, int(order_id))


def _order_page(
    request: HttpRequest, order_id: int, error: DomainError | None = None, invitation: dict | None = None
) -> HttpResponse:
    row = queries.own_order(member(request), order_id)
    waits = row.state == MallOrder.State.POINTS_HELD
    address = reverse("mall_order", args=[row.pk])
    facts = {
        "tab": "home",
        "order": row,
        "bill": bill_view(row.bill),
        "after_sales": queries.after_sales_of(row),
        "tone": TONES.get(row.state, ""),
        "steps": steps_of(row),
        "is_paid": waits and (row.bill.state == Bill.State.SETTLED or is_paid(row.bill)),
        "door": pay_door(request, address) if waits else None,
        "invitation": invitation,
        "may_refund": row.state in ORDER_VERBS["ask_refund"],
        "may_send_back": row.state in OPEN_TO_AFTER_SALE,
        "error": error,
    }
    return render(request, "mall/order.html", facts, status=error.status if error else 200)


def is_paid(bill: Bill) -> bool:
    return bill.payment is not None and bill.payment.state == "succeeded" and not bill.payment.is_late


def steps_of(row: MallOrder) -> list[dict]:
    """Where the parcel is; nothing of an order that ended before it was sent."""
    if row.state not in WAY:
        return []
    at = WAY.index(row.state)
    labels = (
        (1, _("付款"), None), (2, _("商家备货"), None), (3, _("发货"), row.shipped_at), (4, _("收货"), row.delivered_at)
    )  # fmt: skip
    return [
        {"label": label, "at": when, "state": "done" if nth <= at else "now" if nth == at + 1 else ""}
        for nth, label, when in labels
    ]


@require_POST
def pay(request: HttpRequest, order_id: str) -> HttpResponse:
    """What points and offers leave, by the bill's own payment."""
    row = queries.own_order(member(request), int(order_id))
    back = reverse("mall_order", args=[row.pk])
    try:
        require(row.state == MallOrder.State.POINTS_HELD, errors.NOT_NOW, state=row.get_state_display())
        require(pay_door(request, back).state == "ready", OPENID_NEEDED)
        identity_id, words = identity_at_hand(request), row.shop.store.name
        invitation = start_payment(
            request.actor, payment_id=row.bill.payment_id, identity_id=identity_id, words=words
        )
    except DomainError as error:
        return _order_page(request, row.pk, error)
    if invitation.address:
        return HttpResponseRedirect(f"{invitation.address}?{urlencode({'next': back})}")
    return _order_page(request, row.pk, invitation=dict(invitation.facts))


@require_POST
def move_order(request: HttpRequest, order_id: str, verb: str) -> HttpResponse:
    actor, pk = member(request), int(order_id)
    try:
        if verb == "refund":
            row = actions.ask_refund(actor, mallorder_id=pk, reason=request.POST.get("reason", ""))
        else:
            row = VERBS[verb](actor, mallorder_id=pk)
    except DomainError as error:
        if error.reason is NOT_FOUND:
            raise
        return _order_page(request, pk, error)
    messages.success(request, said_of(row))
    return redirect("mall_order", pk)


def said_of(row: MallOrder) -> str:
    return {
        "cancelled": _("已取消，没有扣钱，福豆和券都还在。"),
        "delivered": _("已确认收货。7 天内还可以申请售后。"),
        "refunded": _("已退款，福豆和钱原路退回。"),
        "refund_requested": _("已提交，商家两天内答复；不答复就自动退款。"),
    }.get(row.state, _("已完成。"))


# --- after-sale ---------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def after_sale_new(request: HttpRequest, line_id: str) -> HttpResponse:
    actor = member(request)
    mine = OrderLine.objects.visible_to(actor).filter(order__person_id=actor.person_id)
    line = mine.select_related("order", "picture", "product__section").filter(pk=int(line_id)).first()
    require(line, NOT_FOUND)
    form = AfterSaleForm(request.POST if request.method == "POST" else None)
    facts = {"tab": "home", "line": line, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "mall/after_sale.html", facts, status=422 if form.errors else 200)
    try:
        after_sales.ask_after_sale(actor, line_id=line.pk, **form.cleaned_data)
    except DomainError as error:
        return render(request, "mall/after_sale.html", {**facts, "error": error}, status=error.status)
    messages.success(request, _("已提交，商家会尽快答复。"))
    return redirect("mall_order", line.order_id)


@require_POST
def move_after_sale(request: HttpRequest, after_sale_id: str, verb: str) -> HttpResponse:
    actor = member(request)
    row = queries.own_after_sale(actor, int(after_sale_id))
    try:
        if verb == "sent":
            after_sales.note_sent_back(actor, aftersale_id=row.pk, sent_no=request.POST.get("sent_no", ""))
        elif verb == "appeal":
            after_sales.appeal_after_sale(actor, aftersale_id=row.pk)
        else:
            after_sales.withdraw_after_sale(actor, aftersale_id=row.pk)
    except DomainError as error:
        return _order_page(request, row.line.order_id, error)
    messages.success(request, _("已记下。"))
    return redirect("mall_order", row.line.order_id)
