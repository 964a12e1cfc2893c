"""The report: every figure once, within one's own subtree, in a fixed number of queries, giving nobody away."""

import datetime as dt
import io
from uuid import uuid4

import openpyxl
import pytest

from gonghui.activities import actions, reports
from gonghui.activities.models import HolidayPeriod, ReadDay
from gonghui.activities.reports import (
    TO_EXPORT,
    activity_report,
    export_report,
    holiday_report,
    satisfaction_text,
)
from gonghui.activities.rules import merged_small_groups
from gonghui.activities.tests import stage
from gonghui.activities.tests.stage import SYSTEM, announced, fresh, planned, with_session, written
from gonghui.activities.tests.test_activities import refused
from gonghui.benefits import engine
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Redemption, Reminder, Voucher
from gonghui.benefits.tests.crowd import new_crowd
from gonghui.feedback.models import Rating
from gonghui.kit import clock
from gonghui.kit.actors import Actor, Grant
from gonghui.members.models import Membership


def lived_through(cast, activity=None, session=None, release=None):
    """Ten places: eight parties win nine, one returns, one of the line moves up, six come, one does not, two are left."""
    if activity is None:
        activity, session, release = announced(cast, seats=10)
    stage.open_at_once(release)
    crowd = new_crowd(12)
    unions = [cast.unions["factory"]] * 11 + [cast.unions["riders"]]
    Membership.objects.bulk_create(
        Membership(person_id=p, union=u) for p, u in zip(crowd, unions, strict=True)
    )
    claims = [Claim(p, key=uuid4(), seats=3 if n == 0 else 1) for n, p in enumerate(crowd)]
    answers = engine.settle_claims(session.pool_id, claims)
    assert [a.answer for a in answers] == ["won"] * 8 + ["waiting"] * 4
    engine.give_back(answers[7].voucher_id, "returned")
    vouchers = list(Voucher.objects.unscoped("test").filter(pool_id=session.pool_id).order_by("serial"))
    for voucher in vouchers[:6]:
        come(cast, voucher)
    missing = Voucher.objects.unscoped("test").filter(pk=vouchers[6].pk)
    missing.update(state="no_show")
    Reminder.objects.bulk_create(Reminder(release=release, person_id=p) for p in crowd[:5])
    ReadDay.objects.create(activity=activity, day=clock.today(), readers=43)
    rate(cast, activity, vouchers[:6], [5, 5, 5, 4, 4, 3])
    return fresh(activity)


def come(cast, voucher) -> None:
    Voucher.objects.unscoped("test").filter(pk=voucher.pk).update(state="redeemed")
    Redemption.objects.create(
        voucher=voucher,
        kind="check_in",
        at=clock.now(),
        store=cast.store,
        clerk=cast.users["clerk"],
        arrived=voucher.seats,
        idempotency_key=uuid4(),
    )


def rate(cast, activity, vouchers, scores) -> None:
    Rating.objects.bulk_create(
        Rating(
            union_id=activity.union_id,
            subject_type="activity",
            subject_id=activity.pk,
            person_id=voucher.person_id,
            voucher_id=voucher.pk,
            score=score,
        )
        for voucher, score in zip(vouchers, scores, strict=True)
    )


def test_report_counts_everything_once(cast):
    activity = lived_through(cast)
    figures = activity_report(cast.actor("city_admin"), activity_id=activity.pk).figures
    assert {name: getattr(figures, name) for name in reports.ADDED} == {
        "places": 10,
        "reads": 43,
        "likes": 0,
        "reminders": 5,
        "entrants": 12,
        "wins": 9,
        "seats_out": 10,
        "waiting": 4,
        "promoted": 1,
        "returned": 1,
        "expired": 0,
        "voided": 0,
        "came_tickets": 6,
        "came": 8,
        "no_shows": 1,
        "cost_fen": 26_000,
        "ratings": 6,
        "satisfied": 5,
        "score_sum": 26,
    }
    assert (figures.cost_per_head_fen, figures.no_show_share) == (3250, 1 / 7)
    assert satisfaction_text(figures) == "83.3%（样本不足）"


