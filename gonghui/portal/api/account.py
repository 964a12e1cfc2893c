"""Getting in, being known, being told."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Status

from gonghui.accounts.actions.codes import request_phone_code
from gonghui.accounts.actions.devices import issue_api_token, sign_out_everywhere
from gonghui.accounts.models import User
from gonghui.accounts.proofs import device_key
from gonghui.accounts.sessions import client_address
from gonghui.kit.actors import Actor
from gonghui.kit.masks import mask_name
from gonghui.members.actions.handed_on import disown_account, enter_by_phone, prove_identity
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
    said = {"phone": body.phone, "code": body.code, "device_key": body.device_key}
    entry = enter_by_phone(actor, address=client_address(request), **said)
    return {"proof_ticket": entry.ticket} if entry.ticket else _let_in(actor, entry.user, body.device)


def _let_in(actor: Actor, user: User, device: str) -> dict[str, str]:
    token = issue_api_token(actor, user_id=user.pk, label=device)
    return {"token": token, "device_key": device_key(user)}


@router.post("/session/proof", response={200: schemas.TokenOut, **REFUSALS}, auth=None)
def prove(request: HttpRequest, body: schemas.ProofIn):
    """The last four characters of the document; three tries a day."""
    actor = Actor(channel="api")
    address = client_address(request)
    user = prove_identity(actor, ticket=body.ticket, tail=body.tail, address=address)
    return _let_in(actor, user, body.device)


@router.post("/session/not-me", response={200: schemas.TokenOut, **REFUSALS}, auth=None)
def not_me(request: HttpRequest, body: schemas.NotMeIn):
    """The phone was handed on: a fresh account; whoever had it before keeps what is theirs."""
    actor = Actor(channel="api")
    return _let_in(actor, disown_account(actor, ticket=body.ticket), body.device)


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
