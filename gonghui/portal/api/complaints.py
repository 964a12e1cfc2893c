"""One's own complaints about bills: opened, followed, accepted, taken to the union, withdrawn."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Path, Query, Router

from gonghui.complaints import actions
from gonghui.complaints.models import Complaint
from gonghui.complaints.queries import own_complaint, own_complaints
from gonghui.portal.api import complaint_schemas as shapes
from gonghui.portal.api import schemas
from gonghui.portal.queries import bills as found
from gonghui.portal.till import plain_text

router = Router(tags=["bills"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 20
Id = Path(..., ge=1, le=2**63 - 1)


@router.get("/me/complaints", response={200: shapes.ComplaintsOut, **REFUSALS})
def complaints(request: HttpRequest, page: int = Query(1, ge=1, le=10_000)):
    """Newest first."""
    pages = Paginator(own_complaints(request.actor), PAGE_SIZE)
    return {"items": [complaint_out(row) for row in pages.get_page(page)], "count": pages.count}


@router.post("/me/bills/{bill_id}/complaints", response={200: shapes.ComplaintOut, **REFUSALS})
def complain(request: HttpRequest, body: shapes.ComplaintIn, bill_id: int = Id):
    """The same key again is the same complaint. Within 30 days of the payment; one open complaint a line."""
    bill = found.own_bill(request.actor, bill_id)
    asked = actions.Asked(body.kind, body.wanted, frozenset(body.line_ids), plain_text(body.words))
    made = actions.open_complaint(request.actor, bill_id=bill.pk, key=body.key, asked=asked)
    return _now(request, made.pk)


@router.get("/me/complaints/{complaint_id}", response={200: shapes.ComplaintOut, **REFUSALS})
def complaint(request: HttpRequest, complaint_id: int = Id):
    return _now(request, complaint_id)


@router.post("/me/complaints/{complaint_id}/accept", response={200: shapes.ComplaintOut, **REFUSALS})
def accept(request: HttpRequest, complaint_id: int = Id):
    """The merchant's answer: with it the matter is over."""
    actions.accept_answer(request.actor, complaint_id=complaint_id)
    return _now(request, complaint_id)


@router.post("/me/complaints/{complaint_id}/escalate", response={200: shapes.ComplaintOut, **REFUSALS})
def escalate(request: HttpRequest, body: shapes.WordsIn, complaint_id: int = Id):
    """The merchant's answer is not accepted: the union rules."""
    actions.escalate_complaint(request.actor, complaint_id=complaint_id, words=plain_text(body.words))
    return _now(request, complaint_id)


@router.post("/me/complaints/{complaint_id}/withdraw", response={200: shapes.ComplaintOut, **REFUSALS})
def withdraw(request: HttpRequest, complaint_id: int = Id):
    actions.withdraw_complaint(request.actor, complaint_id=complaint_id)
    return _now(request, complaint_id)


def _now(request: HttpRequest, complaint_id: int) -> dict:
    return complaint_out(own_complaint(request.actor, complaint_id))


def complaint_out(row: Complaint) -> dict:
    same = ("number", "bill_id", "kind", "wanted", "state", "due_on", "refund_id")
    entries = [
        {name: getattr(one, name) for name in ("at", "by", "state", "words")} for one in row.entries.all()
    ]
    return {name: getattr(row, name) for name in same} | {
        "complaint_id": row.pk,
        "store": row.bill.store.name,
        "line_ids": [one.line_id for one in row.lines.all()],
        "entries": entries,
    }
