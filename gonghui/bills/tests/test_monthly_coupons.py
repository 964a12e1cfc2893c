"""Domain N12, with its numbers: 20,000 coupons 满 200 减 30 on the 1st of each month, 600,000 yuan set aside for each."""

import datetime as dt

import pytest
import time_machine

from gonghui.benefits.actions import releases
from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills import purses
from gonghui.bills.actions import series as actions
from gonghui.bills.actions.series import SeriesPlan
from gonghui.bills.models import SeriesDay
from gonghui.bills.tests.priced import given_voucher
from gonghui.bills.tests.stage import SYSTEM, by_payer, open_shop, sold
from gonghui.bills.tests.written import by_union, purses_of, put_up, release_of
from gonghui.funds.queries import budget_figures
from gonghui.funds.tests.stage import approved, build_money, funded_source, trial
from gonghui.kit.clock import CHINA

COUPONS, OFF_YUAN, MONTH_YUAN = 20_000, 30, 600_000
WRITTEN = dt.datetime(2026, 10, 26, 10, tzinfo=CHINA)
NOVEMBER, DECEMBER = (dt.datetime(2026, month, 1, 9, tzinfo=CHINA) for month in (11, 12))
MONTHLY = SeriesPlan("每月一号发券", "monthly", dt.date(2026, 11, 1), dt.date(2027, 12, 31), ahead_days=1)


@pytest.fixture
def clock():
    with time_machine.travel(WRITTEN, tick=False) as traveller:
        yield traveller


@pytest.fixture
def year(cast, clock):
    """The city's coupons of two months, all the province's money."""
    build_money(open_shop(cast))
    source = funded_source(cast, "province", yuan=2 * MONTH_YUAN)
    above = approved(cast, "province", source=source, yuan=2 * MONTH_YUAN)
    return approved(cast, "city", parent=above, yuan=2 * MONTH_YUAN)


def coupon(cast, budget):
    """满 200 减 30, all of it the union's."""
    return put_up(cast, by_union(budget, takes_rest=True))


def monthly(cast, made):
    ends = DECEMBER.replace(hour=0)
    times = {"announce_at": NOVEMBER - dt.timedelta(days=1), "opens_at": NOVEMBER, "closes_at": ends}
    template = release_of(made, cast, COUPONS, **times)
    template.pools.update(valid_until=ends)
    series = actions.draft_series(cast.actor("city_admin"), release_id=template.pk, plan=MONTHLY)
    return actions.review_series(cast.actor("province_admin"), series_id=series.pk)


def month_of(clock, on: dt.datetime) -> SeriesDay:
    """Made the day before, as the job does."""
    clock.move_to(on - dt.timedelta(hours=20))
    (made,) = actions.make_due_days(SYSTEM)
    return made


def left_yuan(budget) -> int:
    return budget_figures(fresh(budget)).available // 100


@pytest.mark.django_db
def test_twenty_thousand_coupons_set_six_hundred_thousand_yuan_aside_each_month(cast, year, clock):
    monthly(cast, coupon(cast, year))
    assert COUPONS * OFF_YUAN == MONTH_YUAN
    for on, left in ((NOVEMBER, MONTH_YUAN), (DECEMBER, 0)):
        one = month_of(clock, on)
        assert (one.problem, fresh(one.release).state) == ("", "reviewed")
        assert one.release.pools.get().capacity == COUPONS
        assert (purses_of(one.release), left_yuan(year)) == ([MONTH_YUAN * 100], left)
    assert trial() == 0


@pytest.mark.django_db
def test_one_coupon_more_is_refused_for_lack_of_money(cast, year, clock):
    made = coupon(cast, year)
    monthly(cast, made)
    november, _december = month_of(clock, NOVEMBER), month_of(clock, DECEMBER)
    one_more = release_of(made, cast, 1)
    reviewer = cast.actor("province_admin")
    assert refused(releases.review_release, reviewer, release_id=one_more.pk) == "budget_short"
    assert (fresh(one_more).state, purses_of(one_more), left_yuan(year)) == ("draft", [], 0)
    grown = {"pool_id": november.release.pools.get().pk, "capacity": COUPONS + 1, "reason": "再加一张"}
    said = refused(releases.change_capacity, cast.actor("city_admin"), **grown)
    assert said == "offer_release_not_enlarged"
    assert (purses_of(november.release), trial()) == ([MONTH_YUAN * 100], 0)


@pytest.mark.django_db
def test_what_nobody_claimed_or_used_goes_back_when_the_month_is_over(cast, year, clock):
    monthly(cast, coupon(cast, year))
    release = month_of(clock, NOVEMBER).release
    releases.announce_release(cast.actor("city_admin"), release_id=release.pk)
    clock.move_to(NOVEMBER + dt.timedelta(days=3))
    pool = release.pools.get()
    used, _unused = (given_voucher(pool, cast.people[who].pk) for who in ("mei", "lan"))
    bill = sold(cast, 20_000, customer=used.code)
    assert (bill.due_fen, by_payer(bill)["union"]) == (17_000, OFF_YUAN * 100)
    clock.move_to(DECEMBER.replace(hour=0) - dt.timedelta(minutes=1))
    assert purses.sweep_purses(SYSTEM) == 0
    clock.move_to(DECEMBER.replace(hour=0, minute=37))
    assert purses.sweep_purses(SYSTEM) == (MONTH_YUAN - OFF_YUAN) * 100
    assert purses.sweep_purses(SYSTEM) == 0
    assert (left_yuan(year), trial()) == (2 * MONTH_YUAN - OFF_YUAN, 0)
