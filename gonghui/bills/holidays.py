"""法定节假日: days off with the weekends between them, by the yearly notice where it is out, else by the law."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays as off_days
from django.utils.translation import gettext as _

from gonghui.kit.workdays import last_noticed_year

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=16)
def statutory_holidays(year: int) -> frozenset[date]:
    known = off_days.country_holidays("CN", years=(year - 1, year, year + 1))
    off = set(known)
    for day in sorted(off):
        for step in (ONE_DAY, -ONE_DAY):
            _take_weekend(off, day + step, step, known.weekend_workdays)
    return frozenset(day for day in off if day.year == year)


def _take_weekend(off: set[date], day: date, step: timedelta, worked: set[date]) -> None:
    """Saturdays and Sundays that lie against a day off belong to it, unless they are worked to make up."""
    while day not in off and day.weekday() >= 5 and day not in worked:
        off.add(day)
        day += step


def holidays_around(day: date) -> frozenset[date]:
    """Enough of them for every window that began yesterday and for the next opening within a year."""
    return _around(day.year)


@lru_cache(maxsize=8)
def _around(year: int) -> frozenset[date]:
    return frozenset().union(*(statutory_holidays(y) for y in (year - 1, year, year + 1, year + 2)))


def says_known_holidays() -> str:
    """For the editor of windows."""
    return _("节假日已按国务院通知排到 %(year)d 年；以后的年份先按法定假日计算，调休以通知为准。") % {
        "year": last_noticed_year()
    }
