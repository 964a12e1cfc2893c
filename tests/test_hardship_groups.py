"""Worker groups that tell of hardship: offered to who may use such data, at no till, and taken from nobody who forges them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.urls import reverse

from gonghui.activities.forms.how import HowForm
from gonghui.benefits.actions.releases import change_release
from gonghui.benefits.models import Release
from gonghui.benefits.tests import plans
from gonghui.bills.actions.days import DayPlan, write_benefit_day
from gonghui.bills.admin.releasing import CouponsForm
from gonghui.bills.forms import group_choices
from gonghui.bills.models import BenefitDay
from gonghui.funds.actions.grants import draft_grant
from gonghui.funds.forms import GrantForm
from gonghui.funds.models import PointGrant
from gonghui.funds.tests.granting import drafted
from gonghui.funds.tests.stage import build_money
from gonghui.joining import actions as joining
from gonghui.joining.models import JoinPoster
from gonghui.joining.queries import groups as said_of_oneself
from gonghui.kit.errors import DomainError
from gonghui.members.models import WorkerGroup
from gonghui.orgs.models import Grant
from gonghui.referrals.actions import CampaignTerms, draft_campaign
from gonghui.referrals.admin import CampaignForm
from gonghui.referrals.models import ReferralCampaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def cared_for(cast) -> str:
    return WorkerGroup.objects.create(code="cared_for", name="帮扶对象", kind="hardship").code


def operator_of(cast):
    """Writes all of it, and holds no `members.sensitive`."""
    found = cast.actor("city_admin")
    without = tuple(replace(grant, verbs=grant.verbs - {"members.sensitive"}) for grant in found.grants)
    return replace(found, grants=without)


def codes(field) -> set[str]:
    return {code for code, _name in field.choices}


@pytest.mark.parametrize(("form", "field"), [
    (GrantForm, "audience_groups"), (CouponsForm, "audience_groups"), (CampaignForm, "groups"), (HowForm, "groups"),
], ids=["points", "coupons", "campaign", "activity"])  # fmt: skip
def test_hardship_is_offered_to_who_may_use_it(cast, cared_for, form, field):
    assert cared_for in codes(form(actor=cast.actor("city_admin")).fields[field])
    assert cared_for not in codes(form(actor=operator_of(cast)).fields[field])


WRITTEN = (Release, PointGrant, ReferralCampaign, BenefitDay, JoinPoster)


def counts() -> list[int]:
    return [model.objects.unscoped("test").count() for model in WRITTEN]


def refused(call) -> str:
    before = counts()
    with pytest.raises(DomainError) as said:
        call()
    assert counts() == before
    return said.value.code


def test_forged_hardship_group_is_refused(cast, cared_for):
    money, actor = build_money(cast), operator_of(cast)
    release, terms = plans.drafted(cast), plans.terms(audience_groups=(cared_for,))
    campaign = CampaignTerms("携手", dt.datetime(2026, 12, 1), dt.datetime(2026, 12, 9), 1, 1, [cared_for])
    known = drafted(money)
    facts = {
        name: getattr(known, name)
        for name in ("title", "category", "festival", "per_head", "roster_on", "expires_on")
    }
    for call in (
        lambda: change_release(actor, release_id=release.pk, terms=terms),
        lambda: draft_campaign(actor, union_id=cast.unions["city"].pk, terms=campaign),
        lambda: draft_grant(
            actor, union=cast.unions["city"], budget=money.city, audience_groups=[cared_for], **facts
        ),
    ):
        assert refused(call) == "audience_sensitive"
    assert plans.fresh(release).audience_groups == []
    change_release(cast.actor("city_admin"), release_id=release.pk, terms=terms)
    assert plans.fresh(release).audience_groups == [cared_for]


def test_hardship_shows_at_no_till_and_is_no_trade(cast, cared_for):
    actor, city = cast.actor("city_admin"), cast.unions["city"].pk
    assert cared_for not in dict(group_choices()) and cared_for not in said_of_oneself()
    day = DayPlan("帮扶日", "monthly", groups=(cared_for,))
    assert refused(lambda: write_benefit_day(actor, union_id=city, plan=day)) == "terms_group_sensitive"
    factory = cast.unions["factory"].pk
    forged = lambda: joining.make_poster(actor, union_id=factory, place="门口", group=cared_for)  # noqa: E731
    assert refused(forged) == "join_unknown_group"


def test_forged_group_stands_in_no_form(cast, client, cared_for):
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(role="operator")
    answer = cast.sign_in(client, "city_admin").get(reverse("admin:join_poster_new"))
    assert "帮扶对象" not in answer.content.decode()
