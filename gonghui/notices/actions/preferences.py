"""消息设置: a member's switches and quiet hours."""

from __future__ import annotations

from datetime import time

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, require
from gonghui.notices import errors
from gonghui.notices.models import Channel, MessageKind, Preference, QuietHours
from gonghui.notices.models.preferences import ALWAYS_INBOX


def may_be_off(kind: str, channel: str) -> bool:
    return kind != MessageKind.SECURITY and not (channel == Channel.INBOX and kind in ALWAYS_INBOX)


@action
def set_preference(actor: Actor, *, kind: str, channel: str, is_on: bool) -> None:
    """Heard from the next batch of every send on."""
    require(actor.person_id, NOT_ALLOWED)
    require(kind in MessageKind.values and channel in Channel.values, NOT_FOUND)
    require(is_on or may_be_off(kind, channel), errors.STAYS_ON)
    row = Preference(person_id=actor.person_id, kind=kind, channel=channel, is_on=is_on, updated_at=now())
    Preference.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["person", "kind", "channel"],
        update_fields=["is_on", "updated_at"],
    )


@action
def set_quiet_hours(actor: Actor, *, starts: time, ends: time, is_on: bool) -> None:
    require(actor.person_id, NOT_ALLOWED)
    require(starts != ends, errors.QUIET_TIMES)
    row = QuietHours(person_id=actor.person_id, starts=starts, ends=ends, is_on=is_on, updated_at=now())
    QuietHours.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=["starts", "ends", "is_on", "updated_at"],
    )
