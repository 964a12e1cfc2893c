"""A campaign: drafted by one, started by another, ended by either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from gonghui.audiences.queries import require_usable
from gonghui.benefits.models import Pool, Release
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.members.models import WorkerGroup
from gonghui.orgs.models import Union
from gonghui.referrals import errors
from gonghui.referrals.models import CAMPAIGN_VERBS, PER_REFERRER_MAX, ReferralCampaign

WRITE, REVIEW = "joining.write", "releases.review"
READY = ("reviewed", "announced", "open")


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    name: str
    starts_at: datetime
    ends_at: datetime
    joiner_pool_id: int
    referrer_pool_id: int
    groups: Sequence[str] = ()
    per_referrer: int = 10
    stay_days: int = 30


@action
def draft_campaign(actor: Actor, *, union_id: int, terms: CampaignTerms) -> ReferralCampaign:
    """Of a union of the actor's, with the vouchers of its own line."""
    union = Union.objects.visible_to(actor).filter(pk=union_id).first()
    require(union, NOT_FOUND)
    require(actor.user_id and actor.may(WRITE, union.path))
    require_usable(actor, path=union.path, groups=terms.groups)
    pools = _pools(terms)
    wrong = _wrong_terms(terms) + _wrong_pools(union, terms, pools)
    require(not wrong, errors.CAMPAIGN_WRONG, detail="".join(wrong))
    return ReferralCampaign.objects.create(
        union=union,
        name=terms.name.strip(),
        groups=sorted(set(terms.groups)),
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        joiner_pool_id=terms.joiner_pool_id,
        referrer_pool_id=terms.referrer_pool_id,
        per_referrer=terms.per_referrer,
        stay_days=terms.stay_days,
        maker_id=actor.user_id,
    )


@action
def start_campaign(actor: Actor, *, campaign_id: int) -> ReferralCampaign:
    """By another hand, once both releases are reviewed: their budgets hold what is promised."""
    campaign = _campaign(actor, campaign_id)
    require(actor.user_id and actor.may(REVIEW, campaign.union.path))
    require(actor.user_id != campaign.maker_id, errors.CAMPAIGN_BY_TWO)
    lock_name("referral_campaigns", str(campaign.union_id))
    others = ReferralCampaign.objects.unscoped("of the same union").filter(
        union=campaign.union, state="running", starts_at__lt=campaign.ends_at, ends_at__gt=campaign.starts_at
    )
    if other := others.exclude(pk=campaign.pk).first():
        raise DomainError(errors.CAMPAIGN_CLASHES, union=campaign.union.name, name=other.name)
    terms = CampaignTerms(
        campaign.name,
        campaign.starts_at,
        campaign.ends_at,
        campaign.joiner_pool_id,
        campaign.referrer_pool_id,
        campaign.groups,
        campaign.per_referrer,
        campaign.stay_days,
    )
    wrong = _wrong_pools(campaign.union, terms, _pools(terms))
    if campaign.ends_at <= clock.now():
        wrong.append(_("结束时间已经过去。"))
    require(not wrong, errors.CAMPAIGN_WRONG, detail="".join(wrong))
    move(campaign, CAMPAIGN_VERBS, "start", checker_id=actor.user_id, updated_at=clock.now())
    return campaign


@action
def end_campaign(actor: Actor, *, campaign_id: int) -> ReferralCampaign:
    """New applications no longer count; who applied before is rewarded all the same."""
    campaign = _campaign(actor, campaign_id)
    require(actor.may(WRITE, campaign.union.path) or actor.may(REVIEW, campaign.union.path))
    move(campaign, CAMPAIGN_VERBS, "end", updated_at=clock.now())
    return campaign


def _campaign(actor: Actor, campaign_id: int) -> ReferralCampaign:
    found = ReferralCampaign.objects.visible_to(actor).select_related("union")
    campaign = found.filter(pk=campaign_id).select_for_update(of=("self",)).first()
    require(campaign, NOT_FOUND)
    return campaign


def _pools(terms: CampaignTerms) -> dict[int, Pool]:
    found = Pool.objects.unscoped("named by a campaign, checked below").select_related("release__union")
    return found.in_bulk([terms.joiner_pool_id, terms.referrer_pool_id])


def _wrong_terms(terms: CampaignTerms) -> list[str]:
    wrong = []
    if not terms.name.strip():
        wrong.append(_("请写名称。"))
    if terms.ends_at <= terms.starts_at:
        wrong.append(_("结束要晚于开始。"))
    if not 1 <= terms.per_referrer <= PER_REFERRER_MAX:
        wrong.append(_("每人奖励 1 到 {most} 次。").format(most=PER_REFERRER_MAX))
    known = set(WorkerGroup.objects.values_list("code", flat=True))
    if set(terms.groups) - known:
        wrong.append(_("有不认识的职业群体。"))
    return wrong


def _wrong_pools(union: Union, terms: CampaignTerms, pools: dict[int, Pool]) -> list[str]:
    wanted = (
        (_("新会员的券"), terms.joiner_pool_id, 1),
        (_("介绍人的券"), terms.referrer_pool_id, terms.per_referrer),
    )
    if terms.joiner_pool_id == terms.referrer_pool_id:
        return [_("新会员和介绍人的券要分开两份投放，各有各的预算。")]
    wrong = []
    for said, pool_id, times in wanted:
        pool = pools.get(pool_id)
        if pool is None or not union.path.startswith(pool.release.union.path):
            wrong.append(_("{which}不是本工会或上级工会的投放。").format(which=said))
            continue
        release = pool.release
        if release.mode != Release.Mode.PACK or release.party_max != 1 or release.confirm_within_s:
            wrong.append(_("{which}要用“随礼包发放”、一人一张、领到即用的投放。").format(which=said))
        if release.state not in READY:
            wrong.append(_("{which}的投放还没有复核，或者已经结束。").format(which=said))
        if release.per_person < times:
            told = {"which": said, "need": times}
            wrong.append(_("{which}的每人限领次数至少要 {need}。").format(**told))
    return wrong
