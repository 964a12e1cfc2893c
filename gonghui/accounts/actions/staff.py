"""Staff: login name and password, then a time-based code. The first sign-in sets that code up."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from gonghui.accounts import rules
from gonghui.accounts.actions import answered
from gonghui.accounts.actions.devices import end_sessions
from gonghui.accounts.actions.lockouts import count_failures, forget_failures, lock_refusal
from gonghui.accounts.actions.recovery import drop_recovery_codes, spend_recovery_code
from gonghui.accounts.errors import (
    BAD_LOGIN,
    BAD_PASSWORD,
    BAD_PHONE,
    LOGIN_TAKEN,
    OLD_PASSWORD_WRONG,
    ONE_TIME_OVER,
    TOTP_WRONG,
    WEAK_PASSWORD,
)
from gonghui.accounts.models import User
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_ALLOWED, DomainError, require
from gonghui.kit.identifiers import read_phone
from gonghui.kit.locks import lock_name
from gonghui.kit.templatetags.kit import cn_when

log = structlog.get_logger("gonghui.accounts")


@dataclass(frozen=True, slots=True)
class TotpEnrolment:
    """What the authenticator app needs: a secret to type, or the address inside a QR."""

    secret: str
    uri: str


def sign_in_staff(actor: Actor, *, login: str, password: str, address: str = "") -> User:
    """First step: the password fits. Nobody is signed in before `confirm_second_factor`."""
    return answered(_try_password(actor, login=login.strip(), password=password, address=address))


@action
def _try_password(actor: Actor, *, login: str, password: str, address: str) -> User | DomainError:
    subjects = (("login", login.lower()), ("address", address))
    lock_name("login", login.lower())  # one at a time, or tries sent at once would all find the door unlocked
    if refused := lock_refusal(*subjects):
        return refused
    user = (
        User.objects.unscoped("asked by login name")
        .filter(login=login, is_staff=True, is_active=True)
        .first()
    )
    if user is None:
        # Takes as long as a real check, so that the time does not tell which logins exist.
        make_password(password)
    elif user.check_password(password):
        return _one_time_refusal(user) or user
    count_failures(actor, subjects=subjects)
    return lock_refusal(*subjects) or DomainError(BAD_PASSWORD)


def _one_time_refusal(user: User) -> DomainError | None:
    until = user.password_expires_at
    return (
        DomainError(ONE_TIME_OVER, until=cn_when(until), login=user.login)
        if until and until <= now()
        else None
    )


@action
def enrol_totp(actor: Actor, *, user_id: int) -> TotpEnrolment:
    """A secret that stays the same until it is confirmed, so that reloading the page breaks no scan."""
    user = _staff(user_id).select_for_update().get()
    require(user.totp_confirmed_at is None, NOT_ALLOWED)
    if not user.totp_secret:
        user.totp_secret = base64.b32encode(secrets.token_bytes(rules.TOTP_SECRET_BYTES)).decode()
        user.save(update_fields=["totp_secret", "updated_at"])
    return TotpEnrolment(user.totp_secret, rules.totp_uri(user.totp_secret, user.login))


def confirm_second_factor(actor: Actor, *, user_id: int, code: str, address: str = "") -> User:
    """Second step: a code of this half minute that nobody used yet, or one from paper. The first one confirms the enrolment."""
    return answered(_try_totp(actor, user_id=user_id, code=code, address=address))


@action
def _try_totp(actor: Actor, *, user_id: int, code: str, address: str) -> User | DomainError:
    subjects = (("totp", str(user_id)), ("address", address))
    lock_name("totp", str(user_id))
    if refused := lock_refusal(*subjects):
        return refused
    user = _staff(user_id).filter(is_active=True, totp_secret__isnull=False).first()
    by = user and _fitting(user, code)
    if not by:
        count_failures(actor, subjects=subjects)
        return lock_refusal(*subjects) or DomainError(TOTP_WRONG)
    forget_failures(actor, subjects=(("totp", str(user_id)), ("login", user.login.lower())))
    log.info("signed_in", user=user.pk, by=f"password+{by}")
    return user


def _fitting(user: User, code: str) -> str:
    """By what: the authenticator, or a recovery code of one whose authenticator is set up; empty where neither fits."""
    if rules.recovery_of(code):
        is_spent = user.totp_confirmed_at is not None and spend_recovery_code(user.pk, code)
        return "recovery" if is_spent else ""
    step = rules.matching_totp_step(user.totp_secret, rules.digits_of(code), now())
    return "totp" if step is not None and _spend_step(user, step) else ""


def _spend_step(user: User, step: int) -> bool:
    """Compare-and-set: of two who send the same code only one gets in."""
    fresh = _staff(user.pk).filter(totp_last_step__lt=step)
    return bool(
        fresh.update(totp_last_step=step, totp_confirmed_at=user.totp_confirmed_at or now(), updated_at=now())
    )


def _staff(user_id: int):
    return User.objects.unscoped("the user whose password was checked").filter(pk=user_id, is_staff=True)


@dataclass(frozen=True, slots=True)
class NewAccount:
    login: str
    name: str
    contact_phone: str = ""


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """Shown once to whoever made it, kept as a hash only; its owner signs in before it expires and changes it at once."""

    user: User
    password: str

    @property
    def life_h(self) -> int:
        return rules.ONE_TIME_LIFE // timedelta(hours=1)


def open_account(actor: Actor, *, new: NewAccount) -> OneTimePassword:
    """For actions: a staff account without any grant."""
    login = new.login.strip()
    require(rules.is_login_name(login), BAD_LOGIN, login=login)
    lock_name("login", login)
    taken = User.objects.unscoped("a login is taken whoever asks").filter(login__iexact=login).exists()
    require(not taken, LOGIN_TAKEN, login=login)
    user = User(
        login=login,
        display_name=new.name.strip(),
        contact_phone=_read_contact(new.contact_phone),
        is_staff=True,
    )
    password = rules.one_time_password()
    _put_password(user, password, must_change=True)
    user.save()
    return OneTimePassword(user, password)


def _read_contact(raw: str) -> str | None:
    if not raw.strip():
        return None
    reading = read_phone(raw)
    require(reading.ok, BAD_PHONE, detail=reading.message)
    return reading.value


def renew_password(actor: Actor, *, user: User) -> OneTimePassword:
    """For actions: the old one stops at once, a lock of the login is lifted, every session ends."""
    password = rules.one_time_password()
    forget_failures(actor, subjects=(("login", user.login.lower()),))
    _write_password(actor, user, password, must_change=True)
    return OneTimePassword(user, password)


def drop_second_factor(actor: Actor, *, user: User) -> None:
    """For actions: the phone is lost, the next sign-in enrols another; every session ends."""
    forget_failures(actor, subjects=(("totp", str(user.pk)),))
    drop_recovery_codes(user.pk)
    _staff(user.pk).update(totp_secret=None, totp_confirmed_at=None, updated_at=now())
    end_sessions(actor, user_id=user.pk)


def switch_account(actor: Actor, *, user: User, on: bool) -> None:
    """For actions: an account switched off opens nothing; its sessions end."""
    _staff(user.pk).update(is_active=on, updated_at=now())
    end_sessions(actor, user_id=user.pk)


@action
def forget_totp(actor: Actor, *, user_id: int) -> None:
    """By the command line; colleagues are helped by `orgs.actions.staff`."""
    require(actor.is_system, NOT_ALLOWED)
    drop_second_factor(actor, user=_staff(user_id).get())


@action
def reset_password(actor: Actor, *, user_id: int) -> OneTimePassword:
    """By the command line; colleagues are helped by `orgs.actions.staff`."""
    require(actor.is_system, NOT_ALLOWED)
    return renew_password(actor, user=_staff(user_id).select_for_update().get())


@action
def set_password(actor: Actor, *, user_id: int, password: str) -> None:
    """A chosen one, by a program of ours; ends every session."""
    require(actor.is_system, NOT_ALLOWED)
    _write_password(actor, _staff(user_id).select_for_update().get(), _strong(password), must_change=False)


def change_password(actor: Actor, *, old: str, new: str, address: str = "") -> None:
    """One's own; ends every session, of which the door renews the one in hand."""
    answered(_try_change(actor, old=old, new=new, address=address))


