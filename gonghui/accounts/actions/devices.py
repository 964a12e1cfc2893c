"""Browsers and phones signed in, and ending them: one, or all."""

from __future__ import annotations

import secrets

import structlog
from django.contrib.sessions.models import Session
from django.db.models import F

from gonghui.accounts.models import ApiToken, Device, User
from gonghui.accounts.rules import TOKEN_LIFE, token_hash
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_FOUND, require

log = structlog.get_logger("gonghui.accounts")


@action
def record_device(actor: Actor, *, user_id: int, session_key: str, label: str, mark: str = "") -> Device:
    """Called once a session has its final key. `mark`: by which the browser is known again, whoever signs in."""
    return Device.objects.create(
        user_id=user_id,
        session_hash=token_hash(session_key),
        session_key=session_key,
        label=label,
        mark=token_hash(mark) if mark else None,
        seen_at=now(),
    )


@action
def sign_out(actor: Actor, *, session_key: str) -> None:
    """Ends the device of this session; the door flushes the session itself."""
    _end(Device.objects.unscoped("the session in hand").filter(session_hash=token_hash(session_key)))


@action
def end_device(actor: Actor, *, device_id: int) -> None:
    """Signs one of one's own devices out, wherever it is."""
    require(_end(Device.objects.visible_to(actor).filter(pk=device_id)), NOT_FOUND)


@action
def sign_out_everywhere(actor: Actor) -> None:
    """Ends every session and token of the actor, the one in hand included unless its door renews it."""
    end_sessions(actor, user_id=actor.user_id)
    log.info("signed_out_everywhere", user=actor.user_id)


def end_sessions(actor: Actor, *, user_id: int) -> None:
    """For actions: also ends sessions no device was recorded for, by the epoch every session vouches for."""
    User.objects.unscoped("the action's own user").filter(pk=user_id).update(
        session_epoch=F("session_epoch") + 1
    )
    _end(Device.objects.unscoped("the action's own user").filter(user_id=user_id))
    ApiToken.objects.unscoped("the action's own user").filter(user_id=user_id, ended_at=None).update(
        ended_at=now()
    )


def _end(devices) -> int:
    live = list(devices.filter(ended_at=None).select_for_update())
    keys = [device.session_key for device in live if device.session_key]
    Session.objects.filter(session_key__in=keys).delete()
    ApiToken.objects.unscoped("token of an ended device").filter(
        token_hash__in=[device.session_hash for device in live]
    ).update(ended_at=now())
    ended = Device.objects.unscoped("devices just locked").filter(pk__in=[d.pk for d in live])
    return ended.update(ended_at=now(), session_key=None)


@action
def issue_api_token(actor: Actor, *, user_id: int, label: str) -> str:
    """Bearer token for a mini-program session; shown once, kept as a hash, listed among the devices."""
    secret = secrets.token_urlsafe(32)
    ApiToken.objects.create(user_id=user_id, token_hash=token_hash(secret), expires_at=now() + TOKEN_LIFE)
    Device.objects.create(
        user_id=user_id,
        session_hash=token_hash(secret),
        label=label,
        channel="mini_program",
        seen_at=now(),
    )
    return secret
