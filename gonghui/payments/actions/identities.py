"""Whose WeChat it is: a round through the authorisation, what came of it, and forgetting it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from gonghui.accounts.rules import token_hash
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_ALLOWED, TOO_MANY, require
from gonghui.kit.locks import lock_name
from gonghui.payments import errors
from gonghui.payments.models import IdentityRound, PayerIdentity

ROUND_LIFE = timedelta(minutes=10)
ROUNDS_MAX = 10
"""Of one person in the life of a round: one is the rule, a few more when WeChat does not answer."""
WHY = "its own verb"


@dataclass(frozen=True, slots=True)
class Return:
    """Somebody came back. `is_first`: the code that came along is still to be exchanged."""

    back: str
    is_first: bool


@action
def begin_round(actor: Actor, *, session_key: str, back: str) -> str:
    """The state that goes along and must come back in the same session within ten minutes."""
    require(actor.person_id, NOT_ALLOWED)
    lock_name("identity-round", str(actor.person_id))
    now = clock.now()
    mine = IdentityRound.objects.unscoped(WHY).filter(person_id=actor.person_id)
    require(mine.filter(expires_at__gt=now).count() < ROUNDS_MAX, TOO_MANY, seconds=ROUND_LIFE.seconds)
    mine.filter(expires_at__lt=now - ROUND_LIFE).delete()
    state = secrets.token_hex(32)
    IdentityRound.objects.create(
        person_id=actor.person_id,
        state_hash=token_hash(state),
        session_hash=token_hash(session_key),
        back=back,
        expires_at=now + ROUND_LIFE,
    )
    return state


@action
def use_round(actor: Actor, *, session_key: str, state: str) -> Return:
    """Good once; whoever comes with it again is led back and nothing is asked (phones load the address twice)."""
    found = IdentityRound.objects.unscoped(WHY).filter(
        state_hash=token_hash(state), session_hash=token_hash(session_key), person_id=actor.person_id
    )
    known = found.first()
    require(known is not None, errors.ROUND_UNKNOWN)
    require(known.expires_at > clock.now(), errors.ROUND_OVER)
    is_first = found.filter(used_at=None).update(used_at=clock.now()) == 1
    return Return(known.back, is_first)


@action
def note_identity(actor: Actor, *, appid: str, openid: str) -> PayerIdentity:
    """The one this openid belongs to: whoever had it first. A member who comes with a new WeChat has that from now on.

    As a new row: the sessions on the old WeChat know the old one, and ask again.
    """
    require(actor.person_id, NOT_ALLOWED)
    lock_name("identity-openid", f"{appid}:{openid}")
    lock_name("identity-person", f"{appid}:{actor.person_id}")
    rows = PayerIdentity.objects.unscoped(WHY).filter(appid=appid)
    if owned := rows.filter(openid_index=openid).first():
        return owned
    rows.filter(person_id=actor.person_id).delete()
    return PayerIdentity.objects.create(person_id=actor.person_id, appid=appid, openid=openid)


@action
def forget_identity(actor: Actor) -> int:
    """So that another member who uses this WeChat can call it their own; the next payment asks WeChat again."""
    require(actor.person_id, NOT_ALLOWED)
    gone, _by_model = PayerIdentity.objects.unscoped(WHY).filter(person_id=actor.person_id).delete()
    return gone
