"""A number the carrier handed on: whoever signs in after a long silence, on a device nobody knows, first proves who they are.

Until then nothing of the account is shown. Whoever says it is not theirs gets the phone with a fresh account; the person keeps
points, vouchers and tickets, and comes back by verifying their identity from whatever phone they have now.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings

from gonghui.accounts import errors, rules
from gonghui.accounts.actions import answered
from gonghui.accounts.actions.devices import end_sessions
from gonghui.accounts.actions.lockouts import count_failures, forget_failures, lock_refusal
from gonghui.accounts.actions.sign_in import open_account, sign_in_by_phone
from gonghui.accounts.models import Lockout, User
from gonghui.accounts.proofs import fits_ticket, knows_device, proof_ticket, user_of_ticket
from gonghui.accounts.queries import last_used_at
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.identifiers import plain_text
from gonghui.kit.locks import lock_name
from gonghui.members.events import PhoneHandedOn
from gonghui.members.models import Person

log = structlog.get_logger("gonghui.members")
TAIL_CHARS = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may come in; with a ticket, they have to prove who they are first, and nothing of theirs is shown."""

    user: User
    ticket: str = ""


def enter_by_phone(actor: Actor, *, phone: str, code: str, device_key: str = "", address: str = "") -> Entry:
    """What every door for members calls. Never inside a transaction."""
    user = sign_in_by_phone(actor, phone=phone, code=code, address=address)
    if not must_prove(user, device_key):
        return Entry(user)
    log.info("proof_asked", user=user.pk)
    return Entry(user, proof_ticket(user))


def must_prove(user: User, device_key: str) -> bool:
    """There is a person to protect, the device is not known, and nobody has used the account for the configured days."""
    if knows_device(device_key, user) or _person_of(user).first() is None:
        return False
    return last_used_at(user) < clock.now() - timedelta(days=settings.GONGHUI_PROOF_AFTER_DAYS)


def prove_identity(actor: Actor, *, ticket: str, tail: str, address: str = "") -> User:
    """The last four characters of the document; three wrong ones lock for a day. Failures stay counted."""
    return answered(_try_proof(actor, ticket=ticket, tail=tail, address=address))


@action
def _try_proof(actor: Actor, *, ticket: str, tail: str, address: str) -> User | DomainError:
    subject = _subject(ticket)
    lock_name(*subject)  # one at a time, or guesses sent at once would all find the door unlocked
    if refused := lock_refusal(subject, ("address", address)):
        return refused
    user = _held(ticket)
    person = _person_of(user).first()
    require(person, errors.PROOF_OVER)
    if not _fits(person, tail):
        count_failures(actor, subjects=(subject, ("address", address)))
        return lock_refusal(subject) or DomainError(errors.PROOF_WRONG, left=_left(subject))
    forget_failures(actor, subjects=(subject,))
    user.proved_at = clock.now()
    user.save(update_fields=["proved_at", "updated_at"])
    log.info("proved", user=user.pk)
    return user


def _fits(person: Person, tail: str) -> bool:
    said = "".join(plain_text(tail).upper().split())
    wanted = (person.id_no or "")[-TAIL_CHARS:]
    return len(wanted) == TAIL_CHARS and hmac.compare_digest(said.encode(), wanted.encode())


def _left(subject: tuple[str, str]) -> int:
    policy = rules.LOCK_POLICIES["proof"]
    found = Lockout.objects.unscoped("asked by the subject's hash").filter(subject=":".join(subject)).first()
    failed = rules.within_window(found.failed_at, clock.now(), policy) if found else []
    return policy.failures_max - len(failed)


def disown_account(actor: Actor, *, ticket: str) -> User:
    """这不是我: the phone, proved by its code, opens a fresh account; the person stays without one, and untouched."""
    return _disown(actor.because("这不是我：号码已换人"), ticket=ticket)


@action
def _disown(actor: Actor, *, ticket: str) -> User:
    lock_name(*_subject(ticket))
    user = _held(ticket)
    person = _person_of(user).select_for_update(of=("self",), no_key=True).first()
    require(person and user.phone, errors.PROOF_OVER)
    phone = user.phone
    person.user = None
    if person.phone == phone:  # or messages to the person would reach the stranger
        person.phone = None
    person.save(update_fields=["user", "phone", "phone_index", "updated_at"])
    user.phone, user.is_active = None, False
    user.save(update_fields=["phone", "phone_index", "is_active", "updated_at"])
    end_sessions(actor, user_id=user.pk)
    fresh = open_account(actor, phone=phone)
    emit(PhoneHandedOn(person_id=person.pk, user_id=user.pk))
    log.warning("phone_handed_on", user=user.pk, fresh=fresh.pk)
    return fresh


def _subject(ticket: str) -> tuple[str, str]:
    user_id = user_of_ticket(ticket)
    require(user_id, errors.PROOF_OVER)
    return "proof", str(user_id)


def _held(ticket: str) -> User:
    found = User.objects.unscoped("the phone was proved").filter(pk=user_of_ticket(ticket), is_active=True)
    user = found.select_for_update(no_key=True).first()
    require(user and fits_ticket(ticket, user), errors.PROOF_OVER)
    return user


def _person_of(user: User):
    """Of a person without a number nothing could be proved, and nobody has verified it."""
    return Person.objects.unscoped("the person behind the account").filter(user=user, id_index__isnull=False)
