"""Reads of messages and sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from django.db.models import Count

from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.members.models import Membership
from gonghui.notices.models import (
    Channel,
    Delivery,
    Message,
    MessageKind,
    Preference,
    QuietHours,
    Send,
    SentSms,
    Template,
    WechatQuota,
)


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


def send_progress(send: Send) -> dict[str, int]:
    """Delivery state → how many, by all channels."""
    return dict(send.deliveries.order_by().values_list("state").annotate(Count("id")))


def delivery_to(message: Message) -> Delivery | None:
    """The delivery in the app of a message its reader has fetched; what its link counts for."""
    if message.send_id is None:
        return None
    rows = Delivery.objects.unscoped("of a message its reader has fetched")
    return rows.filter(send_id=message.send_id, person_id=message.person_id, channel=Channel.INBOX).first()


# --- 消息设置 ---------------------------------------------------------------------------------------------------

QUIET = (time(22, 0), time(8, 0))
"""In China's time, where a member has set no hours; the database says the same (`notices_quiet_until`)."""


def switches_of(actor: Actor) -> dict[tuple[str, str], bool]:
    """Every (kind, channel): on unless the member moved it."""
    moved = Preference.objects.visible_to(actor).values_list("kind", "channel", "is_on")
    found = {(kind, channel): True for kind in MessageKind.values for channel in Channel.values}
    return found | {(kind, channel): is_on for kind, channel, is_on in moved}


def quiet_hours_of(actor: Actor) -> QuietHours:
    own = QuietHours.objects.visible_to(actor).first()
    return own or QuietHours(starts=QUIET[0], ends=QUIET[1], is_on=True)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A WeChat template a member may allow, and how many messages are left."""

    template: str
    title: str
    left: int


def subscriptions_of(actor: Actor) -> list[Subscription]:
    """Of the member's own union and those above it; one line a WeChat template."""
    if actor.person_id is None:
        return []
    memberships = Membership.objects.visible_to(actor).filter(
        person_id=actor.person_id, status__in=Membership.LIVE
    )
    paths = list(memberships.values_list("union__path", flat=True))
    way_up = {int(part) for path in paths for part in path.split(".") if part}
    found = Template.objects.unscoped("what members may allow is public").filter(
        union_id__in=way_up, state=Template.State.APPROVED
    )
    titles = dict(found.exclude(wechat_template="").order_by("-id").values_list("wechat_template", "name"))
    left = dict(WechatQuota.objects.visible_to(actor).values_list("wechat_template", "balance"))
    return [
        Subscription(template, title, left.get(template, 0)) for template, title in sorted(titles.items())
    ]


def sms_sent_to(phone: str) -> list[SentSms]:
    """What the local stand-in sent to this phone, newest first."""
    indexes = get_keyring().blind_indexes("phone", phone)
    return list(
        SentSms.objects.unscoped("asked by full phone number").filter(phone_index__in=indexes).order_by("-id")
    )
