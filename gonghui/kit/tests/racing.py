"""Real connections at once; the tests that use it run with `transaction=True`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

PATIENCE_S = 60
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
"""Those who wait for this very connection."""
WRITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND state <> 'idle' AND backend_type = 'client backend'
"""
"""Those who are at work beside it."""


def wait_for(sql: str, number: int) -> None:
    """Until the database counts so many; what never comes is a failure, not a hanging test."""
    deadline = time.monotonic() + PATIENCE_S
    with connection.cursor() as cursor:
        while cursor.execute(sql).fetchone()[0] != number:
            assert time.monotonic() < deadline, sql
            time.sleep(0.02)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Each call in its own thread and connection, started together; an exception is an answer too."""
    gate = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            answers[place] = call()
        except Exception as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
