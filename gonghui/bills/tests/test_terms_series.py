"""A release that comes again: each time once, reviewed by two, with its own money, whatever stops the job."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from gonghui.benefits.models import Release
from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills.actions import series as actions
from gonghui.bills.actions.series import SeriesPlan, days_of, months_later, wrong_series
from gonghui.bills.models import ReleaseSeries, SeriesDay
from gonghui.bills.tests.written import REST, by_union, drafted, purses_of, put_up, release_of
from gonghui.funds.queries import budget_figures
from gonghui.funds.tests.stage import build_money
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.notices.models import Message
from gonghui.partners.tests.stage import standing_agreement
from tests.console_contract import ConsoleContract

SYSTEM = Actor.system("test")
NOW = dt.datetime(2026, 10, 26, 10, tzinfo=CHINA)
MONTHLY = SeriesPlan("每月一号发券", "monthly", dt.date(2026, 11, 1), dt.date(2027, 12, 31))


@pytest.fixture
def now():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def template(cast, money, *, off_fen: int = 3000, places: int = 10) -> Release:
    """A draft that opens on 1 November at nine and is good for that month."""
    made = put_up(cast, by_union(money.city, permille=500), REST)
    at = dt.datetime(2026, 11, 1, 9, tzinfo=CHINA)
    ends = dt.datetime(2026, 12, 1, tzinfo=CHINA)
    release = release_of(
        made, cast, places, announce_at=at - dt.timedelta(days=2), opens_at=at, closes_at=ends
    )
    release.pools.update(valid_until=ends)
    return release


def written(cast, money, plan: SeriesPlan = MONTHLY, **facts) -> ReleaseSeries:
    release = template(cast, money, **facts)
    return actions.draft_series(cast.actor("city_admin"), release_id=release.pk, plan=plan)


def running(cast, money, plan: SeriesPlan = MONTHLY, **facts) -> ReleaseSeries:
    made = written(cast, money, plan, **facts)
    return actions.review_series(cast.actor("province_admin"), series_id=made.pk)


@pytest.fixture
def money(cast):
    standing_agreement(cast.store.partner)
    return build_money(cast)


@pytest.mark.parametrize(
    ("plan", "days"),
    [
        (MONTHLY, ["2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01"]),
        (SeriesPlan("月底", "monthly", dt.date(2026, 11, 1), dt.date(2027, 2, 28), day=31),
         ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]),
        (SeriesPlan("周五周六", "weekly", dt.date(2026, 11, 1), dt.date(2026, 11, 14), weekdays=(5, 6)),
         ["2026-11-06", "2026-11-07", "2026-11-13", "2026-11-14"]),
        (SeriesPlan("工惠日", "days", dt.date(2026, 11, 1), dt.date(2026, 12, 31),
                    days=(dt.date(2026, 12, 18), dt.date(2026, 11, 8), dt.date(2027, 1, 8))),
         ["2026-11-08", "2026-12-18"]),
    ],
)  # fmt: skip
def test_days_of_a_rule(plan, days):
    found = [str(day) for day in days_of(plan, dt.date(2026, 10, 1), dt.date(2027, 2, 28))]
    assert found == days


def test_months_later_keeps_to_the_end_of_the_month():
    last = dt.datetime(2026, 1, 31, 9, tzinfo=CHINA)
    assert months_later(last, 1) == dt.datetime(2026, 2, 28, 9, tzinfo=CHINA)
    assert months_later(last, 11) == dt.datetime(2026, 12, 31, 9, tzinfo=CHINA)


def test_rule_that_never_comes_is_said():
    past = SeriesPlan("过去", "days", dt.date(2026, 1, 1), dt.date(2026, 12, 31), days=(dt.date(2026, 1, 5),))
    assert wrong_series(past, dt.date(2026, 6, 1)) == ["按这个规则，今后一次也不会投放。"]
    assert wrong_series(SeriesPlan("", "weekly", dt.date(2026, 2, 1), dt.date(2026, 1, 1)), NOW.date()) == [
        "请填写名称。",
        "开始日期不能晚于截止日期。",
        "请选择每周的哪几天。",
    ]


@pytest.mark.django_db
def test_each_month_is_a_release_of_its_own_with_its_own_money(cast, money, now):
    series = running(cast, money)
    (first,) = actions.make_due_days(SYSTEM)
    assert (first.starts_on, first.problem, first.release.offer_id) == (
        dt.date(2026, 11, 1),
        "",
        series.template.offer_id,
    )
    assert (fresh(first.release).state, purses_of(first.release)) == ("reviewed", [15_000])
    assert actions.make_due_days(SYSTEM) == []
    now.move_to(dt.datetime(2026, 11, 25, 10, tzinfo=CHINA))
    (second,) = actions.make_due_days(SYSTEM)
    release = fresh(second.release)
    assert (release.opens_at, release.closes_at) == (
        dt.datetime(2026, 12, 1, 9, tzinfo=CHINA),
        dt.datetime(2027, 1, 1, tzinfo=CHINA),
    )
    assert release.pools.get().valid_until == dt.datetime(2027, 1, 1, tzinfo=CHINA)
    assert (release.maker_id, release.checker_id) == (series.maker_id, series.checker_id)
    assert release.title == "十月发券（12月1日）"
    assert fresh(series.template).state == "draft"


@pytest.mark.django_db
def test_short_budget_leaves_a_draft_tells_the_owners_once_and_is_tried_again(cast, money, now):
    running(cast, money, places=2_000)  # 30,000 元, all the city has left
    other = put_up(cast, by_union(money.city, permille=500, set_aside_fen=100), REST, needs_voucher=False)
    (one,) = actions.make_due_days(SYSTEM)
    assert (fresh(one.release).state, purses_of(one.release)) == ("draft", [])
    assert "需要 30,000 元" in one.problem
    assert Message.objects.unscoped("test").filter(kind="series").count() == 2
    before = budget_figures(fresh(money.city)).available
    now.shift(dt.timedelta(days=1))
    actions.make_due_days(SYSTEM)
    assert Message.objects.unscoped("test").filter(kind="series").count() == 2
    assert budget_figures(fresh(money.city)).available == before
    from gonghui.bills.actions.terms import end_terms
    from gonghui.bills.purses import sweep_purses

    end_terms(cast.actor("city_admin"), terms_id=other.pk, reason="让出预算")
    sweep_purses(SYSTEM)
    actions.make_due_days(SYSTEM)
    done = fresh(one)
    assert (done.problem, fresh(done.release).state, purses_of(done.release)) == ("", "reviewed", [3_000_000])


@pytest.mark.django_db
def test_nothing_is_made_before_the_review_nor_after_the_stop(cast, money, now):
    made = written(cast, money)
    assert actions.make_due_days(SYSTEM) == []
    assert (
        refused(actions.review_series, cast.actor("city_admin"), series_id=made.pk)
        == "series_maker_is_checker"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        ReleaseSeries.objects.unscoped("test").filter(pk=made.pk).update(
            state="reviewed", checker=made.maker_id
        )
    actions.review_series(cast.actor("province_admin"), series_id=made.pk)
    assert (
        refused(actions.stop_series, cast.actor("sister_admin"), series_id=made.pk, reason="停")
        == "not_found"
    )
    actions.stop_series(cast.actor("city_admin"), series_id=made.pk, reason="经费调整")
    assert actions.make_due_days(SYSTEM) == []
    assert actions.make_day(SYSTEM, series_id=made.pk, day=dt.date(2026, 11, 1)) is None
    assert not SeriesDay.objects.unscoped("test").exists()


@pytest.mark.django_db
def test_day_that_has_opened_already_is_not_made_up_for(cast, money, now):
    running(cast, money)
    now.move_to(dt.datetime(2026, 11, 1, 9, 30, tzinfo=CHINA))
    assert actions.make_due_days(SYSTEM) == []


@pytest.mark.django_db
def test_template_is_one_draft_of_one_series(cast, money, now):
    made = written(cast, money)
    again = {"release_id": made.template_id, "plan": MONTHLY}
    assert refused(actions.draft_series, cast.actor("city_admin"), **again) == "series_template_taken"
    draw = release_of(drafted(cast), cast, 5, mode="draw")
    admin = cast.actor("city_admin")
    assert refused(actions.draft_series, admin, release_id=draw.pk, plan=MONTHLY) == "series_template_is_draw"


@pytest.mark.django_db(transaction=True)
def test_jobs_at_once_make_one_release(cast, money):
    with time_machine.travel(NOW, tick=True):
        series = running(cast, money)

        def ask(_n: int):
            try:
                return actions.make_day(SYSTEM, series_id=series.pk, day=dt.date(2026, 11, 1))
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(ask, range(4)))
    assert sum(answer is not None for answer in answers) == 1
    assert SeriesDay.objects.unscoped("test").count() == 1
    assert Release.objects.unscoped("test").count() == 2


@pytest.mark.django_db
def test_series_is_typed_in_the_back_office(cast, client, money, now):
    release = template(cast, money)
    posted = {
        "release": release.pk, "title": "每月一号发券", "rule": "monthly", "day": "1", "starts_on": "2026-11-01",
        "ends_on": "2027-12-31", "ahead_days": "7", "days": "",
    }  # fmt: skip
    cast.sign_in(client, "city_admin")
    wrong = client.post(reverse("admin:series_new"), posted | {"rule": "days"})
    assert (wrong.status_code, "请填写指定的日子" in wrong.content.decode()) == (422, True)
    answer = client.post(reverse("admin:series_new"), posted)
    made = ReleaseSeries.objects.unscoped("test").get()
    assert (answer.status_code, answer.url) == (302, reverse("admin:series", args=[made.pk]))
    shown = client.get(answer.url)
    assert shown.context["coming"][:2] == [dt.date(2026, 11, 1), dt.date(2026, 12, 1)]
    cast.sign_in(client, "sister_admin")
    assert client.get(answer.url).status_code == 404


class TestSeriesScreen(ConsoleContract):
    model = ReleaseSeries

    def own(self, cast):
        return self._made(cast, "city", "city_admin")

    def foreign(self, cast):
        return self._made(cast, "sister", "sister_admin")

    def more(self, cast, count):
        for _n in range(count):
            self._made(cast, "city", "city_admin")

    def _made(self, cast, union: str, maker: str) -> ReleaseSeries:
        from gonghui.benefits.tests.crowd import new_pool, new_release

        release = new_release(cast.unions[union], state="draft", checker=None)
        new_pool(release)
        plan = SeriesPlan("每周", "weekly", dt.date(2026, 1, 1), dt.date(2035, 12, 31), weekdays=(5,))
        return actions.draft_series(cast.actor(maker), release_id=release.pk, plan=plan)
