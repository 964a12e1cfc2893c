"""News travels up: an event is a frozen dataclass of ids; each reaction to it is a job in the same transaction.

@dataclass(frozen=True, slots=True)
class ReleaseOpened:            # <app>/events.py of the app where it happens
    release_id: int

@reacts_to(ReleaseOpened)       # <app>/reactions.py of any app above; imported by that app's tasks.py
def mark_sessions_released(event): ...

emit(ReleaseOpened(release_id=7))
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from gonghui.kit.jobs import job

E = TypeVar("E")
_reactions: dict[type, list[Any]] = defaultdict(list)


def reacts_to(kind: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a reaction; it runs in the worker, after the commit, at least once."""

    def register(reaction: Callable[[E], None]) -> Callable[[E], None]:
        @functools.wraps(reaction)
        def run(**facts: Any) -> None:
            reaction(kind(**facts))

        _reactions[kind].append(job(run))
        return reaction

    return register


def emit(event: Any) -> None:
    """Defer every reaction to the event, with the surrounding transaction."""
    for task in _reactions[type(event)]:
        task.defer(**asdict(event))