def test_report_of_nothing_has_no_shares(cast):
    activity, _session, _release = announced(cast)
    figures = activity_report(cast.actor("city_admin"), activity_id=activity.pk).figures
    shares = (figures.satisfaction, figures.cost_per_head_fen, figures.no_show_share)
    assert (shares, satisfaction_text(figures)) == ((None, None, None), "暂无评价")


def test_report_has_series_for_its_charts(cast):
    activity = lived_through(cast)
    report = activity_report(cast.actor("city_admin"), activity_id=activity.pk)
    today = clock.today()
    assert report.reads_by_day == ((today, 43),)
    assert report.came_by_day == ((today, 8),)
    assert [n for _hour, n in report.wins_by_hour] == [9]


def test_holiday_report_adds_up_its_activities(cast):
    first = lived_through(cast)
    second, _session, _release = announced(cast, seats=5)
    actions.plan_year(cast.actor("city_admin"), year=2026)
    holiday = HolidayPeriod.objects.get(code="national_day")
    for activity in (first, second):
        activity.holiday = holiday
        activity.save()
    report = holiday_report(cast.actor("city_admin"), holiday_id=holiday.pk)
    assert [line.figures.places for line in report.lines] == [10, 5]
    assert (report.figures.places, report.figures.wins, report.figures.ratings) == (15, 9, 6)


def test_totals_of_the_sources_can_be_told():
    """N11: 42 million yuan for 1.6 million person-times are 26.25 yuan a head."""
    figures = reports.Figures(cost_fen=4_200_000_000, came=1_600_000)
    assert figures.cost_per_head_fen == 2625


@pytest.mark.parametrize(
    ("name", "code"),
    [("sister_admin", "not_found"), ("judge", "not_found"), ("mei", "not_found"), ("anonymous", "not_found")],
)
def test_report_is_read_only_within_ones_subtree(cast, name, code):
    activity, _session, _release = announced(cast)
    assert refused(activity_report, cast.actor(name), activity_id=activity.pk) == code


def test_holiday_report_of_a_sister_city_has_none_of_ours(cast):
    activity = lived_through(cast)
    actions.plan_year(cast.actor("city_admin"), year=2026)
    activity.holiday = HolidayPeriod.objects.get(code="national_day")
    activity.save()
    seen = {
        name: len(holiday_report(cast.actor(name), holiday_id=activity.holiday_id).lines)
        for name in ("province_admin", "city_admin", "finance_officer", "sister_admin")
    }
    assert seen == {"province_admin": 1, "city_admin": 1, "finance_officer": 1, "sister_admin": 0}
    assert refused(holiday_report, cast.actor("mei"), holiday_id=activity.holiday_id) == "not_allowed"


@pytest.mark.parametrize(("activities", "queries"), [(1, 16), (3, 17)])
def test_report_takes_the_same_queries_however_many_activities(
    cast, django_assert_num_queries, activities, queries
):
    actions.plan_year(cast.actor("city_admin"), year=2026)
    holiday = HolidayPeriod.objects.get(code="national_day")
    for _n in range(activities):
        activity = lived_through(cast)
        activity.holiday = holiday
        activity.save()
    admin = cast.actor("city_admin")
    # holiday, activities; 8 counts; metric, ratings; three series; groups, and their names where any may be shown
    with django_assert_num_queries(queries):
        report = holiday_report(admin, holiday_id=holiday.pk)
    assert report.figures.wins == 9 * activities


def test_groups_of_fewer_than_ten_are_never_shown(cast):
    """Nine winners in all: nothing to break down."""
    activity = lived_through(cast)
    assert activity_report(cast.actor("city_admin"), activity_id=activity.pk).by_union == ()


def test_groups_are_unions_one_step_below(cast):
    activity = written(cast, "province_admin", "province")
    session = with_session(cast, activity, seats=40, name="province_admin")
    release = planned_by_province(cast, activity, session)
    stage.open_at_once(release)
    crowd = new_crowd(36)
    homes = ["factory"] * 12 + ["district"] * 11 + ["riders"] * 13
    Membership.objects.bulk_create(
        Membership(person_id=p, union=cast.unions[home]) for p, home in zip(crowd, homes, strict=True)
    )
    engine.settle_claims(session.pool_id, [Claim(p, key=uuid4()) for p in crowd])
    report = activity_report(cast.actor("province_admin"), activity_id=activity.pk)
    assert report.by_union == (("东江市总工会", 23), ("西岭市总工会", 13))


