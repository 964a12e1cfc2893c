"""Domain N12, with its numbers: 20,000 coupons 满 200 减 30 on the 1st of each month, 600,000 yuan set aside for each.

The engine of claims asks the database what time it is, and that clock does not travel: so the month that is played is the one we
are in, since its 1st at nine, and the month after it.
"""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine

from gonghui.benefits import engine, tasks
from gonghui.benefits.actions import claims, releases
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Release, Voucher
from gonghui.benefits.tests.crowd import counts, new_crowd
from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills import purses, terms_tasks
from gonghui.bills.actions import series as actions
from gonghui.bills.actions.series import SeriesPlan, months_later
from gonghui.bills.models import SeriesDay
from gonghui.bills.tests.stage import SYSTEM, by_payer, open_shop, sold
from gonghui.bills.tests.written import by_union, purses_of, put_up, release_of
from gonghui.funds.queries import budget_figures
from gonghui.funds.tests.stage import approved, build_money, funded_source, trial
from gonghui.kit.clock import CHINA

COUPONS, OFF_YUAN, MONTH_YUAN = 20_000, 30, 600_000


def first_at_nine(today: dt.datetime, months: int) -> dt.datetime:
    """Of the month that began last, or of one after it."""
    begun = (today - dt.timedelta(hours=9)).date().replace(day=1)
    return dt.datetime.combine(months_later(begun, months), dt.time(9), CHINA)


THIS_MONTH, NEXT_MONTH = (first_at_nine(dt.datetime.now(CHINA), months) for months in (0, 1))
WRITTEN = THIS_MONTH - dt.timedelta(days=6)
MONTHLY = SeriesPlan(
    "每月一号发券", "monthly", THIS_MONTH.date(), THIS_MONTH.date() + dt.timedelta(days=400), ahead_days=1
)


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
    """Announced a day before, good until the next month's are out."""
    times = {
        "announce_at": THIS_MONTH - dt.timedelta(days=1),
        "opens_at": THIS_MONTH,
        "closes_at": NEXT_MONTH,
    }
    template = release_of(made, cast, COUPONS, **times)
    template.pools.update(valid_until=NEXT_MONTH)
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
    for on, left in ((THIS_MONTH, MONTH_YUAN), (NEXT_MONTH, 0)):
        one = month_of(clock, on)
        assert (one.problem, fresh(one.release).state) == ("", "reviewed")
        assert one.release.pools.get().capacity == COUPONS
        assert (purses_of(one.release), left_yuan(year)) == ([MONTH_YUAN * 100], left)
    assert trial() == 0


@pytest.mark.django_db
def test_one_coupon_more_is_refused_for_lack_of_money(cast, year, clock):
    made = coupon(cast, year)
    monthly(cast, made)
    first, _second = month_of(clock, THIS_MONTH), month_of(clock, NEXT_MONTH)
    one_more = release_of(made, cast, 1)
    reviewer = cast.actor("province_admin")
    assert refused(releases.review_release, reviewer, release_id=one_more.pk) == "budget_short"
    assert (fresh(one_more).state, purses_of(one_more), left_yuan(year)) == ("draft", [], 0)
    grown = {"pool_id": first.release.pools.get().pk, "capacity": COUPONS + 1, "reason": "再加一张"}
    said = refused(releases.change_capacity, cast.actor("city_admin"), **grown)
    assert said == "offer_release_not_enlarged"
    assert (purses_of(first.release), trial()) == ([MONTH_YUAN * 100], 0)


def at(clock, moment: dt.datetime) -> str:
    """The night's job and the minute's come by, and nobody else; what the month's release is afterwards."""
    clock.move_to(moment)
    terms_tasks.make_series_days()
    tasks.follow_the_clock(0)
    made = Release.objects.unscoped("test").filter(series_day__isnull=False, opens_at=THIS_MONTH).first()
    return made.state if made else ""


