"""One announcement to many: recipients are settled at once, batches follow, nobody gets it twice by any channel."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, Q, QuerySet
from procrastinate.exceptions import AlreadyEnqueued

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.crypto import get_keyring
from gonghui.notices.actions.messages import Notice
from gonghui.notices.models import Channel, Delivery, DeliveryState, Send, SendState

BATCH = 5000
ABANDONED_AFTER = timedelta(minutes=5)
EARLY = timedelta(seconds=3)
"""A job for a moment begins so long before it and waits, as the worker looks for its time once a second: it is there on the
second, and keeps others from their turn no longer than that."""
ON_TIME = 10
"""Priority of a job that is set for a moment."""
OPEN_STATES = (SendState.WAITING, SendState.SENDING)
UNFINISHED = (DeliveryState.WAITING, DeliveryState.TAKEN, DeliveryState.CALLING)

FROM_QUERY = """
INSERT INTO notices_delivery (send_id, person_id, channel)
SELECT %s::bigint, person.id, by.channel
  FROM (SELECT DISTINCT found.id FROM ({people}) AS found(id) WHERE found.id IS NOT NULL) person
  LEFT JOIN notices_heldout h ON h.send_id = %s AND h.person_id = person.id
 CROSS JOIN unnest(%s::text[]) AS by(channel)
 WHERE h.id IS NULL ORDER BY by.channel, person.id
ON CONFLICT DO NOTHING
"""
HOLD_OUT = """
INSERT INTO notices_heldout (send_id, person_id)
SELECT %s::bigint, person.id FROM (SELECT DISTINCT found.id FROM ({people}) AS found(id) WHERE found.id IS NOT NULL) person
 WHERE ('x' || left(md5(%s || ':' || person.id), 8))::bit(32)::bigint %% 100 < %s
ON CONFLICT DO NOTHING
"""
"""By a secret draw of the send's key and the person: whoever chooses the key of a form does not choose who is left out."""


@action
def tell_many(
    actor: Actor,
    *,
    send_key: str,
    people: QuerySet | Iterable[int],
    notice: Notice,
    channels: tuple[str, ...] = (Channel.INBOX,),
    union_id: int | None = None,
    goes_at: datetime | None = None,
    is_urgent: bool = False,
) -> Send:
    """`people`: person ids, or a scoped queryset of one column that yields them (never loaded here).

    The same `send_key` again returns the first send and adds nobody. With `goes_at` all is prepared now and goes out then.
    """
    facts = {
        "kind": notice.kind, "title": notice.title, "body": notice.body, "link": notice.link, "channels": list(channels),
        "union_id": union_id, "maker_id": actor.user_id, "goes_at": goes_at, "is_urgent": is_urgent,
        "is_sensitive": notice.is_sensitive,
    }  # fmt: skip
    send, is_new = new_send(send_key, people, facts)
    if is_new:
        defer_delivery(send.pk, at=goes_at)
    return send


def new_send(key: str, people: QuerySet | Iterable[int], facts: dict[str, Any]) -> tuple[Send, bool]:
    """With its recipients, once; part of the action that makes it."""
    send, is_new = Send.objects.unscoped("asked by its key").get_or_create(key=key, defaults=facts)
    if is_new:
        send.recipients = _settle_recipients(send, people)
        send.save(update_fields=["recipients", "updated_at"])
    return send, is_new


def sql_of(people: QuerySet | Iterable[int]) -> tuple[str, tuple]:
    """A subquery of one column; refused where nobody scoped it."""
    if isinstance(people, QuerySet):
        people._must_be_scoped()
        return people.order_by().query.sql_with_params()
    return "SELECT unnest(%s::bigint[])", ([int(person_id) for person_id in people],)


def _settle_recipients(send: Send, people: QuerySet | Iterable[int]) -> int:
    """How many people, whatever the number of channels."""
    sql, params = sql_of(people)
    with connection.cursor() as cursor:
        if send.holdout_percent:
            drawn = hmac.digest(get_keyring().derive("hold-out"), send.key.encode(), "sha256").hex()
            cursor.execute(HOLD_OUT.format(people=sql), [send.pk, *params, drawn, send.holdout_percent])
        channels = [str(channel) for channel in dict.fromkeys(send.channels)]
        cursor.execute(FROM_QUERY.format(people=sql), [send.pk, *params, send.pk, channels])
        return cursor.rowcount // len(channels)


