"""Jobs run on Procrastinate, whose queue lives in our database: deferring inside a transaction is the outbox.

@job
def close_release(release_id: int): ...

close_release.defer(release_id=7)                              # now, with the surrounding transaction
close_release.configure(schedule_at=when, lock="release:7").defer(release_id=7)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from procrastinate import App, RetryStrategy
from procrastinate.contrib.django import app

from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError

log = structlog.get_logger("gonghui.jobs")
ATTEMPTS_MAX = 8
RETRY = RetryStrategy(max_attempts=ATTEMPTS_MAX, exponential_wait=2)


def job(function=None, *, queue: str = "default", retry=RETRY, **options):
    """Register a task under its action's name; it is retried with growing pauses."""

    def register(func):
        return app.task(name=f"{func.__module__}.{func.__name__}", queue=queue, retry=retry, **options)(func)

    return register(function) if function is not None else register


def periodic(cron: str, **options):
    """Run by the clock (China's hours are UTC+8: the cron text is in UTC), once however many workers there are."""

    def register(func):
        task = app.task(name=f"{func.__module__}.{func.__name__}", queueing_lock=func.__name__, **options)(
            func
        )
        return app.periodic(cron=cron)(task)

    return register


def run_due(verb: Callable[..., Any], actor: Actor, **facts: object) -> Any:
    """A timer whose moment has passed, or has not come, is no error: somebody was faster, or times were changed."""
    try:
        return verb(actor, **facts)
    except DomainError as refused:
        log.info("timer_refused", verb=verb.__name__, code=refused.code, **facts)
        return None


@contextmanager
def sweep() -> Iterator[Callable[..., Any]]:
    """`run_due` for row after row. One that cannot go on keeps no other waiting; the job fails when all have had their turn,
    so that it is seen.

    with sweep() as each:
        for pk in due:
            each(orders.move_on, TIMER, order_id=pk)
    """
    faults: list[Exception] = []

    def each(verb: Callable[..., Any], actor: Actor, **facts: object) -> Any:
        try:
            return run_due(verb, actor, **facts)
        except (OperationalError, InterfaceError):  # the database is away, and would be for all that follow
            raise
        except Exception as fault:
            log.exception("sweep_went_on", verb=verb.__name__, **facts)
            faults.append(fault)
            return None

    yield each
    if faults:
        raise faults[0]


def on_app_ready(ready: App) -> None:
    """Hook for start-up; tasks are found in each app's `tasks.py`."""
