"""闲时名额: how many of the places that windows offer were taken, by weekday and hour, and what those purchases were worth.
Never fewer than ten people in a figure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from gonghui.bills.holidays import statutory_holidays
from gonghui.bills.models import OfferStore, OfferWindow
from gonghui.bills.plans import window_of
from gonghui.bills.pricing.named_days import WEEKDAYS
from gonghui.bills.pricing.screen import says_hours
from gonghui.bills.pricing.windows import days_of
from gonghui.kit import clock
from gonghui.settlement.traffic import FEWEST, WINDOW, veiled

HELD = "windows of offers at stores whose money the reader may see"
SHOWN_MAX = 50
SHOWN_STATES = ("published", "paused", "ended")

# By window; by weekday of the day it began, so that the hours after midnight belong to the evening before; by hour of the sale.
TAKEN = """
SELECT o.window_id, extract(isodow FROM o.window_day)::int AS weekday,
       extract(hour FROM b.settled_at AT TIME ZONE 'Asia/Shanghai')::int AS hour,
       count(*), count(DISTINCT b.person_id), sum(b.list_fen - b.refunded_fen)
  FROM bills_billoffer o JOIN bills_bill b ON b.id = o.bill_id
 WHERE o.window_id = ANY(%(windows)s) AND o.window_day >= %(since)s AND o.window_day < %(until)s
   AND b.store_id = ANY(%(stores)s) AND b.state = 'settled'
 GROUP BY GROUPING SETS ((o.window_id), (o.window_id, weekday), (o.window_id, hour))
"""
# When an offer could be had: the audit trail is the record of its states. The last one lasts until now.
LIVE = """
SELECT row_id, after->>'state', (at AT TIME ZONE 'Asia/Shanghai')::date FROM kit_audit
 WHERE table_name = 'bills_offerterms' AND row_id = ANY(%s) AND after ? 'state' ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Of a window, of one of its weekdays, or (`offered` None: a window's places are of its day) of an hour."""

    label: str
    offered: int | None
    taken: int
    persons: int
    fen: int
    is_shown: bool

    @property
    def percent(self) -> str:
        """12.5, to a tenth."""
        return f"{round(100 * self.taken / self.offered, 1) if self.offered else 0:g}"


@dataclass(frozen=True, slots=True)
class Seats:
    """`is_shared`: stores of others take from the same places, which are not counted here."""

    title: str
    says: str
    capacity: int
    whole: Places
    weekdays: Sequence[Places]
    hours: Sequence[Places]
    is_shared: bool

    @property
    def busiest(self) -> int:
        return max((one.taken for one in self.hours if one.is_shown), default=0)


def seats_of(store_ids: Iterable[int], *, until: datetime | None = None) -> list[Seats]:
    """Of windows with a capacity at stores whose money the caller may see: the thirty days before today. Four statements,
    one more where a window is of named days."""
    stores, last = sorted(store_ids), (until or clock.now()).astimezone(clock.CHINA).date()
    since = last - timedelta(days=WINDOW.days)
    windows = _windows_at(stores)
    if not windows:
        return []
    taken = _taken([one.pk for one in windows], stores, since, last)
    live = live_days({one.terms_id for one in windows}, since, last)
    off = frozenset().union(*(statutory_holidays(year) for year in {since.year, last.year}))
    return [_seats(row, set(stores), live[row.terms_id], off, taken.get(row.pk, {})) for row in windows]


def _windows_at(stores: list[int]) -> list[OfferWindow]:
    """The newest offers first."""
    here = Q(store_ids=[], terms__offer_stores__store_id__in=stores) | Q(store_ids__overlap=stores)
    found = (
        OfferWindow.objects.unscoped(HELD)
        .filter(here, capacity__isnull=False, terms__state__in=SHOWN_STATES)
        .distinct()
    )
    named = found.select_related("terms__offer", "benefit_day").order_by("-terms_id", "id")
    return list(
        named.prefetch_related(Prefetch("terms__offer_stores", OfferStore.objects.unscoped(HELD)))[:SHOWN_MAX]
    )


def _taken(windows: list[int], stores: list[int], since: date, until: date) -> dict[int, dict[tuple, tuple]]:
    """By window: by (weekday, hour), of which one or both are None, how many places, people and fen."""
    found: dict[int, dict[tuple, tuple]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, {"windows": windows, "stores": stores, "since": since, "until": until})
        for window_id, weekday, hour, *counts in cursor.fetchall():
            found.setdefault(window_id, {})[weekday, hour] = tuple(map(int, counts))
    return found


def live_days(terms_ids: Collection[int], since: date, until: date) -> dict[int, set[date]]:
    """By offer: the days on which, at some hour, it was published."""
    days: dict[int, set[date]] = {pk: set() for pk in terms_ids}
    begun: dict[int, date] = {}
    with connection.cursor() as cursor:
        cursor.execute(LIVE, [list(terms_ids)])
        for terms_id, state, day in cursor.fetchall():
            if state == "published":
                begun.setdefault(terms_id, day)
            elif terms_id in begun:
                days[terms_id] |= _between(begun.pop(terms_id), day, since, until)
    for terms_id, day in begun.items():
        days[terms_id] |= _between(day, until, since, until)
    return days


def _between(first: date, last: date, since: date, until: date) -> set[date]:
    """Both included, within [since, until)."""
    begin, end = max(first, since), min(last, until - timedelta(days=1))
    return {begin + timedelta(days=n) for n in range((end - begin).days + 1)}


def _seats(
    row: OfferWindow, stores: set[int], live: set[date], off: Collection[date], taken: dict[tuple, tuple]
) -> Seats:
    window = window_of(row)
    days = (
        [day for day in days_of(window, min(live), max(live) + timedelta(days=1), off) if day in live]
        if live
        else []
    )
    count, persons, fen = taken.get((None, None), (0, 0, 0))
    is_shown = persons == 0 or persons >= FEWEST
    whole = Places("", len(days) * row.capacity, count, persons, fen, is_shown)
    by_day = {weekday: counts for (weekday, _hour), counts in taken.items() if weekday is not None}
    by_hour = {hour: counts for (_day, hour), counts in taken.items() if hour is not None}
    held = [day.isoweekday() for day in days]
    weekdays = {weekday: held.count(weekday) * row.capacity for weekday in sorted({*held, *by_day})}
    at = set(row.store_ids) or {one.store_id for one in row.terms.offer_stores.all()}
    return Seats(
        row.terms.offer.title, says_hours(window), row.capacity, whole,
        _parts({pk: _("周%s") % WEEKDAYS[pk - 1] for pk in weekdays}, weekdays, by_day, is_shown),
        _parts({hour: f"{hour:02d}" for hour in range(24)}, {}, by_hour, is_shown),
        bool(at - stores),
    )  # fmt: skip


def _parts(
    labels: dict[int, str], offered: dict[int, int], taken: dict[int, tuple], is_shown: bool
) -> list[Places]:
    few = veiled({key: persons for key, (_count, persons, _fen) in taken.items()})
    found = []
    for key, label in labels.items():
        count, persons, fen = taken.get(key, (0, 0, 0))
        found.append(Places(label, offered.get(key), count, persons, fen, is_shown and key not in few))
    return found
