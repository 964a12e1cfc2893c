"""Reads of sign-in."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from gonghui.accounts.models import ApiToken, Device, RecoveryCode, User
from gonghui.accounts.rules import token_hash
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now


def user_of_token(secret: str) -> User | None:
    """Who holds this bearer token; nobody once it has ended or expired."""
    held = (
        ApiToken.objects.unscoped("asked by the token's hash")
        .filter(token_hash=token_hash(secret), ended_at=None, expires_at__gt=now(), user__is_active=True)
        .select_related("user")
        .first()
    )
    return held.user if held else None


def user_of_bearer(header: str) -> User | None:
    """From `Authorization: Bearer …`."""
    kind, _, secret = header.partition(" ")
    return user_of_token(secret.strip()) if kind.lower() == "bearer" and secret else None


def live_devices(actor: Actor):
    """The actor's own devices, last used first."""
    return Device.objects.visible_to(actor).filter(ended_at=None).order_by("-seen_at")


def recovery_left(actor: Actor) -> int:
    return RecoveryCode.objects.visible_to(actor).filter(user_id=actor.user_id, used_at=None).count()


def last_used_at(user: User) -> datetime:
    """When one of its devices was last seen, or its owner proved to be who they are; else since when it exists."""
    seen = (
        Device.objects.unscoped("the account that signs in")
        .filter(user=user)
        .aggregate(at=Max("seen_at"))["at"]
    )
    return max(filter(None, (seen, user.proved_at, user.created_at)))


def own_account(actor: Actor) -> User:
    return User.objects.visible_to(actor).get(pk=actor.user_id)
