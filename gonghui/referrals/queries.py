"""Reads: what a member sees of their introductions, and what a campaign has brought."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.models import Membership
from gonghui.referrals.models import Referral, ReferralCampaign

HELD = "of a member in hand"


def campaigns_open_to(actor: Actor) -> list[ReferralCampaign]:
    """Running now over the union the member belongs to, nearest first."""
    path = (
        Membership.objects.visible_to(actor)
        .filter(person_id=actor.person_id, status__in=Membership.LIVE)
        .values_list("union__path", flat=True)
        .first()
    )
    now = clock.now()
    running = ReferralCampaign.objects.unscoped("published to members").filter(
        state="running", starts_at__lte=now, ends_at__gt=now
    )
    found = running.select_related("union", "joiner_pool__release__offer", "referrer_pool__release__offer")
    if path is None:
        return []
    shared = [one for one in found if _meets(path, one.union.path)]
    return sorted(shared, key=lambda one: -len(one.union.path))


def _meets(path: str, campaign_path: str) -> bool:
    """Members of a town may bring people for the city's campaign, and the city's for the town's."""
    return path.startswith(campaign_path) or campaign_path.startswith(path)


def introductions_of(actor: Actor) -> QuerySet[Referral]:
    """Newest first; of others only a masked name is shown."""
    found = Referral.objects.unscoped(HELD).filter(referrer_id=actor.person_id)
    return found.select_related("campaign", "application", "joinee").defer(*SEALED).order_by("-id")


SEALED = ("joinee__id_no", "joinee__phone")


@dataclass(frozen=True, slots=True)
class Tally:
    applied: int
    joined: int
    rewarded: int
    void: int
    to_look: int


def tally(campaign: ReferralCampaign) -> Tally:
    """One query."""
    look = Q(state="qualified", looked_by=None) & ~Q(flags=[])
    found = Referral.objects.unscoped("of a campaign in hand").filter(campaign=campaign)
    told = found.aggregate(
        applied=Count("id"),
        joined=Count("id", filter=Q(state__in=("qualified", "rewarded"))),
        rewarded=Count("id", filter=Q(state="rewarded")),
        void=Count("id", filter=Q(state="void")),
        to_look=Count("id", filter=look),
    )
    return Tally(**told)


def to_look_at(actor: Actor) -> QuerySet[Referral]:
    found = Referral.objects.visible_to(actor).filter(state="qualified", looked_by=None)
    return found.exclude(flags=[])
