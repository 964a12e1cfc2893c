"""Reads of complaints: one's own, a merchant's, one bill's."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from gonghui.complaints.models import OPEN, Complaint, ComplaintEntry, ComplaintLine
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require

HELD = "of complaints already fetched"
AROUND = ("bill__store", "bill__partner", "bill__union", "bill__person", "refund")
SEALED = tuple(f"bill__person__{name}" for name in ("id_no", "phone"))


def whole(found: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """With the lines and the thread; three queries."""
    lines = ComplaintLine.objects.unscoped(HELD).select_related("line").order_by("line__nth")
    entries = ComplaintEntry.objects.unscoped(HELD).order_by("id")
    found = found.select_related(*AROUND).defer(*SEALED)
    return found.prefetch_related(Prefetch("lines", lines), Prefetch("entries", entries))


def own_complaints(actor: Actor) -> QuerySet[Complaint]:
    """Newest first."""
    found = Complaint.objects.visible_to(actor).filter(bill__person_id=actor.person_id)
    return whole(found).order_by("-id")


def own_complaint(actor: Actor, complaint_id: int) -> Complaint:
    found = own_complaints(actor).filter(pk=complaint_id).first() if actor.person_id else None
    require(found, NOT_FOUND)
    return found


def own_with_siblings(actor: Actor, complaint_id: int) -> tuple[Complaint, list[Complaint]]:
    """One's own, and all about the same bill, oldest first; four queries."""
    own = Complaint.objects.visible_to(actor).filter(pk=complaint_id, bill__person_id=actor.person_id)
    bill_id = own.values_list("bill_id", flat=True).first() if actor.person_id else None
    require(bill_id, NOT_FOUND)
    found = of_bill(bill_id)
    return next(one for one in found if one.pk == complaint_id), found


def of_bill(bill_id: int) -> list[Complaint]:
    """Of a bill the reader may see, oldest first."""
    return list(whole(Complaint.objects.unscoped(HELD).filter(bill_id=bill_id)).order_by("id"))


def theirs(actor: Actor) -> QuerySet[Complaint]:
    """About the stores whose money the actor may see."""
    return Complaint.objects.visible_to(actor).filter(bill__store_id__in=actor.owns("books"))


def to_answer(actor: Actor) -> QuerySet[Complaint]:
    """The most urgent first."""
    return whole(theirs(actor).filter(state__in=OPEN)).order_by("due_on", "id")


def over(actor: Actor) -> QuerySet[Complaint]:
    """Newest first, a line each."""
    return theirs(actor).exclude(state__in=OPEN).select_related("bill__store").order_by("-id")


def complaint_for(actor: Actor, complaint_id: int) -> Complaint:
    """Of the union's side."""
    found = whole(Complaint.objects.visible_to(actor)).filter(pk=complaint_id).first()
    require(found, NOT_FOUND)
    return found
