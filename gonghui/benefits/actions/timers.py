"""Jobs this app sets for itself, by name and with the surrounding transaction; the sweeps in tasks.py catch what was missed."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from gonghui.benefits.models import Draw, Release
from gonghui.kit import clock
from gonghui.kit.jobs import app

REMIND_BEFORE = timedelta(minutes=5)
PREPARED_BEFORE = timedelta(seconds=30)
"""Before that: who is reminded is settled, and on the minute it only has to be written."""
PAUSE_NEWS_AFTER = timedelta(minutes=1)
"""Whoever paused by mistake goes on at once, and nobody is woken for it."""
TASKS = "gonghui.benefits.tasks"


def _defer(name: str, *, at: datetime | None = None, lock: str | None = None, **facts: Any) -> None:
    """A lock makes jobs wait for every earlier one that holds it, future ones too: never give one to a scheduled job."""
    app.configure_task(f"{TASKS}.{name}", schedule_at=at, lock=lock).defer(**facts)


def announce_at(release: Release) -> None:
    _defer("announce_release", at=release.announce_at, release_id=release.pk)


def open_and_close_at(release: Release) -> None:
    _defer("open_release", at=release.opens_at, release_id=release.pk)
    _defer("close_release", at=release.closes_at, release_id=release.pk)


def remind_at(release: Release) -> None:
    _defer("send_reminders", at=release.opens_at - REMIND_BEFORE - PREPARED_BEFORE, release_id=release.pk)


def tell_pause_soon(release_id: int) -> None:
    _defer("tell_pause", at=clock.now() + PAUSE_NEWS_AFTER, release_id=release_id)


def grant_now(release_id: int) -> None:
    """One waiting job a release is enough; the savepoint keeps the caller's transaction whole when there is one."""
    name = f"grant:{release_id}"
    job = app.configure_task(f"{TASKS}.grant_release", lock=name, queueing_lock=name)
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(release_id=release_id)


def publish_draws_now(release: Release) -> None:
    _defer("publish_draws", release_id=release.pk)


def run_draw_at(draw: Draw, at: datetime) -> None:
    _defer("run_draw", at=at, draw_id=draw.pk)


def void_pool(pool_id: int, reason: str) -> None:
    _defer("void_pool", lock=f"void:{pool_id}", pool_id=pool_id, reason=reason)


def fill_pool(pool_id: int) -> None:
    _defer("fill_pool", lock=f"fill:{pool_id}", pool_id=pool_id)
