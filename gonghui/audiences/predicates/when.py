"""Leaves about days: age, birthday, day of joining. Bounds are worked out once, here, for both evaluators."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from gonghui.audiences.predicates import facts as fact
from gonghui.audiences.predicates.portrait import Portrait
from gonghui.audiences.predicates.set_query import SetQuery
from gonghui.audiences.predicates.tree import Leaf, Names

AGE_MAX, AHEAD_MAX, BACK_MAX = 120, 60, 36_500
LEAP_DAY, DAY_BEFORE = (2, 29), (2, 28)
MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def years_before(day: date, years: int) -> date:
    """29 February becomes the 28th where there is none: who was born on it is a year older on 1 March."""
    year = max(day.year - years, 1)
    last = calendar.monthrange(year, day.month)[1]
    return date(year, day.month, min(day.day, last))


@dataclass(frozen=True, slots=True)
class AgeBetween(Leaf):
    """Whole years, both ends included."""

    least: int | None
    most: int | None
    kind = "age"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> AgeBetween:
        least, most = (fact.maybe_whole(facts, name, 0, AGE_MAX) for name in ("from", "to"))
        if least is None and most is None:
            raise fact.Wrong(_("年龄至少要填一头。"))
        if least is not None and most is not None and least > most:
            raise fact.Wrong(_("年龄的前一个数要小于后一个。"))
        return cls(least, most)

    def facts(self) -> dict[str, Any]:
        return {"from": self.least, "to": self.most}

    def _bounds(self, today: date) -> tuple[date, date]:
        """Born after the first and not after the second."""
        after = date.min if self.most is None else years_before(today, self.most + 1)
        return after, today if self.least is None else years_before(today, self.least)

    def sql(self, query: SetQuery, salt: bytes) -> str:
        after, until = (query.bind(day) for day in self._bounds(query.today))
        return f"COALESCE(p.birth_date > {after} AND p.birth_date <= {until}, FALSE)"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        after, until = self._bounds(portrait.today)
        return portrait.birth_date is not None and after < portrait.birth_date <= until

    def says(self, names: Names) -> str:
        if self.least is None:
            return _("年龄不超过 {most} 周岁").format(most=self.most)
        if self.most is None:
            return _("年满 {least} 周岁").format(least=self.least)
        return _("年龄 {least} 到 {most} 周岁").format(least=self.least, most=self.most)


@dataclass(frozen=True, slots=True)
class BirthdayIn(Leaf):
    """This month, the next days (today is one of them), or between two days of any year, over New Year too.

    Born on 29 February: the 28th in years that have no 29th.
    """

    span: str
    days: int | None = None
    first: tuple[int, int] | None = None
    last: tuple[int, int] | None = None
    kind = "birthday"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> BirthdayIn:
        span = facts.get("span")
        if span == "month":
            return cls("month")
        if span == "next":
            return cls("next", days=fact.whole(facts, "days", 1, AHEAD_MAX))
        if span == "between":
            return cls("between", first=_month_day(facts, "from"), last=_month_day(facts, "to"))
        raise fact.Wrong(_("生日要选一段时间。"))

    def facts(self) -> dict[str, Any]:
        if self.span == "month":
            return {"span": "month"}
        if self.span == "next":
            return {"span": "next", "days": self.days}
        return {"span": "between", "from": _typed(self.first), "to": _typed(self.last)}

    def _ranges(self, today: date) -> list[tuple[int, int]]:
        """Of month × 100 + day, both ends included."""
        if self.span == "month":
            return [(today.month * 100 + 1, today.month * 100 + 31)]
        if self.span == "next":
            ahead = (today + timedelta(days=n) for n in range(self.days or 1))
            found = {(day.month, day.day): calendar.isleap(day.year) for day in ahead}
            added = [LEAP_DAY] if found.get(DAY_BEFORE) is False else []
            return [(month * 100 + day,) * 2 for month, day in [*found, *added]]
        first, last = (pair[0] * 100 + pair[1] for pair in (self.first or (1, 1), self.last or (12, 31)))
        ranges = [(first, last)] if first <= last else [(first, 1231), (101, last)]
        if not calendar.isleap(today.year) and any(a <= 228 <= b for a, b in ranges):
            ranges.append((229, 229))
        return ranges

    def sql(self, query: SetQuery, salt: bytes) -> str:
        born = "(extract(month FROM p.birth_date) * 100 + extract(day FROM p.birth_date))"
        if self.span == "next":
            days = query.bind([first for first, _last in self._ranges(query.today)])
            return f"COALESCE({born}::int = ANY ({days}::int[]), FALSE)"
        parts = [f"{born} BETWEEN {query.bind(a)} AND {query.bind(b)}" for a, b in self._ranges(query.today)]
        return f"COALESCE({' OR '.join(parts)}, FALSE)"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        if portrait.birth_date is None:
            return False
        born = portrait.birth_date.month * 100 + portrait.birth_date.day
        return any(first <= born <= last for first, last in self._ranges(portrait.today))

    def says(self, names: Names) -> str:
        if self.span == "month":
            return _("本月过生日")
        if self.span == "next":
            return _("今天起 {days} 天内过生日").format(days=self.days)
        (a, b), (c, d) = self.first or (1, 1), self.last or (12, 31)
        return _("生日在 {a} 月 {b} 日到 {c} 月 {d} 日之间").format(a=a, b=b, c=c, d=d)


@dataclass(frozen=True, slots=True)
class JoinedIn(Leaf):
    """The union they are in now took them in within the last days (today is one), or between two days."""

    days: int | None
    first: date | None
    last: date | None
    kind = "joined"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> JoinedIn:
        days = fact.maybe_whole(facts, "days", 1, BACK_MAX)
        first, last = fact.maybe_day(facts, "from"), fact.maybe_day(facts, "to")
        if (days is None) == (first is None and last is None):
            raise fact.Wrong(_("入会时间要填天数，或者填日期。"))
        if first and last and first > last:
            raise fact.Wrong(_("入会日期的前一天要早于后一天。"))
        return cls(days, first, last)

    def facts(self) -> dict[str, Any]:
        ends = (day.isoformat() if day else None for day in (self.first, self.last))
        return {"days": self.days} if self.days else dict(zip(("from", "to"), ends, strict=True))

    def _bounds(self, today: date) -> tuple[date, date]:
        if self.days is not None:
            return today - timedelta(days=self.days - 1), today
        return self.first or date.min, self.last or date.max

    def sql(self, query: SetQuery, salt: bytes) -> str:
        first, last = (query.bind(day) for day in self._bounds(query.today))
        return f"COALESCE(m.joined_on BETWEEN {first} AND {last}, FALSE)"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        first, last = self._bounds(portrait.today)
        return portrait.joined_on is not None and first <= portrait.joined_on <= last

    def says(self, names: Names) -> str:
        if self.days is not None:
            return _("近 {days} 天内入会").format(days=self.days)
        if self.first is None:
            return _("{last} 以前入会").format(last=self.last)
        if self.last is None:
            return _("{first} 以后入会").format(first=self.first)
        return _("{first} 到 {last} 入会").format(first=self.first, last=self.last)


def _month_day(facts: dict[str, Any], name: str) -> tuple[int, int]:
    try:
        month, day = (int(part) for part in str(facts.get(name)).split("-"))
        if 1 <= month <= 12 and 1 <= day <= MONTH_DAYS[month - 1]:
            return month, day
    except ValueError:
        pass
    raise fact.Wrong(_("生日要写成月和日，例如 12-20。"))


def _typed(pair: tuple[int, int] | None) -> str:
    month, day = pair or (1, 1)
    return f"{month:02d}-{day:02d}"
