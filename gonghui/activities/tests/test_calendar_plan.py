"""N06: twelve holidays a year, laid down for any year and edited afterwards."""

import datetime as dt

import pytest

from gonghui.activities import actions
from gonghui.activities.models import HolidayPeriod
from gonghui.activities.tests.stage import written
from gonghui.activities.tests.test_activities import refused


@pytest.mark.parametrize("year", [2017, 2026, 2060])
def test_year_has_twelve_holidays_each_with_a_theme(cast, year):
    planned = actions.plan_year(cast.actor("city_admin"), year=year)
    assert len(planned) == 12
    assert all(p.theme and p.starts_on <= p.date <= p.ends_on for p in planned)
    assert len({p.theme for p in planned}) == 12


def test_planning_twice_keeps_what_was_edited(cast):
    admin = cast.actor("city_admin")
    actions.plan_year(admin, year=2026)
    national = HolidayPeriod.objects.get(year=2026, code="national_day")
    facts = {"starts_on": dt.date(2026, 9, 30), "ends_on": dt.date(2026, 10, 8)}
    actions.change_holiday(admin, holiday_id=national.pk, theme="盛世中华", colour="red", **facts)
    written(cast, holiday_id=national.pk)
    actions.plan_year(admin, year=2026)
    kept = HolidayPeriod.objects.get(pk=national.pk)
    assert (kept.theme, kept.starts_on, HolidayPeriod.objects.count()) == (
        "盛世中华",
        dt.date(2026, 9, 30),
        12,
    )


@pytest.mark.parametrize("name", ["finance_officer", "judge", "mei", "anonymous"])
def test_year_is_planned_only_by_those_who_may(cast, name):
    assert refused(actions.plan_year, cast.actor(name), year=2026) == "not_allowed"
    assert HolidayPeriod.objects.count() == 0
