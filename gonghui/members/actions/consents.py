"""Consent per purpose and version; withdrawing is one tap, like giving."""

from __future__ import annotations

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require
from gonghui.kit.events import emit
from gonghui.members.consents import PURPOSES
from gonghui.members.events import ConsentChanged
from gonghui.members.models import Consent


@action
def give_consent(actor: Actor, *, purpose: str) -> None:
    """Records the present version, once; an older version of the same purpose ends."""
    require(actor.user_id, SIGN_IN_FIRST)
    require(purpose in PURPOSES, NOT_FOUND)
    version = PURPOSES[purpose].version
    older = Consent.objects.visible_to(actor).filter(purpose=purpose, withdrawn_at=None)
    older.exclude(version=version).update(withdrawn_at=now())
    Consent.objects.bulk_create(
        [Consent(user_id=actor.user_id, purpose=purpose, version=version, given_at=now())],
        ignore_conflicts=True,
    )
    emit(ConsentChanged(user_id=actor.user_id, purpose=purpose))


@action
def withdraw_consent(actor: Actor, *, purpose: str) -> None:
    """Any version of the purpose; withdrawing what was not given changes nothing."""
    require(actor.user_id, SIGN_IN_FIRST)
    require(purpose in PURPOSES, NOT_FOUND)
    Consent.objects.visible_to(actor).filter(purpose=purpose, withdrawn_at=None).update(withdrawn_at=now())
    emit(ConsentChanged(user_id=actor.user_id, purpose=purpose))
