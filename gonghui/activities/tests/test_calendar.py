from datetime import date, timedelta

import pytest

from gonghui.activities import calendar
from gonghui.activities.calendar import holiday, holidays_of, is_day_off, upcoming_holidays

CODES = [
    "new_year", "spring_festival", "lantern_festival", "womens_day", "qingming", "labour_day", "youth_day",
    "dragon_boat", "qixi", "mid_autumn", "national_day", "double_ninth",
]  # fmt: skip

# Year: 春节, 元宵, 清明, 端午, 七夕, 中秋, 重阳 as printed in almanacs.
KNOWN = {
    1990: ("01-27", "02-10", "04-05", "05-28", "08-26", "10-03", "10-26"),
    1995: ("01-31", "02-14", "04-05", "06-02", "08-02", "09-09", "11-01"),
    2000: ("02-05", "02-19", "04-04", "06-06", "08-06", "09-12", "10-06"),
    2004: ("01-22", "02-05", "04-04", "06-22", "08-22", "09-28", "10-22"),
    2008: ("02-07", "02-21", "04-04", "06-08", "08-07", "09-14", "10-07"),
    2012: ("01-23", "02-06", "04-04", "06-23", "08-23", "09-30", "10-23"),
    2015: ("02-19", "03-05", "04-05", "06-20", "08-20", "09-27", "10-21"),
    2016: ("02-08", "02-22", "04-04", "06-09", "08-09", "09-15", "10-09"),
    2017: ("01-28", "02-11", "04-04", "05-30", "08-28", "10-04", "10-28"),
    2018: ("02-16", "03-02", "04-05", "06-18", "08-17", "09-24", "10-17"),
    2019: ("02-05", "02-19", "04-05", "06-07", "08-07", "09-13", "10-07"),
    2020: ("01-25", "02-08", "04-04", "06-25", "08-25", "10-01", "10-25"),
    2021: ("02-12", "02-26", "04-04", "06-14", "08-14", "09-21", "10-14"),
    2022: ("02-01", "02-15", "04-05", "06-03", "08-04", "09-10", "10-04"),
    2023: ("01-22", "02-05", "04-05", "06-22", "08-22", "09-29", "10-23"),
    2024: ("02-10", "02-24", "04-04", "06-10", "08-10", "09-17", "10-11"),
    2025: ("01-29", "02-12", "04-04", "05-31", "08-29", "10-06", "10-29"),
    2026: ("02-17", "03-03", "04-05", "06-19", "08-19", "09-25", "10-18"),
    2033: ("01-31", "02-14", "04-04", "06-01", "08-01", "09-08", "10-01"),
}
MOVABLE = (
    "spring_festival",
    "lantern_festival",
    "qingming",
    "dragon_boat",
    "qixi",
    "mid_autumn",
    "double_ninth",
)


@pytest.mark.parametrize("year", KNOWN)
def test_holidays_of_known_years(year):
    assert [f"{holiday(code, year).date:%m-%d}" for code in MOVABLE] == list(KNOWN[year])


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("new_year", "01-01"),
        ("womens_day", "03-08"),
        ("labour_day", "05-01"),
        ("youth_day", "05-04"),
        ("national_day", "10-01"),
    ],
)
def test_fixed_holidays_stay_where_they_are(code, day):
    assert {f"{holiday(code, year).date:%m-%d}" for year in range(1990, 2100)} == {day}


def test_every_year_has_the_twelve_in_order_and_within_their_season():
    for year in range(1990, 2100):
        found = holidays_of(year)
        assert sorted(one.code for one in found) == sorted(CODES)
        assert [one.date for one in found] == sorted(one.date for one in found)
        assert all(one.date.year == year and one.from_date <= one.date <= one.to_date for one in found)
        assert date(year, 1, 21) <= holiday("spring_festival", year).date <= date(year, 2, 21)
        assert date(year, 4, 4) <= holiday("qingming", year).date <= date(year, 4, 6)
        assert date(year, 9, 7) <= holiday("mid_autumn", year).date <= date(year, 10, 8)
        spring, lantern = holiday("spring_festival", year).date, holiday("lantern_festival", year).date
        assert lantern - spring == timedelta(days=14)


@pytest.mark.parametrize(
    ("code", "year", "first", "last"),
    [
        ("new_year", 2017, "2016-12-31", "2017-01-02"),
        ("spring_festival", 2017, "2017-01-27", "2017-02-02"),
        ("qingming", 2017, "2017-04-02", "2017-04-04"),
        ("labour_day", 2017, "2017-04-29", "2017-05-01"),
        ("dragon_boat", 2017, "2017-05-28", "2017-05-30"),
        ("mid_autumn", 2017, "2017-10-01", "2017-10-08"),
        ("national_day", 2017, "2017-10-01", "2017-10-08"),
        ("mid_autumn", 2015, "2015-09-26", "2015-09-27"),
        ("national_day", 2020, "2020-10-01", "2020-10-08"),
        ("labour_day", 2023, "2023-04-29", "2023-05-03"),
        ("spring_festival", 2024, "2024-02-10", "2024-02-17"),
        ("spring_festival", 2025, "2025-01-28", "2025-02-04"),
        ("national_day", 2025, "2025-10-01", "2025-10-08"),
        ("lantern_festival", 2017, "2017-02-11", "2017-02-11"),
        ("qingming", 2007, "2007-04-05", "2007-04-05"),
    ],
)
def test_days_off_follow_the_yearly_notice(code, year, first, last):
    found = holiday(code, year)
    assert (str(found.from_date), str(found.to_date)) == (first, last)


def test_make_up_days_of_the_year_and_of_the_holiday():
    assert [str(day) for day in calendar.make_up_days(2017)] == [
        "2017-01-22", "2017-02-04", "2017-04-01", "2017-05-27", "2017-09-30",
    ]  # fmt: skip
    assert holiday("spring_festival", 2017).make_up_days == (date(2017, 1, 22), date(2017, 2, 4))
    assert holiday("national_day", 2017).make_up_days == (date(2017, 9, 30),)
    assert holiday("womens_day", 2017).make_up_days == ()


def test_is_day_off_knows_worked_weekends():
    assert is_day_off(date(2017, 9, 30)) is False
    assert is_day_off(date(2017, 10, 4)) is True
    assert is_day_off(date(2017, 9, 24)) is True
    assert is_day_off(date(2017, 9, 25)) is False


def test_years_without_a_notice_fall_back_to_the_law():
    assert calendar.is_published(2017) is True
    assert calendar.is_published(2080) is False
    spring = holiday("spring_festival", 2080)
    assert (spring.is_published, spring.make_up_days) == (False, ())
    assert spring.from_date < spring.date < spring.to_date


def test_upcoming_holidays_from_a_day():
    names = [(one.code, one.date.year) for one in upcoming_holidays(date(2017, 10, 3), 4)]
    assert names == [("national_day", 2017), ("mid_autumn", 2017), ("double_ninth", 2017), ("new_year", 2018)]
    assert [one.code for one in upcoming_holidays(date(2017, 12, 31), 1)] == ["new_year"]
    assert len(upcoming_holidays(date(2017, 1, 1), 30)) == 30
    assert [one.code for one in upcoming_holidays(date(2099, 10, 20), 5)] == ["double_ninth"]


def test_holidays_outside_the_calendar_are_refused():
    for year in (1989, 2100):
        with pytest.raises(ValueError, match="1990"):
            holidays_of(year)


def test_names_are_what_workers_call_them():
    assert str(calendar.NAMES["spring_festival"]) == "春节"
    assert len(calendar.NAMES) == 12
