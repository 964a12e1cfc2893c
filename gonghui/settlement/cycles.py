"""Which days a settlement period has: calendar months, halves of months, weeks from Monday. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

HALF = 16
"""The second half of a month begins on this day."""


def bounds_of(cycle: str, day: date) -> tuple[date, date]:
    """The period with `day` in it: its first day, and the first day after it."""
    if cycle == "weekly":
        starts = day - timedelta(days=day.weekday())
        return starts, starts + timedelta(days=7)
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    if cycle == "monthly":
        return first, after
    if cycle == "half_monthly":
        half = day.replace(day=HALF)
        return (first, half) if day < half else (half, after)
    raise ValueError(f"no such cycle: {cycle!r}")


def periods_between(cycle: str, first: date, last: date) -> Iterator[tuple[date, date]]:
    """From the one with `first` in it up to the one with `last` in it."""
    starts, ends = bounds_of(cycle, first)
    while starts <= last:
        yield starts, ends
        starts, ends = bounds_of(cycle, ends)
