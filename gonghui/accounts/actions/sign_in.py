"""Members sign in by phone and code; the account is opened on first use."""

from __future__ import annotations

import structlog
from django.db import IntegrityError, transaction

from gonghui.accounts.actions.codes import SIGN_IN, use_phone_code
from gonghui.accounts.actions.devices import end_sessions
from gonghui.accounts.actions.lockouts import forget_failures
from gonghui.accounts.errors import ACCOUNT_CLOSED, PHONE_TAKEN, SAME_PHONE, STAFF_DOOR
from gonghui.accounts.models import User
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require

log = structlog.get_logger("gonghui.accounts")


def sign_in_by_phone(actor: Actor, *, phone: str, code: str, address: str = "") -> User:
    """The user of this phone once its code fits; registered, not yet verified, when new."""
    number = use_phone_code(actor, phone=phone, purpose=SIGN_IN, code=code, address=address)
    user = open_account(actor, phone=number)
    require(user.is_active, ACCOUNT_CLOSED)
    require(not user.is_staff, STAFF_DOOR)
    log.info("signed_in", user=user.pk, by="phone")
    return user


@action
def open_account(actor: Actor, *, phone: str) -> User:
    """One user a phone, however many come at once. `phone` has been proved by a code."""
    forget_failures(actor, subjects=(("phone", phone),))
    found = User.objects.unscoped("the phone was proved").filter(phone_index=phone)
    if user := found.first():
        return user
    try:
        with transaction.atomic():
            user = User(phone=phone)
            user.set_unusable_password()
            user.save()
            return user
    except IntegrityError:
        return found.get()


@action
def move_account(actor: Actor, *, phone: str) -> str:
    """A new phone, proved by its code, for the signed-in user; ends their sessions; returns the old one."""
    return _move(actor, User.objects.visible_to(actor).select_for_update().get(pk=actor.user_id), phone)


def move_account_of(actor: Actor, *, user_id: int, phone: str) -> str:
    """For actions: of a member whom two of the staff saw with their document."""
    held = User.objects.unscoped("of a confirmed request").filter(pk=user_id, is_staff=False)
    return _move(actor, held.select_for_update().get(), phone)


def _move(actor: Actor, user: User, phone: str) -> str:
    require(user.phone != phone, SAME_PHONE)
    others = User.objects.unscoped("the phone was proved").filter(phone_index=phone).exclude(pk=user.pk)
    require(not others.exists(), PHONE_TAKEN)
    former, user.phone = user.phone, phone
    try:
        with transaction.atomic():
            user.save(update_fields=["phone", "phone_index", "updated_at"])
    except IntegrityError:
        raise DomainError(PHONE_TAKEN) from None
    end_sessions(actor, user_id=user.pk)
    return former or ""