def defer_delivery(send_id: int, *, at: datetime | None = None) -> None:
    """One waiting job a send and moment is enough, however many ask for it; what is set for a moment goes before the rest."""
    from gonghui.notices.tasks import deliver_send

    options: dict[str, Any] = {"queueing_lock": f"send:{send_id}"}
    if at is not None:
        options["priority"] = ON_TIME
        if at - EARLY > now():
            options |= {"queueing_lock": f"send:{send_id}:{at:%Y%m%d%H%M%S}", "schedule_at": at - EARLY}
    try:
        # A savepoint: the refusal of a second waiting job must not spoil the caller's transaction.
        with transaction.atomic():
            deliver_send.configure(**options).defer(send_id=send_id)
    except AlreadyEnqueued:
        return


def deliver(actor: Actor, *, send_id: int, most_s: float = math.inf) -> None:
    """Batch after batch until nothing is open, or for `most_s` and then in the next job; run it twice, at once, or after a crash:
    all the same."""
    from gonghui.notices.actions.calls import deliver_outside

    if not await_moment(actor, send_id=send_id):
        return
    ends = time.monotonic() + most_s

    def is_over() -> bool:
        return time.monotonic() >= ends

    while not is_over() and deliver_inbox_batch(actor, send_id=send_id):
        pass
    for channel in (Channel.SMS, Channel.WECHAT):
        deliver_outside(actor, send_id=send_id, channel=channel, is_over=is_over)
    if is_over():
        defer_delivery(send_id)
    else:
        finish_send(actor, send_id=send_id)


def await_moment(actor: Actor, *, send_id: int) -> bool:
    """Waits the last seconds before a send's time; False where it is further off, and another job is set for then."""
    goes_at = Send.objects.visible_to(actor).values_list("goes_at", flat=True).get(pk=send_id)
    left = (goes_at - now()).total_seconds() if goes_at else 0
    if left > EARLY.total_seconds() + 1:
        defer_delivery(send_id, at=goes_at)
        return False
    if left > 0:
        time.sleep(left)
    return True


def is_due(send: Send) -> bool:
    return send.state in OPEN_STATES and (send.goes_at is None or send.goes_at <= now())


# One statement a batch: no row of it comes here.
DELIVER = """
WITH taken AS MATERIALIZED (
    SELECT id, person_id FROM notices_delivery WHERE send_id = %(send)s AND channel = 'inbox' AND state = 'waiting'
     ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), heard AS MATERIALIZED (
    SELECT t.id, t.person_id, p.id IS NULL AS is_told FROM taken t LEFT JOIN notices_preference p
        ON p.person_id = t.person_id AND p.kind = %(kind)s AND p.channel = 'inbox' AND NOT p.is_on
), written AS (
    INSERT INTO notices_message (send_id, person_id, kind, title, body, link, created_at, updated_at)
    SELECT s.id, t.person_id, s.kind, notices_fill(s.title, t.person_id),
           CASE WHEN s.body LIKE '%%{%%' THEN notices_fill(s.body, t.person_id) ELSE s.body END, s.link, now(), now()
      FROM heard t CROSS JOIN notices_send s WHERE s.id = %(send)s AND t.is_told
     ORDER BY t.id
    ON CONFLICT DO NOTHING
)
UPDATE notices_delivery d
   SET updated_at = now(), state = CASE WHEN h.is_told THEN 'done' ELSE 'skipped' END,
       why = CASE WHEN h.is_told THEN '' ELSE 'muted' END, sent_at = CASE WHEN h.is_told THEN %(now)s END
  FROM heard h WHERE d.id = h.id
"""


@action
def deliver_inbox_batch(actor: Actor, *, send_id: int) -> int:
    """Writes the messages of the next people nobody else is at; returns how many people."""
    send = Send.objects.visible_to(actor).get(pk=send_id)
    if not is_due(send):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(DELIVER, {"send": send_id, "most": BATCH, "kind": send.kind, "now": now()})
        taken = cursor.rowcount
    if taken:
        note_begun(actor, send_id)
    return taken


def note_begun(actor: Actor, send_id: int) -> None:
    waiting = Send.objects.visible_to(actor).filter(pk=send_id, state=SendState.WAITING)
    waiting.update(state=SendState.SENDING, updated_at=now())


@action
def finish_send(actor: Actor, *, send_id: int) -> None:
    """Done once nothing is open; rows another job holds keep it open, and so do those that wait for the morning."""
    unfinished = Delivery.objects.visible_to(actor).filter(send_id=send_id, state__in=UNFINISHED)
    sends = Send.objects.visible_to(actor).filter(pk=send_id, state__in=OPEN_STATES)
    if not unfinished.exists():
        sends.filter(Q(goes_at=None) | Q(goes_at__lte=now())).update(state=SendState.DONE, updated_at=now())
        return
    later = unfinished.filter(state=DeliveryState.WAITING, not_before__gt=now())
    moment = later.aggregate(moment=Min("not_before"))["moment"]
    if moment is not None and sends.exists():
        defer_delivery(send_id, at=moment)
