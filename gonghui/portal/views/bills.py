"""我的账单: what was bought, who paid which fen, what came back, and where one's own fen and points went."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.bills.actions.ratings import RATED_STATES, rate_bill
from gonghui.bills.actions.selling import cancel_bill
from gonghui.bills.errors import NOT_RATED_YET
from gonghui.bills.models import Bill
from gonghui.bills.origins import ways_of
from gonghui.complaints.deadlines import may_complain
from gonghui.complaints.queries import of_bill
from gonghui.complaints.thread import MEMBER, thread_of
from gonghui.kit.errors import DomainError, require
from gonghui.payments.collecting import start_payment
from gonghui.payments.errors import OPENID_NEEDED
from gonghui.payments.identity import PayDoor, identity_at_hand, pay_door
from gonghui.portal.doors import signed_in
from gonghui.portal.forms import RatingForm
from gonghui.portal.queries import bills as found
from gonghui.portal.queries.points import Entry, entries_under

PAGE_SIZE = 20
LINES_OPEN = 5  # of a longer bill each line opens by itself


@never_cache
@require_safe
def my_bills(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    page = Paginator(found.own_bills(actor), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "portal/bills/bills.html", {"tab": "me", "page": page})


@never_cache
@require_safe
def my_bill(request: HttpRequest, bill_id: str) -> HttpResponse:
    return _bill_page(request, found.own_bill(signed_in(request), int(bill_id)))


def _bill_page(request: HttpRequest, bill: Bill, error: DomainError | None = None) -> HttpResponse:
    shown = found.bill_shown(bill)
    facts = {
        "tab": "me",
        "shown": shown,
        "is_long": len(shown.lines) > LINES_OPEN,
        "own_entries": _own_entries(request, shown),
        "error": error,
        **_complained(shown),
    }
    return render(request, "portal/bills/bill.html", facts, status=error.status if error else 200)


def _complained(shown: found.BillShown) -> dict[str, Any]:
    """Complaints about it, and the thread from the coupon to the correction; where there is none, whether one may be made."""
    bill = shown.bill
    complaints = of_bill(bill.pk) if bill.has_complaints else []
    backs = [(one.refund, one.sums) for one in shown.refunds]
    steps = (
        thread_of(bill, complaints, offers=shown.offers, refunds=backs, reader=MEMBER) if complaints else []
    )
    return {"complaints": complaints, "steps": steps, "may_complain": may_complain(bill)}


@never_cache
@require_safe
def my_bill_ways(request: HttpRequest, bill_id: str) -> HttpResponse:
    """永久追溯: from the source of the money to this bill, for each payer."""
    bill = found.own_bill(signed_in(request), int(bill_id))
    return render(request, "portal/bills/ways.html", {"tab": "me", "bill": bill, "ways": ways_of(bill)})


def _own_entries(request: HttpRequest, shown: found.BillShown) -> list[Entry]:
    """One's own side of this bill in the ledger, oldest first; each leads to its proof."""
    subjects = [f"bill:{shown.bill.pk}", *(f"bill_refund:{one.refund.pk}" for one in shown.refunds)]
    return entries_under(request.actor, subjects, merchant=str(shown.bill.partner))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bill_rate(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Whether the offer helped, in stars and words; said once."""
    actor = signed_in(request)
    bill = found.own_bill(actor, int(bill_id))
    require(bill.state in RATED_STATES, NOT_RATED_YET, state=bill.get_state_display())
    if bill.rated_score:
        return redirect("my_bill", bill.pk)
    form = RatingForm([], request.POST or None)
    form.fields["score"].label = _("这次买得满意吗？优惠帮上忙了吗？")
    facts = {"tab": "me", "bill": bill, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "portal/bills/rate.html", facts, status=422 if form.errors else 200)
    try:
        given = form.cleaned_data
        rate_bill(actor, bill_id=bill.pk, score=given["score"], comment=given["comment"])
    except DomainError as error:
        return render(request, "portal/bills/rate.html", {**facts, "error": error}, status=error.status)
    messages.success(request, _("谢谢您的评价，商家和工会都会看到。"))
    return redirect("my_bill", bill.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bill_pay(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Where the till's QR leads: what is to be paid, and on to the payment."""
    actor = signed_in(request)
    bill = found.own_bill(actor, int(bill_id))
    if bill.state != Bill.State.HELD or found.is_paid(bill):
        return redirect("my_bill", bill.pk)
    door = pay_door(request, request.path)
    if request.method != "POST":
        return redirect(door.address) if door.is_first else _pay_page(request, bill, door)
    try:
        require(door.state == "ready", OPENID_NEEDED)
        invitation = start_payment(
            actor, payment_id=bill.payment_id, identity_id=identity_at_hand(request), words=bill.store.name
        )
    except DomainError as error:
        return _pay_page(request, bill, door, error=error)
    if invitation.address:
        back = urlencode({"next": request.path.removesuffix("/pay")})
        return HttpResponseRedirect(f"{invitation.address}?{back}")
    return _pay_page(request, bill, door, invitation=dict(invitation.facts))


def _pay_page(
    request: HttpRequest,
    bill: Bill,
    door: PayDoor,
    *,
    invitation: dict | None = None,
    error: DomainError | None = None,
) -> HttpResponse:
    shown = found.bill_shown(bill)
    facts = {"bill": bill, "shown": shown, "door": door, "invitation": invitation, "error": error}
    return render(request, "portal/bills/pay.html", facts, status=error.status if error else 200)


@require_POST
def bill_cancel(request: HttpRequest, bill_id: str) -> HttpResponse:
    actor = signed_in(request)
    bill = found.own_bill(actor, int(bill_id))
    try:
        cancel_bill(actor, bill_id=bill.pk, reason=_("会员取消"))
    except DomainError as error:
        return _bill_page(request, found.own_bill(actor, bill.pk), error)
    messages.success(request, _("已取消，没有扣钱，券和福豆都还在。"))
    return redirect("my_bill", bill.pk)


@never_cache
@require_safe
def my_bill_state(request: HttpRequest, bill_id: str) -> HttpResponse:
    """For the page that waits for a payment."""
    return JsonResponse({"state": found.own_bill(signed_in(request), int(bill_id)).state})
