"""Reads of messages and sends."""

from __future__ import annotations

from django.db.models import Count

from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.notices.models import Message, Send, SentSms


def unread_count(person_id: int) -> int:
    """For the badge on 消息: one index-only count."""
    return (
        Message.objects.unscoped("count of one person's own")
        .filter(person_id=person_id, read_at=None)
        .count()
    )


def unread_of(actor: Actor) -> int:
    """Like `unread_count`, for whoever is signed in, verified or not; nobody has none."""
    if actor.user_id is None:
        return 0
    return Message.objects.visible_to(actor).filter(read_at=None).count()


def messages_of(actor: Actor):
    """The actor's own, newest first."""
    return Message.objects.visible_to(actor).order_by("-id")


def latest_messages(actor: Actor, limit: int = 3) -> list[Message]:
    return list(messages_of(actor)[:limit])


def send_progress(send: Send) -> dict[str, int]:
    """Delivery state → how many."""
    return dict(send.deliveries.order_by().values_list("state").annotate(Count("id")))


def sms_sent_to(phone: str) -> list[SentSms]:
    """What the local stand-in sent to this phone, newest first."""
    indexes = get_keyring().blind_indexes("phone", phone)
    return list(
        SentSms.objects.unscoped("asked by full phone number").filter(phone_index__in=indexes).order_by("-id")
    )
