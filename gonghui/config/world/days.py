"""Days gone by: what the demo's people did last week, by the same actions, under last week's dates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from gonghui.kit import clock


@contextmanager
def ago(days: float) -> Iterator[None]:
    """Whatever asks the clock meanwhile is told a day that lies so far back, so that periods of grace have run."""
    real, back = clock.now, timedelta(days=days)
    clock.now = lambda: real() - back
    try:
        yield
    finally:
        clock.now = real
