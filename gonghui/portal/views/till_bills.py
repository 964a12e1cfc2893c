"""A store's bills at the counter: the receipt, waiting for a payment, today's list, taking goods back."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import segno
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import cancel_bill
from gonghui.bills.models import Bill, Payer
from gonghui.bills.selling import Back
from gonghui.kit import clock
from gonghui.kit.errors import BAD_INPUT, DomainError, require
from gonghui.portal.queries import bills as found
from gonghui.portal.refunds import BackSum, back_sum
from gonghui.portal.till import fen_typed, plain_text, whole_typed
from gonghui.portal.views.clerk import store_at_hand, stores_of

PAGE_SIZE = 50


@never_cache
@require_GET
def till_bills(request: HttpRequest) -> HttpResponse:
    stores = stores_of(request)
    store = store_at_hand(request, stores)
    today = clock.today()
    day = _day(request.GET.get("day", ""), today)
    bills = found.store_bills(request.actor, store.pk, day)
    facts = {
        "store": store,
        "stores": stores,
        "day": day,
        "today": today,
        "sums": found.day_sums(bills),
        "page": Paginator(bills, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "portal/till/bills.html", facts)


def _day(text: str, today: date) -> date:
    try:
        return min(date.fromisoformat(text), today)
    except ValueError:
        return today


@never_cache
@require_GET
def till_bill(request: HttpRequest, bill_id: str) -> HttpResponse:
    stores_of(request)
    return _bill_page(request, found.store_bill(request.actor, int(bill_id)))


def _bill_page(request: HttpRequest, bill: Bill, error: DomainError | None = None) -> HttpResponse:
    shown = found.bill_shown(bill)
    wanted = request.GET.get("refund", "")
    backs = {str(one.refund.pk): one.refund for one in shown.refunds}
    facts: dict[str, Any] = {"shown": shown, "just_back": backs.get(wanted), "error": error}
    if bill.state == Bill.State.HELD:
        address = request.build_absolute_uri(reverse("bill_pay", args=[bill.pk]))
        facts["pay_picture"] = segno.make(address, micro=False, error="m").svg_data_uri(scale=6, border=2)
    return render(request, "portal/till/bill.html", facts, status=error.status if error else 200)


@never_cache
@require_GET
def till_bill_state(request: HttpRequest, bill_id: str) -> HttpResponse:
    """For the page that waits for a payment."""
    stores_of(request)
    return JsonResponse({"state": found.store_bill(request.actor, int(bill_id)).state})


@require_POST
def till_cancel(request: HttpRequest, bill_id: str) -> HttpResponse:
    stores_of(request)
    bill = found.store_bill(request.actor, int(bill_id))
    try:
        cancel_bill(request.actor, bill_id=bill.pk, reason=_("店员取消"))
    except DomainError as error:
        return _bill_page(request, found.store_bill(request.actor, bill.pk), error)
    return redirect("till_bill", bill.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def till_refund(request: HttpRequest, bill_id: str) -> HttpResponse:
    """First what would go back to whom, then doing it; the same key does it once."""
    stores_of(request)
    shown = found.bill_shown(found.store_bill(request.actor, int(bill_id)))
    if request.method != "POST":
        return _refund_page(request, shown)
    try:
        backs = _backs(request, shown)
        summed = back_sum(shown.bill, backs)
        if request.POST.get("do") != "refund":
            return _refund_page(request, shown, summed=summed)
        reason = plain_text(request.POST.get("reason", ""))[:200]
        made = refund_bill(request.actor, bill_id=shown.bill.pk, key=_key(request), back=backs, reason=reason)
    except DomainError as error:
        return _refund_page(request, shown, error=error)
    return HttpResponseRedirect(f"{reverse('till_bill', args=[shown.bill.pk])}?refund={made.pk}")


def _backs(request: HttpRequest, shown: found.BillShown) -> list[Back]:
    typed = ((one, request.POST.get(_field(one), "").strip()) for one in shown.lines)
    return [back for one, text in typed if text and (back := _back(one, text))]


def _back(one: found.LineShown, text: str) -> Back | None:
    if one.by_quantity:
        quantity = whole_typed(text, one.line.name)
        return Back(one.line.pk, quantity=quantity) if quantity else None
    fen = fen_typed(text, one.line.name)
    return Back(one.line.pk, list_fen=fen) if fen else None


def _field(one: found.LineShown) -> str:
    return f"line-{one.line.pk}"


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise DomainError(BAD_INPUT, detail=_("请刷新页面，从头再办一次")) from None


def _refund_page(
    request: HttpRequest,
    shown: found.BillShown,
    *,
    summed: BackSum | None = None,
    error: DomainError | None = None,
) -> HttpResponse:
    require(shown.bill.state != Bill.State.HELD or error, BAD_INPUT, detail=_("这一单还没有付款，取消即可"))
    rows = [
        {
            "shown": one,
            "field": _field(one),
            "value": request.POST.get(_field(one), ""),
            "label": _("退几件：%s") % one.line.name if one.by_quantity else _("退几元：%s") % one.line.name,
        }
        for one in shown.lines
    ]
    facts = {
        "shown": shown,
        "rows": rows,
        "back": summed,
        "error": error,
        "reason": request.POST.get("reason", ""),
        "key": request.POST.get("key") or uuid4(),
        "points": Payer.POINTS,
    }
    return render(request, "portal/till/refund.html", facts, status=error.status if error else 200)
