"""SMS and WeChat messages of a send: who may be reached now is asked when it goes. The calls themselves: `actions.calls`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection
from django.db.models import F, Func, TextField, Value
from django.urls import reverse

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.notices.actions.quota import reserve_quota, return_quota
from gonghui.notices.actions.sends import ABANDONED_AFTER, is_due, note_begun
from gonghui.notices.links import token_of
from gonghui.notices.models import Channel, Delivery, DeliveryState, Send, Why
from gonghui.notices.openids import openids_of
from gonghui.notices.words import wechat_value

OUTSIDE_BATCH = 200


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery that may be made now."""

    delivery_id: int
    attempts: int
    person_id: int
    to: str
    """A phone, or an openid."""
    text: str = ""
    signature: str = ""
    wechat_template: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    page: str = ""


# A killed job's rows: what had not begun waits again; an SMS is asked for again under its key; WeChat knows no keys, so
# nobody can tell whether that one went out, and it does not go again.
ABANDONED = """
UPDATE notices_delivery SET updated_at = %(now)s, holds_quota = holds_quota AND NOT (state = 'calling' AND channel = 'wechat'),
       state = CASE WHEN state = 'taken' OR channel <> 'wechat' THEN 'waiting' WHEN word = 'arrived' THEN 'done'
                    WHEN word = 'refused' THEN 'failed' ELSE 'unsure' END,
       sent_at = CASE WHEN word = 'arrived' THEN %(now)s ELSE sent_at END
 WHERE send_id = %(send)s AND channel = %(channel)s AND state IN ('taken', 'calling') AND updated_at < %(before)s
"""
NEXT = """
SELECT id, person_id FROM notices_delivery
 WHERE send_id = %(send)s AND channel = %(channel)s AND state = 'waiting' AND (not_before IS NULL OR not_before <= %(now)s)
 ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""
JUDGE = """
UPDATE notices_delivery d
   SET updated_at = %(now)s, why = j.why, not_before = CASE WHEN j.why = '' THEN j.quiet END,
       attempts = d.attempts + CASE WHEN j.why = '' AND j.quiet IS NULL THEN 1 ELSE 0 END,
       state = CASE WHEN j.why <> '' THEN 'skipped' WHEN j.quiet IS NOT NULL THEN 'waiting' ELSE 'taken' END,
       holds_quota = d.holds_quota AND j.why = ''
  FROM (
    SELECT o.id, o.holds_quota AS held, CASE WHEN NOT %(urgent)s THEN notices_quiet_until(o.person_id, %(now)s) END AS quiet,
           CASE WHEN EXISTS (SELECT FROM notices_preference f WHERE f.person_id = o.person_id AND f.kind = %(kind)s
                                AND f.channel = %(channel)s AND NOT f.is_on) THEN 'muted'
                WHEN %(channel)s = 'sms' AND NOT EXISTS (
                         SELECT FROM members_person p JOIN members_consent c ON c.user_id = p.user_id
                          WHERE p.id = o.person_id AND c.purpose = 'messages' AND c.withdrawn_at IS NULL) THEN 'no_consent'
                WHEN %(channel)s = 'sms' AND NOT EXISTS (
                         SELECT FROM members_person p LEFT JOIN accounts_user u ON u.id = p.user_id
                          WHERE p.id = o.person_id AND (p.phone IS NOT NULL OR u.phone IS NOT NULL)) THEN 'no_phone'
                WHEN %(channel)s = 'wechat' AND NOT o.person_id = ANY (%(known)s) THEN 'no_openid'
                ELSE '' END AS why
      FROM notices_delivery o WHERE o.id = ANY (%(ids)s)) j
 WHERE d.id = j.id RETURNING d.id, d.person_id, d.state, d.holds_quota, j.held