@action
def _try_change(actor: Actor, *, old: str, new: str, address: str) -> User | DomainError:
    user = _staff(actor.user_id).filter(is_active=True).first()
    require(user is not None, NOT_ALLOWED)
    # Guesses here and at the sign-in are guesses at the same password: they are counted together.
    subjects = (("login", user.login.lower()), ("address", address))
    lock_name("login", user.login.lower())
    if refused := lock_refusal(*subjects):
        return refused
    user = _staff(user.pk).select_for_update().get()
    if not user.check_password(old):
        count_failures(actor, subjects=subjects)
        return lock_refusal(*subjects) or DomainError(OLD_PASSWORD_WRONG)
    require(new != old, WEAK_PASSWORD, detail=_("不能与原密码相同。"))
    _write_password(actor, user, _strong(new, user), must_change=False)
    forget_failures(actor, subjects=subjects[:1])
    log.info("password_changed", user=user.pk)
    return user


def _strong(password: str, user: User | None = None) -> str:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError(WEAK_PASSWORD, detail=" ".join(error.messages)) from None
    return password


def _write_password(actor: Actor, user: User, password: str, *, must_change: bool) -> None:
    _put_password(user, password, must_change=must_change)
    user.save(update_fields=["password", "must_change_password", "password_expires_at", "updated_at"])
    end_sessions(actor, user_id=user.pk)


def _put_password(user: User, password: str, *, must_change: bool) -> None:
    user.set_password(password)
    user.must_change_password = must_change
    user.password_expires_at = now() + rules.ONE_TIME_LIFE if must_change else None
