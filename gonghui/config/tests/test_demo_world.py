"""The demo world: as many as the sources count, and never stale for whoever comes back."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from inspect import isawaitable
from math import cos, radians
from types import SimpleNamespace

import pytest
from django.db.models import Count, F, Sum
from django.test import override_settings
from procrastinate.contrib.django import app

from gonghui.activities.models import Activity
from gonghui.audiences.models import Audience
from gonghui.benefits.models import Pool, Release
from gonghui.bills.models import BenefitDay, OfferTerms, PackItem, ReleaseSeries, WelcomePack
from gonghui.complaints.models import Complaint
from gonghui.config.world.build import Size, build_world, is_empty
from gonghui.config.world.merchants import APPLICANT_PHONE, MERCHANT_PHONE
from gonghui.config.world.programme import ITEMS, is_stale, renew_programme
from gonghui.config.world.service_points import CIRCLES
from gonghui.funds.models import BenefitRule, Budget, PointGrant, Section
from gonghui.funds.queries import budget_forest, figures_of
from gonghui.funds.shipped_rules import SHIPPED
from gonghui.funds.tests.stage import trial
from gonghui.joining.models import IN_REVIEW, Channel, JoinApplication, PosterDay
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.mall.models import MallOrder, PictureFile, Product, ProductPicture
from gonghui.members.models import (
    Consent,
    ExportRequest,
    Farewell,
    Person,
    RetentionRule,
    RosterImport,
    TransferRequest,
    TransferStep,
)
from gonghui.notices.models import Send
from gonghui.notices.results import result_of
from gonghui.opsdesk.models import BroadcastRecipient, DigestIssue, Question
from gonghui.orgs.models import Union, UnionRegistration
from gonghui.partners.models import Agreement, Hall, Partner
from gonghui.portal.queries.stores import stores_now
from gonghui.referrals.models import Referral
from gonghui.settlement.models import Dispute, Payout, Period
from gonghui.settlement.reconciling import reconcile
from gonghui.wellbeing.models import Enrolment, HealthPlan
from tests.emptying import empty_database

pytestmark = pytest.mark.django_db
MEMBERS, SEED = 1000, 2017


class Silent:
    def start(self, title: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker, tmp_path_factory):
    """Where its cards lie: one world for the file, which it takes away again."""
    place = tmp_path_factory.mktemp("world")
    with django_db_blocker.unblock():
        with override_settings(DATA_DIR=place):
            build_world(Size(MEMBERS), SEED, Silent())
        yield place
        empty_database()


@pytest.fixture
def world(built, settings, db):
    """What a test does to it is taken back."""
    settings.DATA_DIR = built


def test_world_is_as_large_as_the_sources_say(world):
    unions = Union.objects.unscoped("test")
    kinds = {kind: unions.filter(kind=kind).count() for kind in ("province", "city", "district")}
    assert kinds == {"province": 1, "city": 21, "district": 124}
    joined = JoinApplication.objects.unscoped("test").filter(state="approved").count()
    on_sheets = RosterImport.objects.unscoped("test").get(state="applied").count_new
    assert Person.objects.unscoped("test").count() == MEMBERS + joined + on_sheets
    assert (
        Partner.objects.unscoped("test")
        .exclude(kind__in=["health", "food", "car", "living", "retail"])
        .count()
        == 35
    )
    cinema = Hall.objects.unscoped("test").filter(store__name="市二宫影城")
    assert cinema.aggregate(seats=Sum("seats")) == {"seats": 600}
    pools = Pool.objects.unscoped("test")
    cruise = pools.filter(release__title="珠江夜游").values_list("capacity", flat=True)
    wetland = pools.filter(release__title="南沙湿地公园会员日")
    assert set(cruise) == {380}
    assert set(wetland.values_list("capacity", "honour_by")) == {(1000, Pool.HonourBy.EXCHANGE)}
    now = clock.now()
    soon = Release.objects.unscoped("test").filter(
        mode="grab", opens_at__gt=now, opens_at__lt=now + dt.timedelta(minutes=5)
    )
    assert soon.count() >= 3
    assert is_empty() is False


def test_world_has_a_neighbourhood_of_service_points(world):
    """Thirty in some four square kilometres; five canteens with an hour for riders, a barber, an inn (domain S3-02 … S3-04)."""
    points = [point for circle in CIRCLES for point in circle.points]
    assert len(points) == 30
    latitudes, longitudes = zip(*(point.at for point in points), strict=True)
    down_km = (max(latitudes) - min(latitudes)) * 111.32
    across_km = (max(longitudes) - min(longitudes)) * 111.32 * cos(radians(latitudes[0]))
    assert 3.5 < down_km * across_km < 5
    shown = {one.store.name: one for one in stores_now(Actor())}
    assert {point.name for point in points} <= shown.keys() and all(one.has_place for one in shown.values())
    canteens = [one for one in shown.values() if any(g.shown.title == "骑手特惠时段" for g in one.given)]
    assert len(canteens) == 5 and "13:00–14:00" in canteens[0].given[0].shown.when_here[0]
    inn = shown["江南旅馆"].given[0].shown
    assert (inn.says, inn.terms.family) == ("协议价168元", True)
    assert shown["阿强理发店"].given[0].shown.says == "一口价25元"


def test_world_has_complaints_at_every_step(world):
    found = Complaint.objects.unscoped("test")
    states = sorted(found.values_list("state", flat=True))
    assert states == ["agreed", "answered", "escalated", "escalated", "open", "upheld"]
    assert [one.state for one in found if one.is_overdue] == ["escalated"]
    assert trial() == 0


def test_world_has_money_worth_looking_at(world, settings):
    assert BenefitRule.objects.unscoped("test").filter(is_verified=False).count() == len(SHIPPED)
    budgets = list(Budget.objects.unscoped("test"))
    figures = figures_of(budgets)
    states = {budget.state for budget in budgets}
    assert {"draft", "submitted", "approved", "adjusting"} <= states
    assert max(branch_depth(branch) for branch in budget_forest(budgets)) == 5
    assert sum(one.spent for one in figures.values()) > 0
    assert sum(one.committed for one in figures.values()) > 0
    grants = PointGrant.objects.unscoped("test").values_list("state", flat=True)
    assert set(grants) >= {"granted", "draft"}
    cards = json.loads((settings.DATA_DIR / "accounts.json").read_text(encoding="utf-8"))
    assert {"finance", "treasury", "audit", MERCHANT_PHONE, APPLICANT_PHONE} <= {c["login"] for c in cards}


def test_world_has_a_settled_month_in_every_state(world):
    months = Period.objects.unscoped("test").filter(made_at__isnull=False).order_by("starts_on")
    assert [month.state for month in months] == ["closed", "closing"]
    found = months.last().statements.values_list("state", flat=True)
    assert set(found) == {"draft", "sent", "disputed", "confirmed", "approved", "paid"}
    assert Dispute.objects.unscoped("test").filter(state="open").count() == 1
    payouts = Payout.objects.unscoped("test").values_list("state", flat=True)
    assert {"sent", "paid", "bounced"} == set(payouts)
    assert all(reconcile(row).is_equal for month in months for row in month.statements.all())
    cinema = months.last().statements.get(partner__name="市第二工人文化宫")
    assert cinema.fee_fen > 0
    health = Agreement.objects.unscoped("test").filter(partner__kind="health")
    assert not health.filter(payout_shown="").exists()
    assert trial() == 0


def branch_depth(branch) -> int:
    return 1 + max(map(branch_depth, branch.below), default=0)


def test_programme_that_is_over_is_held_again_and_the_old_one_stays(world):
    assert is_stale() is False
    before = set(Activity.objects.unscoped("test").values_list("pk", flat=True))
    days = dt.timedelta(days=90)
    past = {name: F(name) - days for name in ("announce_at", "opens_at", "closes_at", "cancel_until")}
    Release.objects.unscoped("test").update(**past)
    assert is_stale() is True
    renew_programme(Silent())
    assert is_stale() is False
    after = set(Activity.objects.unscoped("test").values_list("pk", flat=True))
    assert before < after
    assert len(after - before) == len(ITEMS)


def test_world_has_what_comes_again_and_together(world):
    series = ReleaseSeries.objects.unscoped("test").select_related("template").get()
    assert (series.rule, series.day, series.template.pools.get().capacity) == ("monthly", 1, 20_000)
    (made,) = series.occurrences.select_related("release")
    assert (made.problem, made.release.state) == ("", "reviewed")
    assert BenefitDay.objects.get().named.says() == "每月最后一个周五"
    riders = OfferTerms.objects.unscoped("test").get(offer__title="骑手错峰七折")
    at_two, on_their_day = riders.windows.order_by("id")
    assert (len(at_two.store_ids), riders.offer_stores.count(), at_two.capacity) == (2, 5, 100)
    assert on_their_day.benefit_day_id == BenefitDay.objects.get().pk
    bundle = Release.objects.unscoped("test").get(title="安心出行礼包（充电+洗车+体检）")
    kinds = PackItem.objects.unscoped("test").filter(pack=bundle)
    merchants = kinds.values_list("pool__release__offer__priced_by__offer_stores__store__partner").distinct()
    assert (bundle.state, merchants.count()) == ("announced", 3)
    assert WelcomePack.objects.unscoped("test").get().ended_at is None


def test_health_plan_has_people_at_every_step_and_the_books_at_zero(world):
    states = Enrolment.objects.unscoped("test").order_by().values_list("state").annotate(n=Count("pk"))
    found = dict(states)
    assert set(found) == {"attended", "booked", "co_pay_paid", "co_pay_due", "applied"}
    plan = HealthPlan.objects.unscoped("test").get(state="open")
    assert (plan.quota, plan.taken) == (2000, sum(found.values()) - found["applied"])
    assert trial() == 0


def test_mall_has_twelve_sections_and_orders_at_every_step(world):
    listed = Product.objects.unscoped("test").filter(state="listed")
    assert (Section.objects.count(), listed.count(), listed.values("section").distinct().count()) == (
        12,
        16,
        12,
    )
    shown = ProductPicture.objects.unscoped("test").filter(product__in=listed, nth=1)
    assert (shown.count(), PictureFile.objects.unscoped("test").values("picture").distinct().count()) == (
        15,
        26,
    )
    states = set(MallOrder.objects.unscoped("test").values_list("state", flat=True))
    assert states == {
        "points_held", "paid", "to_ship", "shipped", "delivered", "completed", "refund_requested", "refunded", "cancelled",
    }  # fmt: skip
    assert trial() == 0


def states_of(model) -> set[str]:
    return set(model.objects.unscoped("test").values_list("state", flat=True))


def test_world_has_unions_and_members_on_every_way_in(world):
    assert states_of(UnionRegistration) == {
        "draft",
        "submitted",
        "returned",
        "approved",
        "rejected",
        "withdrawn",
    }
    late = UnionRegistration.objects.unscoped("test").filter(due_on__lt=clock.today(), state="submitted")
    assert late.count() == 1
    found = JoinApplication.objects.unscoped("test")
    assert states_of(JoinApplication) == set(JoinApplication.State.values)
    assert set(found.values_list("channel", flat=True)) == set(Channel.values)
    assert sum(row.is_overdue for row in found.filter(state__in=IN_REVIEW)) == 1
    assert states_of(RosterImport) == {"applied", "checked"}
    assert PosterDay.objects.unscoped("test").count() == 5 * 14
    introductions = Referral.objects.unscoped("test")
    assert sorted(introductions.values_list("state", flat=True)) == [
        "pending",
        "qualified",
        "rewarded",
        "rewarded",
    ]
    assert [row.flags for row in introductions if row.needs_a_look] == [["same_device"]]
    assert trial() == 0


def test_world_has_members_who_move(world):
    assert states_of(TransferRequest) == {"opened", "released", "accepted", "refused", "cancelled"}
    steps = TransferStep.objects.unscoped("test").filter(by="clock")
    assert set(steps.values_list("kind", flat=True)) == {"released", "escalated"}


def test_world_has_audiences_and_what_came_of_a_send(world):
    audiences = Audience.objects.unscoped("test")
    assert set(audiences.values_list("state", flat=True)) == {"active", "retired"}
    riders = audiences.get(name="骑手和快递员")
    assert (riders.versions.count(), riders.tally.count > 0, riders.tally.problem) == (2, True, "")
    assert len(set(riders.runs.filter(state="done").values_list("people", flat=True))) > 1
    assert {"done", "paused", "proposed", "waiting"} <= states_of(Send)
    [read] = Send.objects.unscoped("test").filter(key="demo:read")
    result = result_of(read)
    # So small a world has six riders, and who is held out is chance.
    assert 0 < result.liked <= result.clicked <= result.read <= result.reached
    assert read.holdout_percent == 10 and "没有同意接收短信" in result.channels[1].whys


def test_world_has_an_operators_desk_with_its_first_issue(world):
    assert states_of(Question) >= {
        "asked",
        "taken",
        "asked_back",
        "escalated",
        "fixed",
        "confirmed",
        "digested",
    }
    assert states_of(DigestIssue) == {"published", "draft"}
    assert DigestIssue.objects.unscoped("test").get(state="published").entries.count() == 5
    assert next(row.title for row in Question.objects.unscoped("test") if row.is_overdue).startswith(
        "希望群发结果"
    )
    told = BroadcastRecipient.objects.unscoped("test")
    assert not told.filter(told_at=None).exists() and told.exclude(acknowledged_at=None).count() == 2


def test_world_has_personal_data_in_two_peoples_hands(world):
    assert states_of(ExportRequest) == {"asked", "refused", "made"}
    assert ExportRequest.objects.unscoped("test").get(state="made").downloads == 1
    assert RetentionRule.objects.exclude(ran_at=None).count() == RetentionRule.objects.count() > 0
    assert set(Consent.objects.unscoped("test").values_list("purpose", flat=True)) >= {
        "privacy",
        "joining",
        "messages",
    }
    assert Farewell.objects.unscoped("test").get().state == "cooling"


def test_every_job_of_the_clock_runs_on_it(world):
    """What a world holds of every kind meets every sweep: one that cannot go on would fail each minute, and be seen by nobody."""
    tasks = [clocked.task for clocked in app.periodic_registry.periodic_tasks.values()]
    assert len(tasks) > 50
    for task in tasks:
        facts = {"context": SimpleNamespace(app=app)} if task.pass_context else {}
        asked = task.func(**facts, timestamp=0)
        if isawaitable(asked):
            asyncio.run(asked)
