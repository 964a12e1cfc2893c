"""The provider's callback, and the page where the stand-in is paid by hand."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require
from gonghui.kit.ports import PortFailed, port
from gonghui.ledger.kinds import subject_names
from gonghui.payments.actions.notifications import hear
from gonghui.payments.models import Payment
from gonghui.payments.ports.local import LocalPayments
from gonghui.payments.tasks import take_notice

CALLBACK_BYTES_MAX = 64 * 1024


@csrf_exempt
@require_POST
def notify(request: HttpRequest) -> HttpResponse:
    """Signed by the provider instead of by a session; answered in its own words."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal() or int(announced[:18]) > CALLBACK_BYTES_MAX:
        return said(413, "FAIL", "body too large")
    try:
        hear(request.headers, request.body, address=request.META.get("REMOTE_ADDR", ""))
    except DomainError as refused:
        return said(refused.status, "FAIL", refused.code)
    except PortFailed:
        return said(401, "FAIL", "signature")
    return said(200, "SUCCESS", "")


def said(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"code": code, "message": message}, status=status)


@require_http_methods(["GET", "POST"])
def local_pay(request: HttpRequest, out_trade_no: str) -> HttpResponse:
    """本地演示支付: the payer's phone, played. Not there where the real provider is."""
    adapter = stand_in()
    require(request.actor.user_id, SIGN_IN_FIRST)
    mine = Payment.objects.visible_to(request.actor).filter(person_id=request.actor.person_id)
    payment = mine.filter(out_trade_no=out_trade_no, method=Payment.Method.WECHAT).first()
    if payment is None:
        raise Http404
    if request.method == "POST":
        return played(request, adapter, payment)
    facts = {
        "payment": payment,
        "said": said_of(payment),
        "is_open": payment.state == Payment.State.PAYING,
        "back": wanted(request, request.GET.get("next", "")),
        "next": request.GET.get("next", ""),
    }
    return render(request, "payments/local_pay.html", facts)


def said_of(payment: Payment) -> str:
    """What is paid for, where the app above gave it a name; its code is nobody's business here."""
    said = subject_names([payment.purpose])[payment.purpose]
    return "" if said == payment.purpose else said


def stand_in() -> LocalPayments:
    try:
        adapter = port("payment")
    except PortFailed:
        raise Http404 from None
    if not isinstance(adapter, LocalPayments):
        raise Http404
    return adapter


def played(request: HttpRequest, adapter: LocalPayments, payment: Payment) -> HttpResponse:
    """`pay`, `refuse`, or `leave` (the time runs out)."""
    answer = request.POST.get("answer", "")
    if payment.state == Payment.State.PAYING and answer == "pay":
        adapter.service.pay(payment.out_trade_no)
        adapter.service.deliver(take_notice)
    elif payment.state == Payment.State.PAYING and answer == "refuse":
        adapter.service.refuse(payment.out_trade_no)
    back = wanted(request, request.POST.get("next", ""))
    return HttpResponseRedirect(back or request.path)


def wanted(request: HttpRequest, address: str) -> str:
    """An address of our own, or nothing."""
    return address if url_has_allowed_host_and_scheme(address, {request.get_host()}) else ""
