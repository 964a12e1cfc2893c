"""When an offer holds: windows across midnight, by group and store, with a capacity of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta

from gonghui.bills.pricing.terms import BY_MONTH, BY_WEEK, Asker, Holidays, Id, Per, Visit, Window
from gonghui.kit.clock import CHINA

AHEAD_DAYS = 400
"""How far `next_opening` looks."""
DAY = timedelta(days=1)
Uses = Mapping[tuple[Id, date], int]


def begins_anew(per: Per, at: datetime) -> datetime:
    """The midnight at which a limit of this day, week or month counts from nothing again."""
    day = at.astimezone(CHINA).date() + DAY
    while (per in BY_MONTH and day.day != 1) or (per in BY_WEEK and day.isoweekday() != 1):
        day += DAY
    return datetime.combine(day, time(0), CHINA)


def is_across_midnight(window: Window) -> bool:
    return window.from_time is not None and window.to_time <= window.from_time


def day_of(window: Window, at: datetime, holidays: Collection[date] = frozenset()) -> date | None:
    """The day on which the window that is open at `at` began; None when it is not. Whoever and wherever."""
    local = at.astimezone(CHINA)
    return _day_at(window, local.date(), local.time(), holidays)


def _day_at(window: Window, today: date, clock: time, holidays: Collection[date]) -> date | None:
    if window.from_time is None:
        return today if _has_day(window, today, holidays) else None
    if not is_across_midnight(window):
        held = window.from_time <= clock < window.to_time
        return today if held and _has_day(window, today, holidays) else None
    if clock >= window.from_time and _has_day(window, today, holidays):
        return today
    yesterday = today - DAY
    return yesterday if clock < window.to_time and _has_day(window, yesterday, holidays) else None


def _has_day(window: Window, day: date, holidays: Collection[date]) -> bool:
    if (window.starts_on and day < window.starts_on) or (window.ends_on and day > window.ends_on):
        return False
    if window.weekdays and day.isoweekday() not in window.weekdays:
        return False
    if window.only_on and not window.only_on.has(day):
        return False
    return window.holidays == Holidays.ANY or (day in holidays) == (window.holidays == Holidays.ONLY)


def days_of(window: Window, since: date, until: date, holidays: Collection[date] = frozenset()) -> list[date]:
    """On which it begins, from `since` to before `until`."""
    days = (since + n * DAY for n in range((until - since).days))
    return [day for day in days if _has_day(window, day, holidays)]


def is_for(window: Window, groups: Collection[str], store_id: int | None) -> bool:
    fits = not window.whom or not window.whom.isdisjoint(groups)
    return fits and (not window.store_ids or store_id in window.store_ids)


def is_full(window: Window, day: date, uses: Uses) -> bool:
    return window.capacity is not None and uses.get((window.id, day), 0) >= window.capacity


def is_open(
    window: Window,
    at: datetime,
    *,
    groups: Collection[str] = (),
    store_id: int | None = None,
    holidays: Collection[date] = frozenset(),
) -> bool:
    return is_for(window, groups, store_id) and day_of(window, at, holidays) is not None


def open_windows(windows: Iterable[Window], asker: Asker, visit: Visit) -> list[tuple[Window, date]]:
    """Open for this asker here and now, full ones too, each with the day on which it began."""
    found = []
    for window in windows:
        stores, whom = window.store_ids, window.whom
        if (not stores or visit.store_id in stores) and (not whom or not whom.isdisjoint(asker.groups)):
            day = _day_at(window, visit.today, visit.clock, visit.holidays)
            if day is not None:
                found.append((window, day))
    return found


def next_opening(windows: Iterable[Window], asker: Asker, visit: Visit) -> datetime | None:
    """The next moment at which one begins that has room for this asker here; None within `AHEAD_DAYS`."""
    mine = [window for window in windows if is_for(window, asker.groups, visit.store_id)]
    return min((at for w in mine if (at := _next_of(w, visit))), default=None)


def _next_of(window: Window, visit: Visit) -> datetime | None:
    today = visit.at.astimezone(CHINA).date()
    day = max(today, window.starts_on) if window.starts_on else today
    last = min(window.ends_on or date.max, today + AHEAD_DAYS * DAY)
    while day <= last:
        begins = datetime.combine(day, window.from_time or time(0), CHINA)
        if (
            begins > visit.at
            and _has_day(window, day, visit.holidays)
            and not is_full(window, day, visit.window_uses)
        ):
            return begins
        day += DAY
    return None