@pytest.mark.django_db
def test_first_of_the_month_comes_by_the_clock_alone(cast, year, clock):
    monthly(cast, coupon(cast, year))
    minute, night = dt.timedelta(minutes=1), THIS_MONTH.replace(hour=0, minute=47)
    said = [
        (night - dt.timedelta(days=2), ""),
        (night - dt.timedelta(days=1), "reviewed"),
        (THIS_MONTH - dt.timedelta(days=1) - minute, "reviewed"),
        (THIS_MONTH - dt.timedelta(days=1), "announced"),
        (THIS_MONTH - minute, "announced"),
        (THIS_MONTH, "open"),
    ]
    assert [at(clock, moment) for moment, _state in said] == [state for _moment, state in said]
    release = Release.objects.unscoped("test").get(series_day__isnull=False)
    assert purses_of(release) == [MONTH_YUAN * 100]
    assert at(clock, NEXT_MONTH) == "closed"
    assert trial() == 0


@pytest.mark.django_db
def test_twenty_thousand_are_claimed_at_the_door_and_the_next_one_waits(cast, year, clock):
    """The crowd in batches, as the gate hands them in; Mei and Lan by themselves, for the last place."""
    monthly(cast, coupon(cast, year))
    for moment in (THIS_MONTH - dt.timedelta(days=1), THIS_MONTH):
        at(clock, moment)
    (pool,) = Release.objects.unscoped("test").get(series_day__isnull=False).pools.all()
    crowd = [Claim(person_id=person, key=uuid4()) for person in new_crowd(COUPONS - 1)]
    for start in range(0, len(crowd), 1_000):
        answers = engine.settle_claims(pool.pk, crowd[start : start + 1_000])
        assert {answer.answer for answer in answers} == {"won"}
    last, too_late = (claims.claim(cast.actor(who), pool_id=pool.pk, key=uuid4()) for who in ("mei", "lan"))
    assert (last.answer, last.remaining, too_late.answer, too_late.place) == ("won", 0, "waiting", 1)
    assert counts(pool) == (COUPONS, 0)
    again = claims.claim(cast.actor("mei"), pool_id=pool.pk, key=uuid4())
    assert (again.answer, again.code) == ("already", last.code)
    assert (left_yuan(year), trial()) == (MONTH_YUAN, 0)


@pytest.mark.django_db
def test_month_that_has_not_begun_gives_nothing_at_the_door(cast, year, clock):
    """Announced already; the engine looks at the database's clock and says when."""
    monthly(cast, coupon(cast, year))
    clock.move_to(NEXT_MONTH - dt.timedelta(hours=20))
    terms_tasks.make_series_days()
    tasks.follow_the_clock(0)
    release = Release.objects.unscoped("test").get(series_day__isnull=False, opens_at=NEXT_MONTH)
    assert release.state == "announced"
    answer = claims.claim(cast.actor("mei"), pool_id=release.pools.get().pk, key=uuid4())
    assert (answer.answer, Voucher.objects.unscoped("test").count()) == ("not_open", 0)


@pytest.mark.django_db
def test_what_nobody_claimed_or_used_goes_back_when_the_month_is_over(cast, year, clock):
    monthly(cast, coupon(cast, year))
    for moment in (THIS_MONTH - dt.timedelta(days=1), THIS_MONTH):
        at(clock, moment)
    pool = Release.objects.unscoped("test").get(series_day__isnull=False).pools.get()
    used, _unused = (
        claims.claim(cast.actor(who), pool_id=pool.pk, key=uuid4()).code for who in ("mei", "lan")
    )
    clock.move_to(THIS_MONTH + dt.timedelta(days=3))
    bill = sold(cast, 20_000, customer=used)
    assert (bill.due_fen, by_payer(bill)["union"]) == (17_000, OFF_YUAN * 100)
    clock.move_to(NEXT_MONTH - dt.timedelta(minutes=1))
    assert purses.sweep_purses(SYSTEM) == 0
    clock.move_to(NEXT_MONTH + dt.timedelta(minutes=1))
    assert purses.sweep_purses(SYSTEM) == (MONTH_YUAN - OFF_YUAN) * 100
    assert purses.sweep_purses(SYSTEM) == 0
    assert (left_yuan(year), trial()) == (2 * MONTH_YUAN - OFF_YUAN, 0)
