"""One announcement to many: recipients are settled at once, batches follow, nobody gets it twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from procrastinate.exceptions import AlreadyEnqueued

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.ports import PortFailed, port
from gonghui.notices.actions.messages import Notice
from gonghui.notices.errors import SEND_OVER
from gonghui.notices.models import Channel, Delivery, DeliveryState, Send

BATCH = 5000
SMS_BATCH = 20
SMS_ATTEMPTS_MAX = 3
ABANDONED_AFTER = timedelta(minutes=5)
OPEN_STATES = ("waiting", "sending")

FROM_QUERY = """
INSERT INTO notices_delivery (send_id, person_id)
SELECT DISTINCT %s::bigint, found.id FROM ({people}) AS found(id) WHERE found.id IS NOT NULL
ON CONFLICT DO NOTHING
"""


@action
def tell_many(
    actor: Actor,
    *,
    send_key: str,
    people: QuerySet | Iterable[int],
    notice: Notice,
    channels: tuple[str, ...] = (Channel.INBOX,),
    union_id: int | None = None,
) -> Send:
    """`people`: person ids, or a scoped queryset of one column that yields them (never loaded here).

    The same `send_key` again returns the first send and adds nobody.
    """
    send, is_new = Send.objects.unscoped("asked by its key").get_or_create(
        key=send_key,
        defaults={
            "kind": notice.kind,
            "title": notice.title,
            "body": notice.body,
            "link": notice.link,
            "channels": list(channels),
            "union_id": union_id,
            "maker_id": actor.user_id,
        },
    )
    if is_new:
        send.recipients = _settle_recipients(send, people)
        send.save(update_fields=["recipients", "updated_at"])
        defer_delivery(send.pk)
    return send


def _settle_recipients(send: Send, people: QuerySet | Iterable[int]) -> int:
    if isinstance(people, QuerySet):
        people._must_be_scoped()
        sql, params = people.order_by().query.sql_with_params()
    else:
        sql, params = "SELECT unnest(%s::bigint[])", ([int(person_id) for person_id in people],)
    with connection.cursor() as cursor:
        cursor.execute(FROM_QUERY.format(people=sql), [send.pk, *params])
        return cursor.rowcount


def defer_delivery(send_id: int) -> None:
    """One waiting job a send is enough, however many ask for it."""
    from gonghui.notices.tasks import deliver_send

    try:
        # A savepoint: the refusal of a second waiting job must not spoil the caller's transaction.
        with transaction.atomic():
            deliver_send.configure(queueing_lock=f"send:{send_id}").defer(send_id=send_id)
    except AlreadyEnqueued:
        return


def deliver(actor: Actor, *, send_id: int) -> None:
    """Batch after batch until nothing is open; run it twice, at once, or after a crash: all the same."""
    while deliver_inbox_batch(actor, send_id=send_id):
        pass
    while taken := take_sms_batch(actor, send_id=send_id):
        for delivery in taken:
            _send_one(actor, delivery)
    finish_send(actor, send_id=send_id)


# One statement a batch: no row of it comes here. Those who also get an SMS stay open; SMS go to those who agreed.
DELIVER = """
WITH taken AS MATERIALIZED (
    SELECT id, person_id FROM notices_delivery WHERE send_id = %(send)s AND state = 'waiting'
     ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), written AS (
    INSERT INTO notices_message (send_id, person_id, kind, title, body, link, created_at, updated_at)
    SELECT s.id, t.person_id, s.kind, s.title, CASE WHEN s.body LIKE '%%{name}%%' THEN replace(s.body, '{name}', (
               SELECT p.name FROM members_person p WHERE p.id = t.person_id)) ELSE s.body END, s.link, now(), now()
      FROM taken t CROSS JOIN notices_send s WHERE s.id = %(send)s AND 'inbox' = ANY (s.channels)
     ORDER BY t.id
    ON CONFLICT DO NOTHING
)
UPDATE notices_delivery d SET updated_at = now(), state = CASE WHEN %(sms)s AND EXISTS (
           SELECT FROM members_person p JOIN members_consent c ON c.user_id = p.user_id
            WHERE p.id = d.person_id AND c.purpose = 'messages' AND c.withdrawn_at IS NULL) THEN 'sms' ELSE 'done' END
 WHERE d.id = ANY (ARRAY(SELECT id FROM taken))
