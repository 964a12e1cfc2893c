"""The programme as everybody sees it: cards, holidays, kinds. Nothing personal, so it may be kept for a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThanOrEqual

from gonghui.activities.models import PUBLIC_STATES, Activity, ActivityKind, HolidayPeriod, Session
from gonghui.activities.queries import announced_activities
from gonghui.benefits.models import Pool
from gonghui.kit import clock
from gonghui.kit.actors import ANONYMOUS
from gonghui.portal.queries.fresh import FRESH_S, fresh_for, shelf
from gonghui.portal.rules import Stage, Supply, said_places, said_when

CARDS_MAX = 60
RUNNING_STATES = ("announced", "open")
HOLIDAYS_BACK = timedelta(days=60)
HOLIDAYS_SHOWN = 12
SEARCH_LENGTH_MIN = 2


@dataclass(frozen=True, slots=True)
class Card:
    activity_id: int
    title: str
    summary: str
    kind: str
    kind_label: str
    cover_key: str
    holiday: str
    when: str
    place: str
    price_fen: int
    state: str
    opens_at: datetime | None
    remaining: int
    capacity: int
    release_id: int | None
    mode: str
    pause_reason: str = ""

    @property
    def url(self) -> str:
        return f"/activities/{self.activity_id}"

    @property
    def is_grab(self) -> bool:
        return self.mode == "grab" and self.release_id is not None

    @property
    def rank(self) -> tuple:
        """What can be had first, then what opens soonest, then the newest."""
        opens = self.opens_at.timestamp() if self.opens_at and self.state == Stage.SOON else 0.0
        return list(Stage).index(Stage(self.state)), opens, -self.activity_id


@fresh_for(FRESH_S, store=shelf)
def running_cards() -> tuple[Card, ...]:
    """Announced and open activities, in the order in which readers want them. Two queries."""
    found = announced_activities(ANONYMOUS).filter(state__in=RUNNING_STATES)[:CARDS_MAX]
    return tuple(sorted(cards_of(found), key=lambda card: card.rank))


def found_activities(holiday: int | None, kind: str, words: str) -> QuerySet[Activity]:
    """For the list: running ones first, then past ones, newest first."""
    over = Case(When(state__in=RUNNING_STATES, then=0), default=1)
    found = announced_activities(ANONYMOUS, holiday_id=holiday, kind=kind)
    return (found.filter(_about(words)) if words else found).order_by(over, "-announced_at", "-id")


def _about(words: str) -> Q:
    """By two characters of its name, its summary, its place or its organisers."""
    held_at = Session.objects.visible_to(ANONYMOUS).filter(store__name__icontains=words).values("activity_id")
    own = Q(title__icontains=words) | Q(summary__icontains=words) | Q(kind__name__icontains=words)
    return own | Q(partner__name__icontains=words) | Q(union__name__icontains=words) | Q(pk__in=held_at)


def cards_of(activities: Iterable[Activity]) -> list[Card]:
    """Two queries for any number of activities, the one that brings them included."""
    rows = list(activities)
    releases = _releases([a.offer_id for a in rows])
    return [_card(a, releases[a.offer_id]) for a in rows]


def _card(activity: Activity, releases: Sequence[ReleaseSum]) -> Card:
    best = min(releases, key=lambda r: r.supply.rank, default=None)
    supply = best.supply if best else None
    over = activity.state not in RUNNING_STATES
    firsts = [r.first for r in releases if r.first]
    lasts = [r.last for r in releases if r.last]
    stores = {store for r in releases for store in r.stores if store}
    return Card(
        activity_id=activity.pk,
        title=activity.title,
        summary=activity.summary,
        kind=activity.kind.code,
        kind_label=activity.kind.name,
        cover_key=activity.cover,
        holiday=activity.holiday.name if activity.holiday else "",
        when=said_when(
            min(firsts, default=None), max(lasts, default=None), sum(r.sessions for r in releases)
        ),
        place=said_places(stores),
        price_fen=activity.offer.worker_fen,
        state=Stage.ENDED if over or supply is None else supply.stage,
        opens_at=supply.next_opening if supply else None,
        remaining=supply.left if supply else 0,
        capacity=supply.capacity if supply else 0,
        release_id=best.pk if best else None,
        mode=supply.mode if supply else "",
        pause_reason=supply.pause_reason if supply and not over else "",
    )


@dataclass(frozen=True, slots=True)
class ReleaseSum:
    pk: int
    supply: Supply
    sessions: int
    first: datetime | None
    last: datetime | None
    stores: list[str]


def _releases(offer_ids: Sequence[int]) -> dict[int, list[ReleaseSum]]:
    """Offer → its releases with what is left, when and where; the database adds the pools up."""
    at = clock.now()
    opening = Coalesce("opens_at", "release__opens_at")
    closing = Coalesce("closes_at", "release__closes_at")
    is_open = Q(LessThanOrEqual(opening, at)) & Q(GreaterThan(closing, at))
    is_held = Q(session__isnull=False) & ~Q(session__state="cancelled")
    pools = Pool.objects.visible_to(ANONYMOUS).filter(release__offer_id__in=offer_ids).order_by()
    rows = pools.values(
        "release_id",
        "release__offer_id",
        "release__mode",
        "release__state",
        "release__pause_reason",
        "release__waitlist_max",
    ).annotate(
        seats=Sum("capacity"),
        open_count=Count("id", filter=is_open),
        left=Sum("remaining", filter=is_open),
        next_opening=Min(opening, filter=Q(GreaterThan(opening, at))),
        sessions=Count("session", filter=is_held),
        first=Min("session__starts_at", filter=is_held),
        last=Max("session__starts_at", filter=is_held),
        stores=ArrayAgg("session__store__name", filter=is_held, distinct=True, default=Value([])),
    )
    found = defaultdict(list)
    for row in rows:
        sums = ReleaseSum(
            row["release_id"], _supply(row), *(row[k] for k in ("sessions", "first", "last", "stores"))
        )
        found[row["release__offer_id"]].append(sums)
    return found


def _supply(row: dict) -> Supply:
    return Supply(
        mode=row["release__mode"],
        is_cancelled=row["release__state"] == "cancelled",
        is_closed=row["release__state"] == "closed",
        has_line=row["release__waitlist_max"] != 0,
        capacity=row["seats"],
        open_count=row["open_count"],
        left=row["left"] or 0,
        next_opening=row["next_opening"],
        pause_reason=row["release__pause_reason"],
    )


@dataclass(frozen=True, slots=True)
class Holiday:
    pk: int
    name: str
    theme: str
    date: date
    days_left: int
    activities: int

    @property
    def past(self) -> bool:
        return self.days_left < 0

    @property
    def is_running(self) -> bool:
        """Its days have begun, and the day itself is another."""
        return self.days_left == 0 and self.date != clock.today()

    @property
    def url(self) -> str:
        return f"/activities?holiday={self.pk}"

    @property
    def current(self) -> bool:
        return self.activities > 0


@fresh_for(60)
def holiday_strip() -> list[Holiday]:
    """Twelve holidays from two months back on; those something is announced for are among them, and first."""
    today = clock.today()
    rows = (
        HolidayPeriod.objects.filter(ends_on__gte=today - HOLIDAYS_BACK)
        .annotate(shown=Count("activities", filter=Q(activities__state__in=PUBLIC_STATES)))
        .order_by("date")[: 2 * HOLIDAYS_SHOWN]
    )
    found = [Holiday(h.pk, h.name, h.theme, h.date, _days_left(h, today), h.shown) for h in rows]
    return sorted(found, key=lambda h: (not h.activities, h.past, h.date))[:HOLIDAYS_SHOWN]


def holidays_ahead() -> list[Holiday]:
    """Those to come, and those just over that still have something on."""
    return [holiday for holiday in holiday_strip() if holiday.activities or not holiday.past]


def _days_left(period: HolidayPeriod, today: date) -> int:
    """0 during the whole holiday."""
    if period.starts_on <= today <= period.ends_on:
        return 0
    return (period.date - today).days


@fresh_for(60)
def kinds() -> list[tuple[str, str]]:
    return list(ActivityKind.objects.values_list("code", "name"))
