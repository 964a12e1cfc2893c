"""What has served its time goes: codes, lock-outs, sessions, tokens, devices."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import Q

from gonghui.accounts.models import ApiToken, Device, Lockout, PhoneCode
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.jobs import periodic

CODES_KEPT = timedelta(days=2)
ENDED_KEPT = timedelta(days=180)


@periodic("17 19 * * *")
def purge_sign_in(timestamp: int) -> None:
    """03:17 in China, every night."""
    purge_expired(Actor.system("nightly purge of sign-in"))


@action
def purge_expired(actor: Actor) -> None:
    moment = now()
    PhoneCode.objects.visible_to(actor).filter(created_at__lt=moment - CODES_KEPT).delete()
    idle = Q(locked_until=None) | Q(locked_until__lt=moment)
    Lockout.objects.visible_to(actor).filter(idle, updated_at__lt=moment - CODES_KEPT).delete()
    Session.objects.filter(expire_date__lt=moment).delete()
    ApiToken.objects.visible_to(actor).filter(expires_at__lt=moment - ENDED_KEPT).delete()
    Device.objects.visible_to(actor).filter(
        Q(ended_at__lt=moment - ENDED_KEPT) | Q(seen_at__lt=moment - ENDED_KEPT)
    ).delete()
