"""The pass for the gate, the claim through Django's own door, lots."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Status

from gonghui.benefits.actions.claims import claim as claim_ticket
from gonghui.benefits.actions.claims import leave_waiting_list
from gonghui.benefits.actions.draws import enter_draw, leave_draw
from gonghui.benefits.actions.passes import issue_pass
from gonghui.benefits.gate.passes import binding_of
from gonghui.benefits.models import Pool
from gonghui.benefits.queries import answer_in_words, draw_documents
from gonghui.kit.actors import ANONYMOUS
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.portal.api import schemas

router = Router(tags=["grab"])
REFUSALS = schemas.REFUSALS


def _credential(request: HttpRequest) -> str:
    """What the pass is tied to: the bearer token, else the session cookie."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    return request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")


@router.post("/pools/{pool_id}/pass", response={200: schemas.PassOut, **REFUSALS}, by_alias=True)
def take_pass(request: HttpRequest, body: schemas.PassIn, pool_id: schemas.Id):
    """Fetch it while waiting; post it to the gate at opening time."""
    pool = Pool.objects.visible_to(ANONYMOUS).filter(pk=pool_id).select_related("release").first()
    require(pool, NOT_FOUND)
    token = issue_pass(
        request.actor,
        pool_id=pool_id,
        seats=body.seats,
        binding=binding_of(_credential(request)),
        companions=body.companions,
        for_person=body.for_person,
    )
    return {
        "token": token,
        "claim_url": f"/grab/{pool_id}",
        "opens_at": pool.opening,
        "expires_at": pool.closing,
    }


@router.post("/pools/{pool_id}/claims", response={200: schemas.ClaimOut, **REFUSALS})
def claim(request: HttpRequest, body: schemas.ClaimIn, pool_id: schemas.Id):
    """The same engine as the gate, one claim at a time: for calm days."""
    answer = claim_ticket(
        request.actor,
        pool_id=pool_id,
        key=body.key,
        seats=body.seats,
        wait=body.wait,
        person_id=body.for_person,
        companions=body.companions,
    )
    title, message = answer_in_words(answer, pool_id)
    return {
        "answer": answer.answer,
        "title": title,
        "message": message,
        "code": answer.code,
        "place": answer.place,
        "remaining": answer.remaining,
    }


@router.delete("/pools/{pool_id}/waiting", response={204: None, **REFUSALS})
def leave_line(request: HttpRequest, pool_id: schemas.Id):
    leave_waiting_list(request.actor, pool_id=pool_id)
    return Status(204, None)


@router.put("/pools/{pool_id}/entry", response={200: schemas.EntryOut, **REFUSALS})
def enter(request: HttpRequest, body: schemas.PassIn, pool_id: schemas.Id):
    """Enter the draw, or change the party."""
    entry = enter_draw(
        request.actor,
        pool_id=pool_id,
        seats=body.seats,
        companions=body.companions,
        for_person=body.for_person,
    )
    return {"pool_id": entry.pool_id, "seats": entry.seats}


@router.delete("/pools/{pool_id}/entry", response={204: None, **REFUSALS})
def leave(request: HttpRequest, pool_id: schemas.Id):
    leave_draw(request.actor, pool_id=pool_id)
    return Status(204, None)


@router.get("/releases/{release_id}/draws", response={200: dict[str, dict], **REFUSALS}, auth=None)
def draws(request: HttpRequest, release_id: schemas.Id):
    """The published files, pool by pool: what `gonghui draw verify` reads."""
    return {str(pool_id): document for pool_id, document in draw_documents(release_id).items()}