def planned_by_province(cast, activity, session):
    admin = cast.actor("province_admin")
    release = actions.plan_release(
        admin, activity_id=activity.pk, session_ids=[session.pk], terms=stage.terms()
    )
    session.refresh_from_db()
    type(release).objects.unscoped("test").filter(pk=release.pk).update(
        state="announced", checker_id=cast.users["city_admin"].pk
    )
    return release


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        ({"a": 50, "b": 12}, {"a": 50, "b": 12}),
        ({"a": 50, "b": 6, "c": 4}, {"a": 50, "": 10}),
        ({"a": 50, "b": 12, "c": 3}, {"a": 50, "": 15}),
        ({"a": 50, "b": 3}, {"": 53}),
        ({"a": 4, "b": 3}, {}),
        ({}, {}),
    ],
)
def test_small_groups_are_merged_until_none_gives_anybody_away(groups, shown):
    assert merged_small_groups(groups) == shown


def test_report_is_exported_as_a_sheet(cast):
    activity = lived_through(cast)
    admin = cast.actor("city_admin")
    target = io.BytesIO()
    assert export_report(admin, activity_report(admin, activity_id=activity.pk), target) == 2
    sheet = openpyxl.load_workbook(io.BytesIO(target.getvalue())).worksheets[0]
    heading, line, total = (list(row) for row in sheet.iter_rows(values_only=True))
    assert heading[:5] == ["活动", "类型", "主办工会", "状态", "名额"]
    assert line[:5] == ["国庆电影专场", "电影", "东江市总工会", "已预告", 10]
    assert (total[0], total[heading.index("补贴合计（元）")], total[-1]) == ("合计", 260, "83.3%（样本不足）")


def test_sheet_holds_only_what_is_read_and_exported_by_the_same_actor(cast):
    """Reads the whole city, exports one factory: the city's sheet is not theirs."""
    activity = lived_through(cast)
    city, factory = cast.unions["city"].path, cast.unions["factory"].path
    reader = Grant("reviewer", city, frozenset({"reports.view"}))
    exporter = Grant("finance_officer", factory, frozenset({"reports.view", "reports.export"}))
    actor = Actor(user_id=cast.users["judge"].pk, grants=(reader, exporter))
    assert activity_report(actor, activity_id=activity.pk).title == activity.title
    assert refused(activity_report, actor, activity_id=activity.pk, verbs=TO_EXPORT) == "not_found"
    both = Actor(user_id=actor.user_id, grants=(Grant("finance_officer", city, exporter.verbs),))
    assert activity_report(both, activity_id=activity.pk, verbs=TO_EXPORT).title == activity.title


def test_report_is_exported_only_by_those_who_may(cast):
    activity = lived_through(cast)
    report = activity_report(cast.actor("city_admin"), activity_id=activity.pk)
    for name in ("mei", "judge", "anonymous"):
        target = io.BytesIO()
        assert refused(export_report, cast.actor(name), report, target) == "not_allowed"
        assert target.getvalue() == b""


def test_evaluation_keeps_the_report_of_the_day(cast):
    activity = lived_through(cast)
    type(activity).objects.unscoped("test").filter(pk=activity.pk).update(state="ended")
    evaluated = actions.evaluate_activity(cast.actor("city_admin"), activity_id=activity.pk)
    assert (evaluated.evaluation["figures"]["came"], evaluated.evaluation["figures"]["cost_fen"]) == (
        8,
        26_000,
    )
    assert fresh(activity).state == "evaluated"


def test_staged_releases_count_as_one_activity(cast):
    activity = written(cast)
    sessions = [with_session(cast, activity, seats=10, day=day) for day in (2, 3)]
    for session in sessions:
        planned(cast, activity, [session], opens_at=clock.now() + dt.timedelta(hours=1))
    figures = activity_report(SYSTEM, activity_id=activity.pk).figures
    assert figures.places == 20
