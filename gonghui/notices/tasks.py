"""Jobs of notices."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.jobs import job, periodic
from gonghui.notices import reactions, reactions_membership, reactions_unions  # noqa: F401  registers them
from gonghui.notices.actions.sends import ABANDONED_AFTER, OPEN_STATES, defer_delivery, deliver
from gonghui.notices.models import Send, SentSms

TURN_S = 2.0
"""So long a send keeps a worker, then whoever waits has a turn: what goes out on a moment must not wait for a long one."""
SMS_KEPT = timedelta(days=7)


@job
def deliver_send(send_id: int) -> None:
    deliver(Actor.system("delivery of a send"), send_id=send_id, most_s=TURN_S)


@periodic("*/5 * * * *")
def resume_sends(timestamp: int) -> None:
    """A killed worker leaves a send half done: take it up again."""
    resume_abandoned(Actor.system("resuming sends"))


@action
def resume_abandoned(actor: Actor) -> None:
    idle = Send.objects.visible_to(actor).filter(
        Q(goes_at=None) | Q(goes_at__lte=now()), state__in=OPEN_STATES, updated_at__lt=now() - ABANDONED_AFTER
    )
    for send_id in idle.values_list("id", flat=True):
        defer_delivery(send_id)


@periodic("27 19 * * *")
def purge_sms(timestamp: int) -> None:
    """03:27 in China, every night."""
    purge_sent_sms(Actor.system("nightly purge of stand-in SMS"))


@action
def purge_sent_sms(actor: Actor) -> None:
    SentSms.objects.visible_to(actor).filter(created_at__lt=now() - SMS_KEPT).delete()
