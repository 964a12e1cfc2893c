"""The member's pages: what there is, what it costs and who pays, one's own place and what to do next with it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require
from gonghui.kit.identifiers import row_id
from gonghui.payments import collecting
from gonghui.payments.errors import OPENID_NEEDED
from gonghui.payments.identity import identity_at_hand, pay_door
from gonghui.wellbeing import queries, rules
from gonghui.wellbeing.actions import booking, paying, places
from gonghui.wellbeing.actions.desk import qr_secret
from gonghui.wellbeing.models import Enrolment

TONES = {
    "applied": "blue", "eligible": "amber", "co_pay_due": "red", "co_pay_paid": "amber", "booked": "green",
    "attended": "green", "settled": "green",
}  # fmt: skip
SHOWS_CODE = (Enrolment.State.BOOKED,)


def signed_in(request: HttpRequest) -> Actor:
    require(request.actor.user_id, SIGN_IN_FIRST)
    return request.actor


def to_place(enrolment_id: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("health_place", args=[enrolment_id]))


@never_cache
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    facts = {"tab": "home", "offers": queries.offered_plans(request.actor), "tones": TONES}
    return render(request, "wellbeing/plans.html", facts)


@never_cache
@require_safe
def plan(request: HttpRequest, plan_id: str) -> HttpResponse:
    return plan_page(request, int(plan_id))


def plan_page(request: HttpRequest, plan_id: int, error: DomainError | None = None) -> HttpResponse:
    row = queries.plan_for(plan_id)
    names = queries.group_names()
    offer = queries.offered(request.actor, row, names)
    facts = {
        "tab": "home",
        "offer": offer,
        "plan": row,
        "packages": row.packages.select_related("store__partner").order_by("id"),
        "rules": rules.rules_in_words(row),
        "groups": [(code, names.get(code, code)) for code in row.groups],
        "has_consented": bool(request.actor.user_id) and queries.has_consented(request.actor),
        "chosen": request.POST.get("package", ""),
        "error": error,
        "is_full": row.taken >= row.quota,
    }
    return render(request, "wellbeing/plan.html", facts, status=error.status if error else 200)


@require_POST
def apply(request: HttpRequest, plan_id: str) -> HttpResponse:
    actor = signed_in(request)
    try:
        made = places.apply_for_place(
            actor,
            plan_id=int(plan_id),
            package_id=row_id(request.POST.get("package", "")) or 0,
            said_group=request.POST.get("said_group", "")[:50],
            agrees=request.POST.get("agrees") == "1",
        )
    except DomainError as error:
        return plan_page(request, int(plan_id), error)
    return to_place(made.pk)


@never_cache
@require_safe
def place(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    return place_page(request, int(enrolment_id))


def place_page(request: HttpRequest, enrolment_id: int, error: DomainError | None = None) -> HttpResponse:
    row = queries.own_enrolment(signed_in(request), enrolment_id)
    appointment = queries.live_appointment(row)
    shows_code = row.state in SHOWS_CODE and appointment is not None
    is_paid = row.state == "co_pay_due" and row.payment is not None and row.payment.state == "succeeded"
    facts = {
        "tab": "home",
        "row": row,
        "plan": row.plan,
        "package": row.package,
        "appointment": appointment,
        "shows_code": shows_code,
        "secret_hex": qr_secret(row.code).hex() if shows_code else "",
        "tone": TONES.get(row.state, ""),
        "is_paid": is_paid,
        "door": pay_door(request, reverse("health_place", args=[row.pk]))
        if row.state == "co_pay_due"
        else None,
        "line": queries.place_in_line(row) if row.state == "eligible" else 0,
        "why_not_moved": appointment
        and rules.why_not_moved(row.plan, row, appointment.slot.day, clock.today()),
        "may_cancel": row.state in ("applied", "eligible", "co_pay_due", "co_pay_paid", "booked"),
        "rules": rules.rules_in_words(row.plan),
        "steps": steps_of(row, appointment),
        "error": error,
    }
    return render(request, "wellbeing/place.html", facts, status=error.status if error else 200)


def steps_of(row: Enrolment, appointment) -> list[dict]:
    """Where one stands: four steps, done, now or to come."""
    reached = {
        "applied": 0,
        "eligible": 0,
        "co_pay_due": 1,
        "co_pay_paid": 2,
        "booked": 3,
        "attended": 4,
        "settled": 4,
    }
    labels = (_("报名"), _("付款"), _("选日期"), _("到检"))
    if row.state not in reached:
        return []
    at = reached[row.state]
    return [
        {"label": label, "state": "done" if nth < at else "now" if nth == at else ""}
        for nth, label in enumerate(labels)
    ]


@require_POST
def pay(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    actor = signed_in(request)
    queries.own_enrolment(actor, int(enrolment_id))
    back = reverse("health_place", args=[enrolment_id])
    try:
        require(pay_door(request, back).state == "ready", OPENID_NEEDED)
        payment = paying.start_co_pay(actor, enrolment_id=int(enrolment_id))
        invitation = collecting.start_payment(
            actor,
            payment_id=payment.pk,
            identity_id=identity_at_hand(request),
            words=_("健康关爱自付"),
        )
    except DomainError as error:
        return place_page(request, int(enrolment_id), error)
    if invitation.address:
        return HttpResponseRedirect(f"{invitation.address}?{urlencode({'next': back})}")
    return render(
        request, "wellbeing/pay.html", {"facts": dict(invitation.facts), "back": back, "payment": payment}
    )


@never_cache
@require_safe
def dates(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    return dates_page(request, int(enrolment_id))


def dates_page(request: HttpRequest, enrolment_id: int, error: DomainError | None = None) -> HttpResponse:
    row = queries.own_enrolment(signed_in(request), enrolment_id)
    held = queries.live_appointment(row)
    if row.state == "attended" or (held and rules.why_not_moved(row.plan, row, held.slot.day, clock.today())):
        held_error = held and rules.why_not_moved(row.plan, row, held.slot.day, clock.today())
        return place_page(request, enrolment_id, error or held_error)
    facts = {
        "tab": "home",
        "row": row,
        "package": row.package,
        "held": held,
        "days": queries.free_days(row),
        "error": error,
    }
    return render(request, "wellbeing/dates.html", facts, status=error.status if error else 200)


@require_POST
def book(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    """The first date, or another one for the booking there is."""
    actor = signed_in(request)
    row = queries.own_enrolment(actor, int(enrolment_id))
    verb = booking.move_appointment if row.state == "booked" else booking.book_slot
    try:
        verb(actor, enrolment_id=row.pk, slot_id=row_id(request.POST.get("slot", "")) or 0)
    except DomainError as error:
        return dates_page(request, row.pk, error)
    return to_place(row.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    """What comes back is said before it is asked."""
    actor = signed_in(request)
    row = queries.own_enrolment(actor, int(enrolment_id))
    if request.method == "POST":
        try:
            places.cancel_enrolment(actor, enrolment_id=row.pk)
        except DomainError as error:
            return place_page(request, row.pk, error)
        return to_place(row.pk)
    back = rules.refund_fen(row.plan, row.paid_fen, places.days_left(row))
    facts = {
        "tab": "home",
        "row": row,
        "says": rules.cancelling_in_words(back, row.paid_fen),
        "back_fen": back,
    }
    return render(request, "wellbeing/cancel.html", facts)
