"""One's own invitation code for a mini-program: what it is good for now, and who came by it."""

from __future__ import annotations

from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Query, Router, Schema

from gonghui.kit.masks import mask_name
from gonghui.portal.api import schemas
from gonghui.referrals import queries
from gonghui.referrals.actions import show_code
from gonghui.referrals.models import Referral, ReferralCampaign

router = Router(tags=["account"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 20


class CampaignOut(Schema):
    """`joiner_gift`, `referrer_gift`: what both get once the membership is approved; passing the code on is never paid."""

    campaign_id: int
    name: str
    union: str
    groups: list[str]
    starts_at: datetime
    ends_at: datetime
    joiner_gift: str
    referrer_gift: str
    per_referrer: int
    stay_days: int


class IntroductionOut(Schema):
    """`who`: the surname, once they are a member. `state`: pending, qualified, rewarded, void."""

    at: datetime
    who: str
    state: str
    why_void: str
    is_over_cap: bool


class InvitationOut(Schema):
    code: str
    campaigns: list[CampaignOut]
    introductions: list[IntroductionOut]
    count: int


@router.get("/me/invitation", response={200: InvitationOut, **REFUSALS})
def invitation(request: HttpRequest, page: int = Query(1, ge=1, le=10_000)):
    """Introductions newest first."""
    code = show_code(request.actor).code
    pages = Paginator(queries.introductions_of(request.actor), PAGE_SIZE)
    return {
        "code": code,
        "campaigns": [campaign_out(row) for row in queries.campaigns_open_to(request.actor)],
        "introductions": [introduction_out(row) for row in pages.get_page(page)],
        "count": pages.count,
    }


def campaign_out(row: ReferralCampaign) -> CampaignOut:
    return CampaignOut(
        campaign_id=row.pk, name=row.name, union=row.union.name, groups=row.groups, starts_at=row.starts_at,
        ends_at=row.ends_at, joiner_gift=row.joiner_pool.release.offer.title,
        referrer_gift=row.referrer_pool.release.offer.title, per_referrer=row.per_referrer, stay_days=row.stay_days,
    )  # fmt: skip


def introduction_out(row: Referral) -> IntroductionOut:
    who = mask_name(row.joinee.name) if row.joinee else ""
    return IntroductionOut(
        at=row.created_at, who=who, state=row.state, why_void=row.why_void, is_over_cap=row.is_over_cap
    )
