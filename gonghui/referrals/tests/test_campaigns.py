"""Campaigns: by two, with money behind them, one at a time, and what they promise stays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.benefits.tests.plans import refused
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.partners.tests.stage import standing_agreement
from gonghui.referrals import actions
from gonghui.referrals.models import Referral, ReferralCampaign
from gonghui.referrals.tests.stage import applied, approved, code_of, coupon_pool, newcomer, running, terms_of
from tests.console_contract import ConsoleContract


@pytest.fixture
def money(cast):
    standing_agreement(cast.store.partner)
    return build_money(cast)


def drafted(cast, money, **facts) -> ReferralCampaign:
    joiner = coupon_pool(cast, money.city, 3000, 5)
    referrer = coupon_pool(cast, money.city, 2000, 5, per_person=2)
    admin = cast.actor("city_admin")
    terms = terms_of(joiner, referrer, **facts)
    return actions.draft_campaign(admin, union_id=cast.unions["city"].pk, terms=terms)


@pytest.mark.django_db
def test_campaign_is_started_by_another_hand(cast, money):
    made = drafted(cast, money)
    start = {"campaign_id": made.pk}
    assert refused(actions.start_campaign, cast.actor("city_admin"), **start) == "referral_campaign_by_two"
    assert refused(actions.start_campaign, cast.actor("sister_admin"), **start) == "not_found"
    assert refused(actions.start_campaign, cast.actor("judge"), **start) == "not_found"
    assert actions.start_campaign(cast.actor("province_admin"), **start).state == "running"
    assert refused(actions.start_campaign, cast.actor("province_admin"), **start) == "illegal_move"
    again = ReferralCampaign.objects.unscoped("test").filter(pk=made.pk)
    with pytest.raises(IntegrityError, match="referral_campaign_by_two"), transaction.atomic():
        again.update(checker_id=made.maker_id)


@pytest.mark.django_db
def test_what_a_running_campaign_promises_stays(cast, money):
    campaign = running(cast, money.city)
    found = ReferralCampaign.objects.unscoped("test").filter(pk=campaign.pk)
    for change in ({"per_referrer": 1}, {"stay_days": 90}, {"ends_at": clock.now()}):
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            found.update(**change)
    with pytest.raises(IntegrityError, match="cannot go"), transaction.atomic():
        found.update(state="draft")
    with pytest.raises(IntegrityError, match="a campaign stays"), transaction.atomic():
        found.delete()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"per_referrer": 3}, "介绍人的券的每人限领次数至少要 3"),
        ({"per_referrer": 31}, "每人奖励 1 到 30 次"),
        ({"groups": ("pilot",)}, "不认识的职业群体"),
        ({"name": "  "}, "请写名称"),
        ({"ends_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "结束要晚于开始"),
    ],
)
def test_campaign_that_cannot_keep_its_promise_is_refused(cast, money, facts, said):
    with pytest.raises(DomainError) as refusal:
        drafted(cast, money, **facts)
    assert said in str(refusal.value)
    assert not ReferralCampaign.objects.unscoped("test").exists()


@pytest.mark.django_db
def test_vouchers_of_a_sister_city_or_to_grab_are_refused(cast, money):
    pool = coupon_pool(cast, money.city, 3000, 5)
    same = terms_of(pool, pool)
    city = {"union_id": cast.unions["city"].pk}
    wrong = "referral_campaign_wrong"
    assert refused(actions.draft_campaign, cast.actor("city_admin"), terms=same, **city) == wrong
    other = terms_of(pool, coupon_pool(cast, money.city, 2000, 5, per_person=2))
    sister = {"union_id": cast.unions["sister"].pk}
    assert refused(actions.draft_campaign, cast.actor("sister_admin"), terms=other, **sister) == wrong
    assert refused(actions.draft_campaign, cast.actor("city_admin"), terms=other, **sister) == "not_found"


@pytest.mark.django_db
def test_one_campaign_of_a_union_at_a_time(cast, money):
    running(cast, money.city)
    second = drafted(cast, money, name="第二个")
    start = {"campaign_id": second.pk}
    assert (
        refused(actions.start_campaign, cast.actor("province_admin"), **start) == "referral_campaign_clashes"
    )


@pytest.mark.django_db
def test_end_takes_no_new_ones_and_keeps_its_word_to_the_others(cast, money):
    from gonghui.joining.events import ApplicationApproved, ApplicationSubmitted
    from gonghui.referrals import reactions

    campaign = running(cast, money.city)
    first, second = newcomer(0), newcomer(1)
    before = applied(cast, first, code_of(cast.people["mei"]))
    reactions.note_who_invited(ApplicationSubmitted(before.pk))
    actions.end_campaign(cast.actor("city_admin"), campaign_id=campaign.pk)
    after = applied(cast, second, code_of(cast.people["mei"]))
    for application, person in ((before, first), (after, second)):
        approved(cast, application, person)
        reactions.reward_who_invited(ApplicationApproved(application.pk))
    assert [(r.application_id, r.state) for r in Referral.objects.unscoped("test")] == [
        (before.pk, "rewarded")
    ]


@pytest.mark.django_db
def test_campaign_is_drafted_in_the_back_office(cast, client, money):
    joiner = coupon_pool(cast, money.city, 3000, 5)
    referrer = coupon_pool(cast, money.city, 2000, 5, per_person=2)
    cast.sign_in(client, "city_admin")
    given = {
        "union": cast.unions["city"].pk, "name": "五一携手", "joiner_pool": joiner.pk, "referrer_pool": referrer.pk,
        "starts_at": "2030-05-01T00:00", "ends_at": "2030-06-30T00:00", "per_referrer": 2, "stay_days": 30,
    }  # fmt: skip
    assert client.get(reverse("admin:referral_campaign_new")).status_code == 200
    answer = client.post(reverse("admin:referral_campaign_new"), given)
    made = ReferralCampaign.objects.unscoped("test").get()
    assert answer.url == reverse("admin:referrals_referralcampaign_change", args=[made.pk])
    assert (made.state, made.name) == ("draft", "五一携手")
    cast.sign_in(client, "judge")
    assert client.get(reverse("admin:referral_campaign_new")).status_code == 403


class TestCampaignScreen(ConsoleContract):
    model = ReferralCampaign

    @pytest.fixture(autouse=True)
    def _money(self, cast):
        standing_agreement(cast.store.partner)
        self.money = build_money(cast)

    def own(self, cast):
        return drafted(cast, self.money)

    def foreign(self, cast):
        joiner, referrer = (coupon_pool(cast, self.money.city, fen, 2) for fen in (3000, 2000))
        return self._row(cast, cast.unions["sister"], joiner, referrer)

    def more(self, cast, count: int) -> None:
        joiner, referrer = (coupon_pool(cast, self.money.city, fen, 2) for fen in (3000, 2000))
        for _nth in range(count):
            self._row(cast, cast.unions["city"], joiner, referrer)

    def _row(self, cast, union, joiner, referrer):
        now = clock.now()
        return ReferralCampaign.objects.create(
            union=union, name="携手入会", starts_at=now, ends_at=now + dt.timedelta(days=9), joiner_pool=joiner,
            referrer_pool=referrer, maker=cast.users["province_admin"],
        )  # fmt: skip


class TestReferralScreen(ConsoleContract):
    model = Referral

    @pytest.fixture(autouse=True)
    def _money(self, cast):
        standing_agreement(cast.store.partner)
        self.money = build_money(cast)
        self.nth = 0

    def own(self, cast):
        return self._row(cast, running(cast, self.money.city))

    def foreign(self, cast):
        joiner, referrer = (coupon_pool(cast, self.money.city, fen, 2) for fen in (3000, 2000))
        return self._row(cast, TestCampaignScreen()._row(cast, cast.unions["sister"], joiner, referrer))

    def more(self, cast, count: int) -> None:
        joiner, referrer = (coupon_pool(cast, self.money.city, fen, 2) for fen in (3000, 2000))
        campaign = TestCampaignScreen()._row(cast, cast.unions["city"], joiner, referrer)
        for _nth in range(count):
            self._row(cast, campaign)

    def _row(self, cast, campaign):
        from tests.cast import new_person

        self.nth += 1
        person = new_person(f"新人{self.nth}", IDS[self.nth], f"139100000{self.nth:02}", None, verified=True)
        application = applied(cast, person, code_of(cast.people["mei"]))
        return Referral.objects.create(
            campaign=campaign, referrer=cast.people["mei"], application=application
        )


def _ids() -> list[str]:
    """Resident IDs of nobody, with their check digit."""
    from stdnum.cn import ric

    heads = [f"44010119900101{nth:03}" for nth in range(1, 60)]
    return [head + ric.calc_check_digit(head + "0") for head in heads]


IDS = _ids()