"""


@action
def deliver_inbox_batch(actor: Actor, *, send_id: int) -> int:
    """Writes the messages of the next people nobody else is at; returns how many people."""
    send = Send.objects.visible_to(actor).get(pk=send_id)
    if send.state not in OPEN_STATES:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(DELIVER, {"send": send_id, "most": BATCH, "sms": Channel.SMS in send.channels})
        taken = cursor.rowcount
    if taken:
        waiting = Send.objects.visible_to(actor).filter(pk=send_id, state="waiting")
        waiting.update(state="sending", updated_at=now())
    return taken


def _open(actor: Actor, send_id: int, state: str):
    return (
        Delivery.objects.visible_to(actor)
        .filter(send_id=send_id, state=state)
        .order_by("id")
        .select_for_update(skip_locked=True, of=("self",))
    )


@action
def take_sms_batch(actor: Actor, *, send_id: int) -> list[Delivery]:
    """Marks a few as taken and commits, so that no SMS goes out inside a transaction."""
    if not Send.objects.visible_to(actor).filter(pk=send_id, state__in=OPEN_STATES).exists():
        return []
    abandoned = Delivery.objects.visible_to(actor).filter(
        send_id=send_id, state=DeliveryState.TAKEN, updated_at__lt=now() - ABANDONED_AFTER
    )
    abandoned.update(state=DeliveryState.SMS, updated_at=now())
    batch = list(_open(actor, send_id, DeliveryState.SMS).select_related("send", "person__user")[:SMS_BATCH])
    taken = Delivery.objects.unscoped("rows of a locked batch").filter(pk__in=[row.pk for row in batch])
    taken.update(state=DeliveryState.TAKEN, attempts=F("attempts") + 1, updated_at=now())
    return batch


def _send_one(actor: Actor, delivery: Delivery) -> None:
    person, send = delivery.person, delivery.send
    text = f"{send.title}。{send.body}".replace("{name}", person.name)
    phone = (person.user and person.user.phone) or person.phone
    if not phone:
        note_sms(actor, delivery_id=delivery.pk, state=DeliveryState.FAILED)
        return
    try:
        port("sms").send(phone=phone, text=text, key=f"delivery:{delivery.pk}")
    except PortFailed:
        # Same key again: if the first did go out after all, the gateway sends nothing twice.
        is_last = delivery.attempts + 1 >= SMS_ATTEMPTS_MAX
        state = DeliveryState.FAILED if is_last else DeliveryState.SMS
        note_sms(actor, delivery_id=delivery.pk, state=state)
    else:
        note_sms(actor, delivery_id=delivery.pk, state=DeliveryState.DONE)


@action
def note_sms(actor: Actor, *, delivery_id: int, state: str) -> None:
    mine = Delivery.objects.visible_to(actor).filter(pk=delivery_id, state=DeliveryState.TAKEN)
    mine.update(state=state, updated_at=now())


@action
def finish_send(actor: Actor, *, send_id: int) -> None:
    """Done once nothing is open; rows another job holds keep it open."""
    still_open = (
        Delivery.objects.visible_to(actor)
        .filter(send_id=send_id)
        .exclude(state__in=(DeliveryState.DONE, DeliveryState.FAILED))
    )
    if not still_open.exists():
        sends = Send.objects.visible_to(actor).filter(pk=send_id, state__in=OPEN_STATES)
        sends.update(state="done", updated_at=now())


@action
def stop_send(actor: Actor, *, send_id: int) -> None:
    """What has not gone out stays here."""
    send = Send.objects.visible_to(actor).select_related("union").filter(pk=send_id).first()
    require(send, NOT_FOUND)
    require(send.union is not None and actor.may("notices.send", send.union.path))
    mine = Send.objects.unscoped("compare-and-set of a fetched row").filter(pk=send_id, state__in=OPEN_STATES)
    if not mine.update(state="stopped", updated_at=now()):
        raise DomainError(SEND_OVER)
