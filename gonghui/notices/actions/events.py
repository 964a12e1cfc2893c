"""What WeChat told us of a member: allowed, refused, arrived. Each event once, however often it is pushed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.db import connection

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.locks import lock_name
from gonghui.kit.pace import keep_pace
from gonghui.kit.ports import PortFailed, port
from gonghui.notices.actions.quota import ACCEPTED, clear_quota, count_consent, subscribable_ids
from gonghui.notices.models import DeliveryState, WechatEvent
from gonghui.notices.openids import whose
from gonghui.notices.ports.wechat_events import CHANGE, POPUP, SENT, Event, EventDoor, Forged

log = structlog.get_logger("gonghui.notices")
LISTENER = Actor.system("what WeChat told us")
FORGED_MAX = 60
"""From one address in a minute; the genuine are not counted."""
STALE = timedelta(days=1)
"""WeChat pushes again within half a minute; what is older is somebody's who kept it."""
REJECTED = "reject"
Verdict = WechatEvent.Verdict


def hear(query: Mapping[str, str], body: bytes, *, address: str = "") -> str:
    """Raises `Forged` for what is not WeChat's, TOO_MANY for who keeps trying. Its verdict."""
    door = event_door()
    try:
        event = door.open(query, body)
    except Forged as refused:
        keep_pace("forged WeChat events", address, FORGED_MAX)
        log.warning("wechat_event_refused", reason=str(refused))
        raise
    if abs(now() - event.at) > STALE:
        return Verdict.NOTHING
    return take_event(LISTENER, event=event, appid=door.appid)


def event_door() -> EventDoor:
    door = port("wechat_messages").events
    if door is None:
        raise PortFailed("no token and key of WeChat's pushes are configured")
    return door


@action
def take_event(actor: Actor, *, event: Event, appid: str) -> str:
    """Once per event, at any number of callers."""
    lock_name("wechat-event", event.key)
    known = WechatEvent.objects.unscoped("the same event again").filter(key=event.key)
    if seen := known.first():
        return seen.verdict
    if event.kind not in (POPUP, CHANGE, SENT):
        return Verdict.NOTHING
    person_id = whose(appid, event.openid)
    verdict = _act_on(event, person_id) if person_id else Verdict.UNKNOWN
    WechatEvent.objects.create(key=event.key, kind=event.kind, person_id=person_id, verdict=verdict)
    return verdict


def _act_on(event: Event, person_id: int) -> str:
    if event.kind == SENT:
        found = [_note_arrival(person_id, item.template, item.errcode, event.at) for item in event.items]
    elif event.kind == CHANGE:
        refused = sorted({item.template for item in event.items if item.status == REJECTED})
        found = [clear_quota(person_id, template, key=f"event:{event.key}") for template in refused]
    else:
        accepted = {item.template for item in event.items if item.status == ACCEPTED}
        known = sorted(accepted & subscribable_ids(accepted))
        found = [
            count_consent(person_id, template, key=f"event:{event.key}", at=event.at) is not None
            for template in known
        ]
    return Verdict.TAKEN if any(found) else Verdict.NOTHING


# One that is done before one of which nobody can tell: two events are needed to say that both arrived.
ARRIVED = """
UPDATE notices_delivery d SET word = %(word)s, updated_at = %(now)s,
       state = CASE WHEN d.state <> 'unsure' THEN d.state WHEN %(word)s = 'arrived' THEN 'done' ELSE 'failed' END,
       why = CASE WHEN d.state = 'unsure' AND %(word)s = 'refused' THEN 'refused' ELSE d.why END,
       sent_at = CASE WHEN d.state = 'unsure' AND %(word)s = 'arrived' THEN %(at)s ELSE d.sent_at END
 WHERE d.id = (
    SELECT o.id FROM notices_delivery o JOIN notices_send s ON s.id = o.send_id JOIN notices_template t ON t.id = s.template_id
     WHERE o.person_id = %(person)s AND o.channel = 'wechat' AND o.state = ANY (%(states)s) AND o.word = ''
       AND t.wechat_template = %(template)s AND o.updated_at BETWEEN %(at)s - %(near)s AND %(at)s + %(near)s
     ORDER BY o.state <> 'done', o.state <> 'calling', o.updated_at LIMIT 1 FOR UPDATE OF o)
"""
NEAR = timedelta(minutes=10)
SUCCESS = re.compile("0*")


def _note_arrival(person_id: int, template: str, errcode: str, at: datetime) -> bool:
    """Settles the doubt of a call that got no answer."""
    facts = {
        "person": person_id, "template": template, "at": at, "near": NEAR, "now": now(),
        "word": "arrived" if SUCCESS.fullmatch(errcode) else "refused",
        "states": [DeliveryState.DONE, DeliveryState.CALLING, DeliveryState.UNSURE],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(ARRIVED, facts)
        return bool(cursor.rowcount)
