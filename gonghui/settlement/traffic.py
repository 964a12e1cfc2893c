"""客流: what the offers brought a merchant. Never fewer than ten people in a figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from gonghui.kit import clock

FEWEST = 10
"""A figure of fewer people than this is not shown."""
WINDOW = timedelta(days=30)

# Returning: who had a bill before the window, at this store or, in the sum, at any of them. One row a store, one for all.
TRAFFIC = """
WITH bill AS MATERIALIZED (
    SELECT b.id, b.store_id, b.person_id, b.list_fen - b.refunded_fen AS fen
      FROM bills_bill b WHERE b.store_id = ANY(%(stores)s) AND b.state = 'settled'
       AND b.settled_at >= %(since)s AND b.settled_at < %(until)s
), seen AS MATERIALIZED (
    SELECT DISTINCT e.store_id, e.person_id FROM bills_bill e
     WHERE e.store_id = ANY(%(stores)s) AND e.person_id IN (SELECT person_id FROM bill)
       AND e.state = 'settled' AND e.settled_at < %(since)s
), known AS (
    SELECT b.*, h.person_id IS NOT NULL AS here, w.person_id IS NOT NULL AS anywhere
      FROM bill b LEFT JOIN seen h ON h.person_id = b.person_id AND h.store_id = b.store_id
      LEFT JOIN (SELECT DISTINCT person_id FROM seen) w ON w.person_id = b.person_id
)
SELECT store_id, count(*), count(DISTINCT person_id), sum(fen),
       CASE WHEN GROUPING(store_id) = 1 THEN count(DISTINCT person_id) FILTER (WHERE anywhere)
            ELSE count(DISTINCT person_id) FILTER (WHERE here) END
  FROM known GROUP BY GROUPING SETS ((store_id), ())
"""
HOURS = """
SELECT extract(hour FROM settled_at AT TIME ZONE 'Asia/Shanghai')::int, count(*), count(DISTINCT person_id)
  FROM bills_bill WHERE store_id = ANY(%(stores)s) AND state = 'settled'
   AND settled_at >= %(since)s AND settled_at < %(until)s GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Visitors:
    """Of one store, or of all (`store_id` None)."""

    store_id: int | None
    bills: int
    persons: int
    fen: int
    returning: int
    is_shown: bool = False

    @property
    def fresh(self) -> int:
        return self.persons - self.returning

    @property
    def is_split_shown(self) -> bool:
        """Both parts, or neither: one would give away the other."""
        return self.is_shown and all(part == 0 or part >= FEWEST for part in (self.fresh, self.returning))

    @property
    def basket_fen(self) -> int:
        return round(self.fen / self.bills) if self.bills else 0


@dataclass(frozen=True, slots=True)
class Hour:
    hour: int
    bills: int
    is_shown: bool

    @property
    def label(self) -> str:
        return f"{self.hour:02d}"


@dataclass(frozen=True, slots=True)
class Traffic:
    since: datetime
    until: datetime
    whole: Visitors
    stores: dict[int, Visitors]
    hours: list[Hour]

    @property
    def busiest(self) -> int:
        return max((hour.bills for hour in self.hours if hour.is_shown), default=0)


def traffic_of(store_ids: Iterable[int], *, until: datetime | None = None) -> Traffic:
    """Of stores whose money the caller may see: the thirty days before `until`. Two statements."""
    until = until or clock.now()
    facts = {"stores": sorted(store_ids), "since": until - WINDOW, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(TRAFFIC, facts)
        found = {row[0]: row for row in cursor.fetchall()}
        cursor.execute(HOURS, facts)
        hours = {row[0]: row for row in cursor.fetchall()}
    bills, persons, fen, returning = found.pop(None, (None, 0, 0, 0, 0))[1:]
    whole = Visitors(None, bills, persons, int(fen or 0), returning, persons >= FEWEST)
    few = veiled({store_id: row[2] for store_id, row in found.items()})
    stores = {
        key: Visitors(key, row[1], row[2], int(row[3]), row[4], key not in few) for key, row in found.items()
    }
    quiet = veiled({hour: row[2] for hour, row in hours.items()})
    day = [Hour(hour, hours.get(hour, (hour, 0))[1], hour not in quiet) for hour in range(24)]
    return Traffic(until - WINDOW, until, whole, stores, day)


def veiled(persons: Mapping[int, int]) -> set[int]:
    """Which parts of a shown sum are not shown: those of few people, and one more where the sum would give them away."""
    hidden = {key for key, count in persons.items() if count < FEWEST}
    if hidden and sum(persons[key] for key in hidden) < FEWEST:
        hidden |= set(sorted(persons.keys() - hidden, key=lambda key: (persons[key], key))[:1])
    return hidden
