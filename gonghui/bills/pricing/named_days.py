"""工惠日 as a rule: which days a name such as “骑手工惠日” falls on."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from gonghui.kit import clock

LAST = -1
WEEK = timedelta(days=7)
WEEKDAYS = "一二三四五六日"
DAYS_NAMED = 4


class DayRule(StrEnum):
    DATES = "dates"
    MONTHLY = "monthly"  # 每月 18 号; a month without that day has it on its last
    NTH = "nth"  # 每月最后一个周五


@dataclass(frozen=True, slots=True)
class NamedDays:
    id: int | str
    name: str
    rule: DayRule
    day: int = 1
    nth: int = 1
    """1 to 4, or `LAST`."""
    weekday: int = 5
    days: frozenset[date] = frozenset()
    groups: frozenset[str] = frozenset()
    """Whom it is for, where what follows it names nobody itself."""

    def has(self, day: date) -> bool:
        if self.rule == DayRule.DATES:
            return day in self.days
        if self.rule == DayRule.MONTHLY:
            return day.day == min(self.day, calendar.monthrange(day.year, day.month)[1])
        if day.isoweekday() != self.weekday:
            return False
        return (day + WEEK).month != day.month if self.nth == LAST else (day.day - 1) // 7 + 1 == self.nth

    def says(self) -> str:
        """每月最后一个周五; 12月18日、1月8日; of dates those to come, empty when there are none."""
        if self.rule == DayRule.MONTHLY:
            return _("每月 %d 号") % self.day
        if self.rule == DayRule.NTH:
            which = _("最后一个") if self.nth == LAST else _("第%s个") % WEEKDAYS[self.nth - 1]
            return _("每月%(which)s周%(day)s") % {"which": which, "day": WEEKDAYS[self.weekday - 1]}
        return self._says_days()

    def _says_days(self) -> str:
        today = clock.today()
        coming = sorted(day for day in self.days if day >= today)
        said = "、".join(
            _("%(month)d月%(day)d日") % {"month": day.month, "day": day.day} for day in coming[:DAYS_NAMED]
        )
        more = _("%(days)s等 %(n)d 天") % {"days": said, "n": len(coming)}
        return more if len(coming) > DAYS_NAMED else said
