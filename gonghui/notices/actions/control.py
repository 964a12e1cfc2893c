"""Verbs of a send that is there: released or not, paused, taken up again, stopped, and what failed tried once more."""

from __future__ import annotations

from typing import Any

from gonghui.audiences.errors import SENSITIVE_VERB
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, DomainError, Refusal, require
from gonghui.notices import errors
from gonghui.notices.actions.quota import return_quota
from gonghui.notices.actions.sends import OPEN_STATES, UNFINISHED, defer_delivery
from gonghui.notices.models import Delivery, DeliveryState, Send, SendState

NOT_YET_OVER = (*OPEN_STATES, SendState.PAUSED, SendState.PROPOSED)


@action
def release_send(actor: Actor, *, send_id: int) -> Send:
    """A second person has seen who gets it and what it says."""
    send = send_for(actor, send_id, "notices.review")
    _by_another(actor, send)
    facts = {"checker_id": actor.user_id, "decided_at": now()}
    _move(send, (SendState.PROPOSED,), SendState.WAITING, errors.SEND_DECIDED, **facts)
    defer_delivery(send.pk, at=send.goes_at)
    return send


@action
def decline_send(actor: Actor, *, send_id: int, reason: str) -> Send:
    send = send_for(actor, send_id, "notices.review")
    _by_another(actor, send)
    facts = {"checker_id": actor.user_id, "decided_at": now(), "answer": reason[:200]}
    _move(send, (SendState.PROPOSED,), SendState.DECLINED, errors.SEND_DECIDED, **facts)
    return send


@action
def pause_send(actor: Actor, *, send_id: int) -> Send:
    """Heard before the next batch, and before each single call outside."""
    send = send_for(actor, send_id, "notices.send")
    _move(send, OPEN_STATES, SendState.PAUSED, errors.SEND_NOT_GOING)
    return send


@action
def resume_send(actor: Actor, *, send_id: int) -> Send:
    send = send_for(actor, send_id, "notices.send")
    is_early = send.goes_at is not None and send.goes_at > now()
    after = SendState.WAITING if is_early else SendState.SENDING
    _move(send, (SendState.PAUSED,), after, errors.SEND_NOT_PAUSED)
    defer_delivery(send.pk, at=send.goes_at)
    return send


@action
def retry_failed(actor: Actor, *, send_id: int) -> int:
    """Of a send that is done: what failed waits once more. What went out, or may have, does not."""
    send = send_for(actor, send_id, "notices.send")
    require(not send.is_sensitive or actor.may("members.sensitive", send.union.path), SENSITIVE_VERB)
    failed = Delivery.objects.unscoped("rows of a fetched send").filter(
        send=send, state=DeliveryState.FAILED, word=""
    )
    require(send.state == SendState.DONE and failed.exists(), errors.NOTHING_FAILED)
    _move(send, (SendState.DONE,), SendState.SENDING, errors.NOTHING_FAILED)
    count = failed.update(state=DeliveryState.WAITING, why="", attempts=0, not_before=None, updated_at=now())
    defer_delivery(send.pk)
    return count


@action
def stop_send(actor: Actor, *, send_id: int) -> None:
    """What has not gone out stays here."""
    send = send_for(actor, send_id, "notices.send")
    _move(send, NOT_YET_OVER, SendState.STOPPED, errors.SEND_OVER)
    _give_back(send)


@action
def withdraw_sends(actor: Actor, *, key_prefix: str) -> int:
    """Prepared for a moment that was moved: they do not go. For the app whose key it is; returns how many."""
    prepared = Send.objects.unscoped("sends of the caller's own key").filter(
        key__startswith=key_prefix, state=SendState.WAITING, goes_at__gt=now()
    )
    return prepared.update(state=SendState.STOPPED, updated_at=now())


def send_for(actor: Actor, send_id: int, verb: str) -> Send:
    send = Send.objects.visible_to(actor).select_related("union").filter(pk=send_id).first()
    require(send, NOT_FOUND)
    require(send.union is not None and actor.may(verb, send.union.path))
    return send


def _by_another(actor: Actor, send: Send) -> None:
    require(actor.user_id, NOT_ALLOWED)
    require(send.maker_id != actor.user_id, errors.SEND_BY_TWO)


def _move(send: Send, before: tuple[str, ...], after: str, refused: Refusal, **facts: Any) -> None:
    mine = Send.objects.unscoped("compare-and-set of a fetched row").filter(pk=send.pk, state__in=before)
    if not mine.update(state=after, updated_at=now(), **facts):
        raise DomainError(refused)
    send.refresh_from_db()


def _give_back(send: Send) -> None:
    """WeChat messages set aside for those who no longer get it."""
    held = Delivery.objects.unscoped("rows of a fetched send").filter(
        send=send, state__in=(DeliveryState.WAITING, DeliveryState.TAKEN), holds_quota=True
    )
    ids = list(held.select_for_update().values_list("pk", flat=True))
    return_quota(ids)
    Delivery.objects.unscoped("rows just locked").filter(pk__in=ids, state__in=UNFINISHED).update(
        holds_quota=False
    )
