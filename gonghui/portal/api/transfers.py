"""会籍与转会: one's membership, and the move to another union asked for, followed, aimed elsewhere, cancelled.

What either union says of it is said in the console: staff act after their second factor, never by a token.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Path, Query, Router

from gonghui.accounts.pace import keep_pace
from gonghui.members.actions import transfers as verbs
from gonghui.members.models import Membership, TransferRequest
from gonghui.members.numbers import said_number
from gonghui.members.transfer_queries import (
    own_memberships,
    own_transfer_called,
    own_transfers,
    unions_to_move_to,
)
from gonghui.orgs.models import Union
from gonghui.portal.api import schemas
from gonghui.portal.api import transfer_schemas as shapes
from gonghui.portal.transfer_way import way_of

router = Router(tags=["membership"])
REFUSALS = schemas.REFUSALS
SEARCHES_A_MINUTE = 60
SHOWN_MAX = 20
Id = Path(..., ge=1, le=2**63 - 1)


@router.get("/me/memberships", response={200: shapes.MembershipsOut, **REFUSALS})
def memberships(request: HttpRequest):
    """The latest first; the number is the person's, whatever union they belong to."""
    return {"items": [membership_out(row) for row in own_memberships(request.actor)]}


@router.get("/me/transfers/unions", response={200: shapes.UnionsOut, **REFUSALS})
def unions(request: HttpRequest, q: str = Query("", max_length=64)):
    """By a part of the name, pinyin, or the whole credit code, from two characters on; the first twenty."""
    keep_pace(request, "transfer-search", SEARCHES_A_MINUTE)
    return {"items": [union_out(union) for union in unions_to_move_to(request.actor, q)]}


@router.post("/me/transfers", response={200: shapes.TransferOut, **REFUSALS})
def open_transfer(request: HttpRequest, body: shapes.TransferIn):
    """The same key again is the same transfer. One open transfer a member."""
    made = verbs.open_transfer(request.actor, to_union_id=body.to_union_id, reason=body.reason, key=body.key)
    return _now(request, made.pk)


@router.get("/me/transfers", response={200: shapes.TransfersOut, **REFUSALS})
def transfers(request: HttpRequest):
    """Newest first."""
    return {"items": [transfer_out(row) for row in own_transfers(request.actor)[:SHOWN_MAX]]}


@router.get("/me/transfers/{transfer_id}", response={200: shapes.TransferOut, **REFUSALS})
def transfer(request: HttpRequest, transfer_id: int = Id):
    return _now(request, transfer_id)


@router.post("/me/transfers/{transfer_id}/aim", response={200: shapes.TransferOut, **REFUSALS})
def aim(request: HttpRequest, body: shapes.AimIn, transfer_id: int = Id):
    """To another union; what the old one has released stays released."""
    verbs.aim_transfer(request.actor, transfer_id=transfer_id, to_union_id=body.to_union_id)
    return _now(request, transfer_id)


@router.post("/me/transfers/{transfer_id}/cancel", response={200: shapes.TransferOut, **REFUSALS})
def cancel(request: HttpRequest, transfer_id: int = Id):
    """Until the new union has taken one in; the membership is what it was."""
    verbs.cancel_transfer(request.actor, transfer_id=transfer_id)
    return _now(request, transfer_id)


def _now(request: HttpRequest, transfer_id: int) -> dict:
    return transfer_out(own_transfer_called(request.actor, transfer_id))


def union_out(union: Union) -> dict:
    return {"union_id": union.pk, "name": union.name, "above": union.parent.name if union.parent else ""}


def membership_out(row: Membership) -> dict:
    same = ("status", "joined_on", "left_on")
    known = {name: getattr(row, name) for name in same}
    return known | {
        "union": row.union.name,
        "is_transit": row.is_transit,
        "number": said_number(row.person.number),
    }


def transfer_out(row: TransferRequest) -> dict:
    same = ("number", "state", "reason", "due_on", "silence", "closed_at", "is_open")
    steps = [
        {"at": one["at"], "label": one["label"], "words": one["note"]} for one in way_of(row) if one.get("at")
    ]
    return {name: getattr(row, name) for name in same} | {
        "transfer_id": row.pk,
        "from_union": row.from_union.name,
        "to_union": row.to_union.name,
        "to_union_id": row.to_union_id,
        "desk": row.desk.name if row.is_open else "",
        "steps": steps,
    }