"""


@action
def take_batch(actor: Actor, *, send_id: int, channel: str, appid: str = "") -> list[Parcel] | None:
    """The next few who may be reached, marked as taken and committed; None where nobody is next. Those who may not be reached
    are passed over, those asleep wait."""
    send = Send.objects.visible_to(actor).select_related("template").filter(pk=send_id).first()
    if send is None or channel not in send.channels or not is_due(send):
        return None
    facts = {
        "send": send_id,
        "channel": channel,
        "now": now(),
        "before": now() - ABANDONED_AFTER,
        "most": OUTSIDE_BATCH,
    }
    with connection.cursor() as cursor:
        cursor.execute(ABANDONED, facts)
        people = dict(cursor.execute(NEXT, facts).fetchall())
        if not people:
            return None
        openids = openids_of(appid, people.values()) if appid else {}
        cursor.execute(
            JUDGE,
            facts
            | {"ids": list(people), "known": list(openids), "kind": send.kind, "urgent": send.is_urgent},
        )
        judged = cursor.fetchall()
    return_quota([row[0] for row in judged if row[4] and row[2] == DeliveryState.SKIPPED])
    taken = {row[0]: row[1] for row in judged if row[2] == DeliveryState.TAKEN}
    if channel == Channel.WECHAT:
        taken = _with_quota(send, taken, {row[0] for row in judged if row[3]})
    note_begun(actor, send_id)
    if not taken:
        return []
    return _texts(send, taken) if channel == Channel.SMS else _cards(send, taken, openids)


def _with_quota(send: Send, taken: dict[int, int], held: set[int]) -> dict[int, int]:
    """Those for whom a WeChat message is set aside, now or before; the others go without."""
    asked = {pk: person_id for pk, person_id in taken.items() if pk not in held}
    got = reserve_quota(send.template.wechat_template if send.template else "", asked)
    rows = Delivery.objects.unscoped("rows of a locked batch")
    rows.filter(pk__in=got).update(holds_quota=True)
    without = asked.keys() - got
    rows.filter(pk__in=without).update(state=DeliveryState.SKIPPED, why=Why.NO_QUOTA)
    return {pk: person_id for pk, person_id in taken.items() if pk not in without}


def filled(text: str) -> Func:
    """`text` with the person's facts, by the one function that fills everything."""
    return Func(Value(text), F("person_id"), function="notices_fill", output_field=TextField())


def _texts(send: Send, taken: dict[int, int]) -> list[Parcel]:
    template = send.template
    words = template.sms_text if template and template.sms_text else f"{send.title}。{send.body}"
    rows = (
        Delivery.objects.unscoped("rows of a locked batch")
        .filter(pk__in=taken)
        .select_related("person__user")
    )
    return [
        Parcel(
            row.pk,
            row.attempts,
            row.person_id,
            (row.person.user and row.person.user.phone) or row.person.phone or "",
            text=row.words.replace("{link}", short_address(row.pk)),
            signature=template.sms_signature if template else "",
        )
        for row in rows.annotate(words=filled(words)).order_by("pk")
    ]


CARDS = """
SELECT d.id, d.attempts, d.person_id, (SELECT jsonb_object_agg(f.key, notices_fill(f.value, d.person_id))
                                         FROM jsonb_each_text(%s::jsonb) f)
  FROM notices_delivery d WHERE d.id = ANY (%s) ORDER BY d.id
"""


def _cards(send: Send, taken: dict[int, int], openids: dict[int, str]) -> list[Parcel]:
    template = send.template
    with connection.cursor() as cursor:
        cursor.execute(CARDS, [json.dumps(template.wechat_fields), list(taken)])
        rows = cursor.fetchall()
    return [
        Parcel(
            delivery_id,
            attempts,
            person_id,
            openids[person_id],
            wechat_template=template.wechat_template,
            fields={name: wechat_value(name, value) for name, value in _loaded(fields).items()},
            page=f"{template.wechat_page}?m={token_of(delivery_id)}",
        )
        for delivery_id, attempts, person_id, fields in rows
    ]


def _loaded(fields: str | dict[str, str]) -> dict[str, str]:
    return json.loads(fields) if isinstance(fields, str) else fields


def short_address(delivery_id: int) -> str:
    return f"{settings.GONGHUI_ADDRESS}{reverse('message_link', args=[token_of(delivery_id)])}"
