"""The twelve days of the year that unions hold activities for, computed for any year.

Seven days on which everybody is off, the two on which workers of one kind are (women, the young), and the
three traditional days that unions mark with activities (灯谜, 七夕, 敬老). The day is computed; days off and
working weekends follow the State Council's yearly notice where it is out, else the law and plain weekends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays as off_days
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from holidays.countries.china import ChinaStaticHolidays
from lunar_python import Lunar

FIRST_YEAR, LAST_YEAR = 1990, 2099
TWO_DAY_WEEKEND_SINCE = date(1995, 5, 1)
ONE_DAY = timedelta(days=1)
Day = date  # inside `Holiday` the name `date` is the field


@dataclass(frozen=True, slots=True)
class Holiday:
    """`from_date` to `to_date` is the run of days off around the day, or else the day alone."""

    code: str
    name: str | Promise
    date: Day
    from_date: Day
    to_date: Day
    make_up_days: tuple[Day, ...]
    is_published: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    name: str | Promise
    day_in: Callable[[int], date]
    is_off: bool


def _solar(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def _lunar(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date.fromisoformat(Lunar.fromYmd(year, month, day).getSolar().toYmd())


def _clear_and_bright(year: int) -> date:
    return date.fromisoformat(Lunar.fromYmd(year, 1, 1).getJieQiTable()["清明"].toYmd())


RULES: tuple[_Rule, ...] = (
    _Rule("new_year", _("元旦"), _solar(1, 1), is_off=True),
    _Rule("spring_festival", _("春节"), _lunar(1, 1), is_off=True),
    _Rule("lantern_festival", _("元宵节"), _lunar(1, 15), is_off=False),
    _Rule("womens_day", _("三八国际妇女节"), _solar(3, 8), is_off=False),
    _Rule("qingming", _("清明节"), _clear_and_bright, is_off=True),
    _Rule("labour_day", _("五一国际劳动节"), _solar(5, 1), is_off=True),
    _Rule("youth_day", _("五四青年节"), _solar(5, 4), is_off=False),
    _Rule("dragon_boat", _("端午节"), _lunar(5, 5), is_off=True),
    _Rule("qixi", _("七夕节"), _lunar(7, 7), is_off=False),
    _Rule("mid_autumn", _("中秋节"), _lunar(8, 15), is_off=True),
    _Rule("national_day", _("国庆节"), _solar(10, 1), is_off=True),
    _Rule("double_ninth", _("重阳节"), _lunar(9, 9), is_off=False),
)
NAMES: dict[str, str | Promise] = {rule.code: rule.name for rule in RULES}


@lru_cache(maxsize=128)
def holidays_of(year: int) -> tuple[Holiday, ...]:
    """The twelve days in order of date."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the calendar covers {FIRST_YEAR} to {LAST_YEAR}, not {year}")
    return tuple(sorted((_holiday(rule, year) for rule in RULES), key=lambda holiday: holiday.date))


def holiday(code: str, year: int) -> Holiday:
    return next(found for found in holidays_of(year) if found.code == code)


def upcoming_holidays(on: date, count: int = 3) -> list[Holiday]:
    """Those not over on that day, nearest first; the calendar may end sooner than `count`."""
    years = range(max(on.year, FIRST_YEAR), min(on.year + 1 + count // len(RULES), LAST_YEAR) + 1)
    return [found for year in years for found in holidays_of(year) if found.to_date >= on][:count]


def is_day_off(on: date) -> bool:
    """Statutory days and weekends, less the weekends that are worked to make up."""
    known = _known_days()
    return on in known or (_is_weekend(on) and on not in known.weekend_workdays)


def make_up_days(year: int) -> list[date]:
    """Weekend days worked in that year, as far as published."""
    known = _known_days()
    return sorted(day for day in known.weekend_workdays if day.year == year)


def is_published(year: int) -> bool:
    """Whether the yearly notice on days off is known; before that only the law is."""
    return year in ChinaStaticHolidays.special_public_holidays


def _holiday(rule: _Rule, year: int) -> Holiday:
    day = rule.day_in(year)
    if not rule.is_off or day not in _known_days():
        return Holiday(rule.code, rule.name, day, day, day, (), is_published(year))
    first, last = _edge(day, -ONE_DAY), _edge(day, ONE_DAY)
    return Holiday(rule.code, rule.name, day, first, last, _made_up_for(first, last), is_published(year))


def _edge(day: date, step: timedelta) -> date:
    while is_day_off(day + step):
        day += step
    return day


def _made_up_for(first: date, last: date) -> tuple[date, ...]:
    """The working weekends that the days off from first to last were taken from."""
    known = _known_days()
    run = [first + ONE_DAY * n for n in range((last - first).days + 1)]
    notes = " ".join(known.get(day, "") for day in run)
    named = {date.fromisoformat(text) for text in re.findall(r"\d{4}-\d{2}-\d{2}", notes)}
    return tuple(sorted(named & known.weekend_workdays))


def _is_weekend(on: date) -> bool:
    return on.weekday() == 6 or (on.weekday() == 5 and on >= TWO_DAY_WEEKEND_SINCE)


@lru_cache(maxsize=1)
def _known_days() -> off_days.HolidayBase:
    # A year more on both sides: the days off around 元旦 begin in December. No growing on a look-up,
    # so that threads may share it.
    years = range(FIRST_YEAR - 1, LAST_YEAR + 2)
    return off_days.country_holidays("CN", years=years, expand=False, language="zh_CN")
