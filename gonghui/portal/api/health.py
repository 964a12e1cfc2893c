"""Health plans: what there is, one's own place, paying, booking, giving it back. No medical result comes or goes here."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Router

from gonghui.payments import collecting
from gonghui.portal.api import health_schemas as shapes
from gonghui.portal.api import schemas
from gonghui.portal.till import plain_text
from gonghui.wellbeing import queries, rules
from gonghui.wellbeing.actions import booking, paying, places
from gonghui.wellbeing.models import Enrolment

router = Router(tags=["health"])
REFUSALS = schemas.REFUSALS
Id = Path(..., ge=1, le=2**63 - 1)


@router.get("/health/plans", response={200: list[shapes.PlanOut], **REFUSALS}, auth=None)
def plans(request: HttpRequest):
    """With a token, for its holder."""
    return [plan_out(offer) for offer in queries.offered_plans(request.actor)]


@router.get("/health/plans/{plan_id}", response={200: shapes.PlanWithPackagesOut, **REFUSALS}, auth=None)
def plan(request: HttpRequest, plan_id: int = Id):
    row = queries.plan_for(plan_id)
    offer = queries.offered(request.actor, row, queries.group_names())
    packages = [
        shapes.PackageOut(
            package_id=one.pk, hospital=one.store.name, **{name: getattr(one, name) for name in PACKAGE}
        )
        for one in row.packages.select_related("store").order_by("id")
    ]
    return plan_out(offer) | {"about": row.about, "rules": rules.rules_in_words(row), "packages": packages}


PACKAGE = ("title", "includes", "list_fen", "co_pay_fen", "subsidy_fen", "concession_fen")


def plan_out(offer: queries.Offered) -> dict:
    row, refusal = offer.plan, offer.refusal
    same = ("title", "quota", "opens_at", "closes_at", "starts_on", "ends_on")
    return {name: getattr(row, name) for name in same} | {
        "plan_id": row.pk,
        "union": row.union.name,
        "groups": offer.groups,
        "left": row.quota - row.taken,
        "place_id": offer.enrolment.pk if offer.enrolment else None,
        "refused": refusal and {"code": refusal.code, "title": refusal.message, "detail": refusal.advice},
    }


@router.post("/health/plans/{plan_id}/places", response={200: shapes.PlaceOut, **REFUSALS})
def apply(request: HttpRequest, body: shapes.ApplyIn, plan_id: int = Id):
    """A place at once while there is one, else in line. `agrees`: to health data of this kind, asked for by itself."""
    said = plain_text(body.said_group)
    made = places.apply_for_place(
        request.actor, plan_id=plan_id, package_id=body.package_id, said_group=said, agrees=body.agrees
    )
    return place_shown(request, made.pk)


@router.get("/me/health", response={200: list[shapes.PlaceOut], **REFUSALS})
def own_places(request: HttpRequest):
    return [place_out(row) for row in queries.own_enrolments(request.actor)[:50]]


@router.get("/me/health/{place_id}", response={200: shapes.PlaceOut, **REFUSALS})
def own_place(request: HttpRequest, place_id: int = Id):
    return place_shown(request, place_id)


def place_shown(request: HttpRequest, place_id: int) -> dict:
    return place_out(queries.own_enrolment(request.actor, place_id))


def place_out(row: Enrolment) -> dict:
    """The code is told only while the hospital may ask for it."""
    held = queries.live_appointment(row)
    same = ("state", "pay_by", "paid_fen", "refunded_fen", "reason", "attended_at")
    return {name: getattr(row, name) for name in same} | {
        "place_id": row.pk,
        "plan_id": row.plan_id,
        "plan": row.plan.title,
        "package": row.package.title,
        "hospital": row.package.store.name,
        "co_pay_fen": row.package.co_pay_fen,
        "line": queries.place_in_line(row) if row.state == Enrolment.State.ELIGIBLE else 0,
        "code": row.code if row.state == Enrolment.State.BOOKED else "",
        "slot": slot_out(held.slot) if held else None,
    }


def slot_out(slot) -> dict:
    return {
        "slot_id": slot.pk,
        "day": slot.day,
        "from_time": slot.from_time,
        "to_time": slot.to_time,
        "left": slot.left,
    }


@router.get("/me/health/{place_id}/slots", response={200: list[shapes.SlotOut], **REFUSALS})
def slots(request: HttpRequest, place_id: int = Id):
    """Days to come at the hospital of one's package; full ones have `left` 0."""
    row = queries.own_enrolment(request.actor, place_id)
    return [slot_out(slot) for _day, found in queries.free_days(row) for slot in found]


@router.post("/me/health/{place_id}/payment", response={200: shapes.InvitationOut, **REFUSALS})
def pay(request: HttpRequest, place_id: int = Id):
    """The co-pay, as the payment provider wants it shown; again is harmless. Refused while nobody has connected the payer's
    WeChat on a page of ours."""
    row = queries.own_enrolment(request.actor, place_id)
    payment = paying.start_co_pay(request.actor, enrolment_id=row.pk)
    found = collecting.start_payment(request.actor, payment_id=payment.pk, words=_("健康关爱自付"))
    return {"amount_fen": payment.amount_fen, "address": found.address, "facts": dict(found.facts)}


@router.put("/me/health/{place_id}/slot", response={200: shapes.PlaceOut, **REFUSALS})
def book(request: HttpRequest, body: shapes.SlotIn, place_id: int = Id):
    """The first date, or another one for the booking there is."""
    row = queries.own_enrolment(request.actor, place_id)
    verb = booking.move_appointment if row.state == Enrolment.State.BOOKED else booking.book_slot
    verb(request.actor, enrolment_id=row.pk, slot_id=body.slot_id)
    return place_shown(request, row.pk)


@router.delete("/me/health/{place_id}", response={200: shapes.PlaceOut, **REFUSALS})
def give_up(request: HttpRequest, place_id: int = Id):
    """The place goes to the next; `refunded_fen` is what comes back by the plan's rule."""
    row = queries.own_enrolment(request.actor, place_id)
    places.cancel_enrolment(request.actor, enrolment_id=row.pk)
    return place_shown(request, row.pk)
