"""Which channel and which poster brings members, and how long they wait: what the next campaign is decided by (F-01.10)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from gonghui.joining.models import Channel, JoinApplication, JoinPoster, PosterDay
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.models import RosterImport

WINDOWS = (30, 90, 365)
POSTERS_MAX = 50
LIST = "counting for a list in scope"


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, slots=True)
class Line:
    """Of one channel or poster. `length` is its bar, of a thousand."""

    name: str
    note: str
    scans: int | None
    applications: int
    approved: int
    open: int
    hours: float | None
    length: int = 0
    done: int = 0

    @property
    def percent(self) -> int | None:
        return round(100 * self.approved / self.applications) if self.applications else None


FIGURES: dict[str, Any] = {
    "applications": Count("pk"),
    "approved": Count("pk", filter=Q(state="approved")),
    "open": Count("pk", filter=Q(state__in=("submitted", "under_review", "needs_info"))),
    "median": Median(F("decided_at") - F("submitted_at"), filter=Q(decided_at__isnull=False)),
}


def _hours(median: timedelta | None) -> float | None:
    return None if median is None else round(median.total_seconds() / 3600, 1)


def _handed_in(actor: Actor, days: int) -> QuerySet[JoinApplication]:
    since = clock.now() - timedelta(days=days)
    found = JoinApplication.objects.visible_to(actor).filter(submitted_at__gte=since)
    return found.exclude(state="draft").order_by()


def of_channels(actor: Actor, days: int) -> list[Line]:
    """The four of S4-15; a sheet has no applications, its people are members at once."""
    by = {row["channel"]: row for row in _handed_in(actor, days).values("channel").annotate(**FIGURES)}
    since = clock.now().date() - timedelta(days=days)
    scans = PosterDay.objects.visible_to(actor).filter(on__gte=since).aggregate(n=Sum("scans"))["n"] or 0
    rosters = RosterImport.objects.visible_to(actor).filter(state="applied", applied_at__date__gte=since)
    batch = rosters.aggregate(n=Sum("count_new"))["n"] or 0
    lines = [
        _line(Channel(code).label, by.get(code, {}), scans=scans if code == Channel.SCAN else None)
        for code in Channel.values
    ]
    whole = {"applications": batch, "approved": batch, "open": 0, "median": None}
    return drawn([_line(_("集体登记（名册）"), whole), *lines])


def of_posters(actor: Actor, days: int) -> list[Line]:
    since = clock.now().date() - timedelta(days=days)
    counted = PosterDay.objects.visible_to(actor).filter(on__gte=since).values("poster_id")
    scans = dict(counted.annotate(n=Sum("scans")).order_by("-n").values_list("poster_id", "n")[:POSTERS_MAX])
    came = _handed_in(actor, days).filter(poster_id__isnull=False).values("poster_id").annotate(**FIGURES)
    by = {row["poster_id"]: row for row in came.order_by("-applications")[:POSTERS_MAX]}
    posters = JoinPoster.objects.visible_to(actor).filter(pk__in={*scans, *by}).select_related("union")
    lines = [
        _line(one.place, by.get(one.pk, {}), scans=scans.get(one.pk, 0), note=one.union.name)
        for one in posters
    ]
    return drawn(sorted(lines, key=lambda line: (-line.approved, -(line.scans or 0), line.name)))


def _line(name: str, row: dict[str, Any], *, scans: int | None = None, note: str = "") -> Line:
    came, approved, still_open = (row.get(key, 0) for key in ("applications", "approved", "open"))
    return Line(str(name), note, scans, came, approved, still_open, _hours(row.get("median")))


def drawn(lines: list[Line]) -> list[Line]:
    """Bars against the longest."""
    most = max((line.applications for line in lines), default=0) or 1
    return [
        replace(line, length=1000 * line.applications // most, done=1000 * line.approved // most)
        for line in lines
    ]


def with_counts(posters: QuerySet[JoinPoster]) -> QuerySet[JoinPoster]:
    """Adds `scans` and `applications_count`, one look-up a row."""
    scans = PosterDay.objects.unscoped(LIST).filter(poster=OuterRef("pk")).order_by().values("poster")
    came = JoinApplication.objects.unscoped(LIST).filter(poster=OuterRef("pk")).exclude(state="draft")
    return posters.annotate(
        scans=Coalesce(Subquery(scans.annotate(n=Sum("scans")).values("n")), 0),
        applications_count=Coalesce(
            Subquery(came.order_by().values("poster").annotate(n=Count("pk")).values("n")), 0
        ),
    )
