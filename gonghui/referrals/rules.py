"""Which campaign an application falls under, and what about an introduction does not count: pure, no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from gonghui.referrals.models import ReferralCampaign

GRACE = timedelta(days=60)
"""In which a refused application may be handed in again and still counts."""
ONESELF = _("邀请码是自己的")
WAS_A_MEMBER = _("以前已经是会员")
COUNTED_ELSEWHERE = _("已经算作别人介绍的")
NOT_JOINED = _("没有入会")
LEFT_EARLY = _("入会不满 {days} 天就退会")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a campaign asks of an application."""

    union_path: str
    group: str
    at: datetime


def campaign_for(campaigns: Iterable[ReferralCampaign], applied: Applied) -> ReferralCampaign | None:
    """Of those in force the one of the nearest union."""
    fitting = [one for one in campaigns if covers(one, applied)]
    return max(fitting, key=lambda one: (len(one.union.path), one.pk), default=None)


def covers(campaign: ReferralCampaign, applied: Applied) -> bool:
    in_time = campaign.starts_at <= applied.at < campaign.ends_at
    for_them = not campaign.groups or applied.group in campaign.groups
    return in_time and for_them and applied.union_path.startswith(campaign.union.path)
