"""The calls of a send, SMS and WeChat: several at once, never inside a transaction, each marked as begun before it is made and
noted after. A kill leaves at most one call a lane of which nobody can tell."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection
from django.db.models import F, Q

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.ports import PortFailed, PortUncertain, port
from gonghui.notices.actions.outside import Parcel, take_batch
from gonghui.notices.actions.quota import correct_quota, hold_quotas, return_quota
from gonghui.notices.actions.sends import OPEN_STATES
from gonghui.notices.lanes import Lanes
from gonghui.notices.models import Channel, Delivery, DeliveryState, Why, Word
from gonghui.notices.ports.refusals import AskedTooOften, MemberRefuses, NeverGoes

log = structlog.get_logger("gonghui.notices")
ATTEMPTS_MAX = 3
WECHAT_PAUSE = timedelta(seconds=30)
"""Before WeChat is asked again; twice as long each time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call."""

    state: str
    why: str = ""
    not_before: datetime | None = None
    is_held: bool = False
    """No more of anybody's now: the channel takes no more before `not_before`."""


DONE = Outcome(DeliveryState.DONE)
UNSURE = Outcome(DeliveryState.UNSURE)
REFUSED = Outcome(DeliveryState.FAILED, Why.REFUSED)


def deliver_outside(actor: Actor, *, send_id: int, channel: str, is_over: Callable[[], bool]) -> None:
    """Batch after batch, until nobody is next or `is_over`; a pause or a stop is heard before each call."""
    try:
        adapter = port("sms" if channel == Channel.SMS else "wechat_messages")
    except PortFailed:
        log.warning("channel_not_configured", send_id=send_id, channel=channel)
        return
    appid = adapter.appid if channel == Channel.WECHAT else ""
    call = _text if channel == Channel.SMS else _wechat
    while not is_over():
        batch = take_batch(actor, send_id=send_id, channel=channel, appid=appid)
        if batch is None:
            return
        for parcel, outcome in make_calls(actor, batch, call, adapter.lanes, is_over):
            if outcome.is_held:
                hold_back(actor, send_id=send_id, channel=channel, until=outcome.not_before)
                log.warning("channel_holds_back", send_id=send_id, channel=channel, person=parcel.person_id)


def make_calls(
    actor: Actor,
    batch: Collection[Parcel],
    call: Callable[[Parcel], Outcome],
    lanes: Lanes,
    is_over: Callable[[], bool],
) -> Iterator[tuple[Parcel, Outcome]]:
    """As many at once as there are lanes. What was begun is waited for and noted; what was not is given back."""
    left, calls = deque(batch), dict[Future, Parcel]()
    while left or calls:
        free = min(lanes.count - len(calls), len(left))
        if free and is_over():
            free = 0
            give_back(actor, parcels=left)
            left.clear()
        if free:
            wanted = [left.popleft() for _nth in range(free)]
            begun = begin_calls(actor, parcels=wanted)
            if len(begun) < len(wanted):  # paused or stopped, or another job took the rows
                give_back(actor, parcels=[*wanted, *left])
                left.clear()
            calls |= {lanes.call(call, parcel): parcel for parcel in wanted if parcel.delivery_id in begun}
        answered, _waiting = wait(calls, return_when=FIRST_COMPLETED)
        outcomes = [(parcel, came_of(future, parcel)) for future in answered if (parcel := calls.pop(future))]
        note_calls(actor, outcomes=outcomes)
        if any(outcome.is_held for _parcel, outcome in outcomes):
            give_back(actor, parcels=left)
            left.clear()
        yield from outcomes


def came_of(future: Future, parcel: Parcel) -> Outcome:
    """A fault of ours in one lane takes nothing from what the others are told."""
    error = future.exception()
    if error is None:
        return future.result()
    log.error("call_broke", delivery_id=parcel.delivery_id, exc_info=error)
    return UNSURE if parcel.wechat_template else _again(parcel, None)


BEGIN = """
UPDATE notices_delivery d SET state = 'calling', updated_at = %s
  FROM unnest(%s::bigint[], %s::int[]) AS p(id, attempts), notices_send s
 WHERE d.id = p.id AND d.attempts = p.attempts AND d.state = 'taken' AND s.id = d.send_id AND s.state = ANY (%s) RETURNING d.id
"""


@action
def begin_calls(actor: Actor, *, parcels: Collection[Parcel]) -> set[int]:
    """From now on these may have gone out. Without those whose send was paused or stopped, or that another job took."""
    ids = [parcel.delivery_id for parcel in parcels]
    attempts = [parcel.attempts for parcel in parcels]
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [now(), ids, attempts, list(OPEN_STATES)])
        return {delivery_id for (delivery_id,) in cursor.fetchall()}


