"""柜台受理: a member without their phone asks for deletion, a new number or a copy. One opens it, another looks at the
member and the document anew, and only then it happens."""

from __future__ import annotations

import hmac
import io
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from gonghui.accounts.actions import answered
from gonghui.accounts.actions.lockouts import count_failures, forget_failures, lock_refusal
from gonghui.accounts.actions.sign_in import move_account_of
from gonghui.accounts.errors import BAD_PHONE
from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.audit import record_unmask
from gonghui.kit.console.exporting import record_export
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.identifiers import plain_text, read_phone
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.members import errors
from gonghui.members.actions.forget import record_farewell_of, take_back_farewell_of
from gonghui.members.actions.handed_on import TAIL_CHARS
from gonghui.members.actions.phones import warn_former
from gonghui.members.counter_copy import write_copy
from gonghui.members.models import CounterRequest, Membership, Person
from gonghui.members.models.counter import COPIES_MAX
from gonghui.orgs.queries import may_at

log = structlog.get_logger("gonghui.members")
WRITE, CONFIRM = "counter.write", "counter.confirm"
COPY_FOR = timedelta(hours=24)
COUNTER_VERBS = {"confirm": {"open": "confirmed"}, "refuse": {"open": "refused"}}
Kind = CounterRequest.Kind


@action
def open_request(
    actor: Actor, *, person_id: int, kind: str, words: str, new_phone: str = "", gives_up: bool = False
) -> CounterRequest:
    """Of a member of a union one serves; the number to come is read here, so that the second hand sees what will be."""
    person = Person.objects.visible_to(actor).filter(pk=person_id, forgotten_at=None).distinct().first()
    live = Membership.objects.visible_to(actor).filter(person_id=person_id, status__in=Membership.LIVE)
    membership = live.select_related("union").first()
    require(person and membership, NOT_FOUND)
    require(actor.user_id and may_at(actor, WRITE, membership.union))
    require(person.user_id != actor.user_id, errors.COUNTER_ONESELF)
    require(person.id_no, errors.COUNTER_NO_DOCUMENT)
    number = None
    if kind == Kind.PHONE:
        reading = read_phone(new_phone)
        require(reading.ok, BAD_PHONE, detail=reading.message)
        number = reading.value
    try:
        with transaction.atomic():
            return CounterRequest.objects.create(
                union=membership.union, person=person, kind=kind, words=words.strip()[:200],
                new_phone=number, gives_up=gives_up, maker_id=actor.user_id,
            )  # fmt: skip
    except IntegrityError:
        raise DomainError(errors.COUNTER_OPEN) from None


def confirm_request(actor: Actor, *, request_id: int, tail: str) -> CounterRequest:
    """`tail`: the last four of the document in hand. Three wrong ones lock for a day, and stay counted."""
    return answered(_try_confirming(actor, request_id=request_id, tail=tail))


@action
def _try_confirming(actor: Actor, *, request_id: int, tail: str) -> CounterRequest | DomainError:
    request = _decided(actor, request_id)
    subject = ("proof", f"counter:{request.person_id}")
    lock_name(*subject)
    if refused := lock_refusal(subject):
        return refused
    person = Person.objects.unscoped("of a request fetched in scope").select_for_update(of=("self",)).get(
        pk=request.person_id
    )  # fmt: skip
    said, wanted = "".join(plain_text(tail).upper().split()), (person.id_no or "")[-TAIL_CHARS:]
    if len(wanted) != TAIL_CHARS or not hmac.compare_digest(said.encode(), wanted.encode()):
        count_failures(actor, subjects=(subject,))
        return lock_refusal(subject) or DomainError(errors.COUNTER_TAIL)
    forget_failures(actor, subjects=(subject,))
    move(request, COUNTER_VERBS, "confirm", checker_id=actor.user_id, decided_at=clock.now())
    _carry_out(actor, request, person)
    log.info("counter_confirmed", request=request.pk, kind=request.kind)
    return request


def _carry_out(actor: Actor, request: CounterRequest, person: Person) -> None:
    if request.kind == Kind.PHONE:
        former = person.phone or ""
        if person.user_id:
            former = move_account_of(actor, user_id=person.user_id, phone=request.new_phone) or former
        person.phone = request.new_phone
        person.save(update_fields=["phone", "phone_index", "updated_at"])
        if former:
            transaction.on_commit(lambda: warn_former(former, person.phone))
    if request.kind == Kind.FAREWELL:
        record_farewell_of(actor, user_id=_account_of(person), gives_up=request.gives_up)


def _account_of(person: Person) -> int:
    """Who never signed in gets a closed account: giving up is of an account."""
    if person.user_id is None:
        user = User(is_active=False)
        user.set_unusable_password()
        user.save()
        person.user = user
        person.save(update_fields=["user", "updated_at"])
    return person.user_id


@action
def refuse_request(actor: Actor, *, request_id: int, reason: str) -> CounterRequest:
    request = _decided(actor, request_id)
    facts = {"checker_id": actor.user_id, "decided_at": clock.now(), "answer": reason[:200]}
    move(request, COUNTER_VERBS, "refuse", **facts)
    return request


@action
def take_back_at_counter(actor: Actor, *, request_id: int, reason: str) -> CounterRequest:
    """The member came again within the fifteen days."""
    request = _seen(actor, request_id)
    require(may_at(actor, WRITE, request.union))
    require(request.kind == Kind.FAREWELL and request.state == "confirmed", errors.FAREWELL_NONE)
    take_back_farewell_of(actor, user_id=request.person.user_id or 0)
    return request


@action
def take_copy(actor: Actor, *, request_id: int) -> tuple[CounterRequest, bytes]:
    """By the one who opened it, for a day, three times; each is on record with the person."""
    request = _seen(actor, request_id)
    require(request.maker_id == actor.user_id and may_at(actor, WRITE, request.union), NOT_FOUND)
    is_ready = request.kind == Kind.COPY and request.state == "confirmed" and request.decided_at
    require(is_ready and request.decided_at + COPY_FOR > clock.now(), errors.COUNTER_NO_COPY)
    require(request.copies < COPIES_MAX, errors.EXPORT_SPENT, most=COPIES_MAX)
    CounterRequest.objects.unscoped("locked here").filter(pk=request.pk).update(copies=F("copies") + 1)
    record_unmask(actor, [request.person], fields=("id_no", "phone"), reason="柜台受理：取一份个人信息")
    record_export(actor, table="members_person", count=1, asked={"counter": [request.pk]})
    target = io.BytesIO()
    write_copy(target, request)
    return request, target.getvalue()


def _seen(actor: Actor, request_id: int) -> CounterRequest:
    found = CounterRequest.objects.visible_to(actor).filter(pk=request_id).select_related("union", "person")
    request = found.select_for_update(of=("self",), no_key=True).first()
    require(request and actor.user_id, NOT_FOUND)
    require(request.person.user_id != actor.user_id, errors.COUNTER_ONESELF)
    return request


def _decided(actor: Actor, request_id: int) -> CounterRequest:
    request = _seen(actor, request_id)
    require(may_at(actor, CONFIRM, request.union))
    require(request.maker_id != actor.user_id, errors.COUNTER_OWN)
    return request
