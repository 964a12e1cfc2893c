"""A member lets another book for them by reading out the code sent to their phone; either may end it."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from gonghui.accounts.actions.codes import phone_number, request_phone_code, use_phone_code
from gonghui.accounts.errors import CODE_WRONG
from gonghui.kit import clock, identifiers
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.masks import mask_name
from gonghui.members import errors
from gonghui.members.events import DelegationBegan, DelegationEnded
from gonghui.members.models import Delegation, Person
from gonghui.members.queries import people_reached_at

RELATIONS = {"family": _lazy("家人"), "colleague": _lazy("同事")}
DELEGATIONS_MAX = 5


def ask_delegation(actor: Actor, *, name: str, phone: str, address: str = "") -> str:
    """Sends a code to the other's phone; answers alike whether or not such a member exists."""
    delegate = _verified_delegate(actor)
    number = phone_number(phone)
    require(number not in _own_phones(delegate), errors.DELEGATION_TO_SELF)
    require(_live_count(actor) < DELEGATIONS_MAX, errors.DELEGATIONS_FULL, most=DELEGATIONS_MAX)
    text = _("{who}想在工惠代您预约活动。同意的话，请把验证码 {code} 告诉对方，5 分钟内有效；不认识请忽略。")
    text = text.replace("{who}", mask_name(delegate.name))
    return request_phone_code(actor, phone=number, purpose=_purpose(actor), text=text, address=address)


def begin_delegation(
    actor: Actor, *, name: str, phone: str, code: str, relation: str = "family", address: str = ""
) -> Delegation:
    """The code the other read out proves their consent."""
    _verified_delegate(actor)
    require(relation in RELATIONS, NOT_FOUND)
    try:
        number = use_phone_code(actor, phone=phone, purpose=_purpose(actor), code=code, address=address)
    except DomainError as error:
        raise DomainError(errors.DELEGATION_NOT_PROVED) from None if error.reason is CODE_WRONG else error
    reached = people_reached_at(number, identifiers.normalise_name(name))
    require(len(reached) == 1, errors.DELEGATION_NOT_PROVED)
    return record_delegation(actor, person_id=reached[0].pk, relation=relation)


@action
def record_delegation(actor: Actor, *, person_id: int, relation: str) -> Delegation:
    """Consent has been proved; counted under a lock, so that two at once cannot exceed the limit."""
    lock_name("delegations", str(actor.person_id))
    require(person_id != actor.person_id, errors.DELEGATION_TO_SELF)
    require(_live_count(actor) < DELEGATIONS_MAX, errors.DELEGATIONS_FULL, most=DELEGATIONS_MAX)
    try:
        with transaction.atomic():
            made = Delegation.objects.create(
                person_id=person_id, delegate_id=actor.person_id, relation=relation
            )
    except IntegrityError:
        raise DomainError(errors.DELEGATION_EXISTS) from None
    emit(DelegationBegan(delegation_id=made.pk))
    return made


@action
def end_delegation(actor: Actor, *, delegation_id: int) -> None:
    """By either side; what has been booked stays booked."""
    live = Delegation.objects.visible_to(actor).filter(pk=delegation_id, ended_at=None)
    require(live.update(ended_at=clock.now(), updated_at=clock.now()), NOT_FOUND)
    emit(DelegationEnded(delegation_id=delegation_id, ended_by_person_id=actor.person_id or 0))


def _verified_delegate(actor: Actor) -> Person:
    person = Person.objects.visible_to(actor).filter(pk=actor.person_id).first() if actor.person_id else None
    require(person and person.is_verified, errors.VERIFY_FIRST)
    return person


def _own_phones(person: Person) -> set[str | None]:
    return {person.phone, person.user.phone if person.user else None}


def _live_count(actor: Actor) -> int:
    mine = Delegation.objects.visible_to(actor)
    return mine.filter(delegate_id=actor.person_id, ended_at=None).count()


def _purpose(actor: Actor) -> str:
    """Bound to who asks: a code read out to one person is no consent for another."""
    return f"delegation:{actor.person_id}"