@action
def give_back(actor: Actor, *, parcels: Collection[Parcel]) -> None:
    """Taken and not begun: as before."""
    for attempts in {parcel.attempts for parcel in parcels}:
        ids = [parcel.delivery_id for parcel in parcels if parcel.attempts == attempts]
        mine = Delivery.objects.visible_to(actor).filter(
            pk__in=ids, state=DeliveryState.TAKEN, attempts=attempts
        )
        mine.update(state=DeliveryState.WAITING, attempts=F("attempts") - 1, updated_at=now())


@action
def hold_back(actor: Actor, *, send_id: int, channel: str, until: datetime) -> None:
    """Of this send by this channel, nobody before `until`."""
    waiting = Delivery.objects.visible_to(actor).filter(
        Q(not_before=None) | Q(not_before__lt=until),
        send_id=send_id,
        channel=channel,
        state=DeliveryState.WAITING,
    )
    waiting.update(not_before=until, updated_at=now())


@action
def note_calls(actor: Actor, *, outcomes: Collection[tuple[Parcel, Outcome]]) -> None:
    """What came of these calls; the WeChat message set aside for each is used, given back, or kept for the next try."""
    failed = {
        parcel.person_id: parcel.wechat_template
        for parcel, came in outcomes
        if came.state == DeliveryState.FAILED
    }
    hold_quotas(failed)
    for outcome in dict.fromkeys(outcome for _parcel, outcome in outcomes):
        parcels = {parcel.delivery_id: parcel for parcel, came in outcomes if came == outcome}
        noted = _note(actor, parcels, outcome)
        if outcome.state == DeliveryState.FAILED:
            _settle_quota([parcels[pk] for pk in noted if parcels[pk].wechat_template], outcome.why)


def _note(actor: Actor, ids: Collection[int], outcome: Outcome) -> list[int]:
    """Those that were still this job's, and of which WeChat had not yet pushed its own word: that stands."""
    mine = Delivery.objects.visible_to(actor).filter(pk__in=ids, state=DeliveryState.CALLING)
    held = mine.order_by("pk").select_for_update(no_key=True).values_list("pk", "word")
    by_word: dict[str, list[int]] = {}
    for pk, word in held:
        by_word.setdefault(word, []).append(pk)
    for word, came in ((Word.ARRIVED, DONE), (Word.REFUSED, REFUSED), (Word.NONE, outcome)):
        if word in by_word:
            mine.filter(pk__in=by_word[word]).update(**_facts(came))
    return by_word.get(Word.NONE, [])


def _facts(outcome: Outcome) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "state": outcome.state, "why": outcome.why, "not_before": outcome.not_before, "updated_at": now(),
    }  # fmt: skip
    if outcome.state != DeliveryState.WAITING:
        facts["holds_quota"] = False
    if outcome.state == DeliveryState.DONE:
        facts["sent_at"] = now()
    if outcome.is_held:
        facts["attempts"] = F("attempts") - 1
    return facts


def _settle_quota(parcels: Collection[Parcel], why: str) -> None:
    if why != Why.REFUSED:
        return_quota([parcel.delivery_id for parcel in parcels])
        return
    for parcel in parcels:
        correct_quota(parcel.person_id, parcel.wechat_template, delivery_id=parcel.delivery_id)


def _text(parcel: Parcel) -> Outcome:
    if not parcel.to:
        return Outcome(DeliveryState.FAILED, Why.NO_PHONE)
    try:
        port("sms").send(
            phone=parcel.to,
            text=parcel.text,
            key=f"delivery:{parcel.delivery_id}",
            signature=parcel.signature,
        )
    except PortFailed:
        # Same key again: if the first did go out after all, the gateway sends nothing twice.
        return _again(parcel, None)
    return DONE


def _wechat(parcel: Parcel) -> Outcome:
    try:
        port("wechat_messages").send(
            openid=parcel.to, template=parcel.wechat_template, fields=parcel.fields, page=parcel.page
        )
    except MemberRefuses:
        return REFUSED
    except NeverGoes:
        return Outcome(DeliveryState.FAILED, Why.WRONG_DATA)
    except AskedTooOften as said:
        return Outcome(DeliveryState.WAITING, not_before=said.until, is_held=True)
    except PortUncertain:
        return UNSURE
    except PortFailed:
        return _again(parcel, now() + WECHAT_PAUSE * 2 ** (parcel.attempts - 1))
    return DONE


def _again(parcel: Parcel, at: datetime | None) -> Outcome:
    if parcel.attempts >= ATTEMPTS_MAX:
        return Outcome(DeliveryState.FAILED, Why.DOWN)
    return Outcome(DeliveryState.WAITING, not_before=at)
