"""Getting in, being known, being told."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Status

from gonghui.accounts.actions.codes import request_phone_code
from gonghui.accounts.actions.devices import issue_api_token, sign_out_everywhere
from gonghui.accounts.actions.sign_in import sign_in_by_phone
from gonghui.accounts.sessions import client_address
from gonghui.kit.actors import Actor
from gonghui.kit.masks import mask_name
from gonghui.members.actions.verification import verify_identity
from gonghui.members.models import Membership
from gonghui.members.queries import bookable_for, own_person
from gonghui.notices.actions.messages import read_all_messages
from gonghui.notices.queries import messages_of, unread_of
from gonghui.portal.api import schemas

router = Router(tags=["account"])
REFUSALS = schemas.REFUSALS
AT_MOST = 100


@router.post("/session/code", response={200: schemas.SentOut, **REFUSALS}, auth=None)
def send_code(request: HttpRequest, body: schemas.PhoneIn):
    """Sends a sign-in code by SMS; answers alike for every phone."""
    actor = Actor(channel="api")
    code = request_phone_code(actor, phone=body.phone, address=client_address(request))
    return {"sent": True, "demo_code": code if settings.GONGHUI_SHOW_CODES else None}


@router.post("/session", response={200: schemas.TokenOut, **REFUSALS}, auth=None)
def sign_in(request: HttpRequest, body: schemas.SignInIn):
    """A bearer token for this device; an unknown phone is registered."""
    actor = Actor(channel="api")
    user = sign_in_by_phone(actor, phone=body.phone, code=body.code, address=client_address(request))
    return {"token": issue_api_token(actor, user_id=user.pk, label=body.device)}


@router.delete("/session", response={204: None, **REFUSALS})
def sign_out_all(request: HttpRequest):
    """Ends every session and token of this account."""
    sign_out_everywhere(request.actor)
    return Status(204, None)


@router.get("/me", response={200: schemas.MeOut, **REFUSALS})
def me(request: HttpRequest):
    person = own_person(request.actor)
    membership = person and (
        Membership.objects.visible_to(request.actor)
        .filter(person_id=person.pk, status__in=Membership.LIVE)
        .select_related("union")
        .first()
    )
    return {
        "name": mask_name(person.name) if person else "",
        "is_verified": bool(person and person.is_verified),
        "is_member": membership is not None,
        "union": membership.union.name if membership else "",
        "groups": person.groups if person else [],
        "unread": unread_of(request.actor),
    }


@router.post("/me/verification", response={200: schemas.MeOut, **REFUSALS})
def verify(request: HttpRequest, body: schemas.VerificationIn):
    """Real-name check against the roster (or the provider configured); three tries a day."""
    verify_identity(
        request.actor, name=body.name, id_no=body.id_no, id_type=body.id_type, consent=body.consent
    )
    request.renew_actor()
    return me(request)


@router.get("/me/messages", response={200: list[schemas.MessageOut], **REFUSALS})
def messages(request: HttpRequest, limit: int = Query(20, ge=1, le=AT_MOST)):
    return list(messages_of(request.actor)[:limit])


@router.post("/me/messages/read", response={204: None, **REFUSALS})
def read_messages(request: HttpRequest):
    read_all_messages(request.actor)
    return Status(204, None)


@router.get("/me/bookable", response={200: list[schemas.BookableOut], **REFUSALS})
def bookable(request: HttpRequest):
    """Those who let this member book for them; names masked."""
    people = bookable_for(request.actor).only("id", "name") if request.actor.person_id else []
    return [{"id": person.pk, "name": mask_name(person.name)} for person in people]
