"""Working days: by the notices of the State Council that staff wrote down, else those the calendar package knows, else the law.

Days are data: `MovedDay` says of a single day that it is worked or off, whatever the package says, as every year's notice moves
some. A deadline is the day that was promised when it began; a notice that comes later moves none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

import holidays as off_days
from django.apps import apps
from holidays.countries.china import ChinaStaticHolidays

ONE_DAY = timedelta(days=1)


def last_noticed_year() -> int:
    """The last year whose notice the package knows; later ones stand as the law has them, without moved weekends."""
    return max(ChinaStaticHolidays.special_public_holidays)


@lru_cache(maxsize=16)
def _calendar(year: int) -> off_days.HolidayBase:
    return off_days.country_holidays("CN", years=(year,))


def is_working_day(day: date, moved: Mapping[date, bool] | None = None) -> bool:
    """Weekends worked to make up count. `moved`: days written down, with whether they are worked; read where not given."""
    written = moved_from(day, day) if moved is None else moved
    if day in written:
        return written[day]
    known = _calendar(day.year)
    return day in known.weekend_workdays if day.weekday() >= 5 else day not in known


def moved_from(first: date, last: date | None = None) -> dict[date, bool]:
    """Day → whether it is worked, of those written down."""
    found = apps.get_model("kit.MovedDay").objects.filter(on__gte=first)
    found = found if last is None else found.filter(on__lte=last)
    return dict(found.values_list("on", "is_worked"))


def working_days_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`; one query."""
    moved = moved_from(day)
    while count:
        day += ONE_DAY
        count -= is_working_day(day, moved)
    return day
