"""What goes wrong: a statement that never runs, one whose answer is lost, a commit nobody hears of."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

CHANCE = 0.35
"""Of a fault in a turn; each may meet several, one after the other."""
DEEP = 60
"""A fault strikes within so many statements of a turn's beginning; deeper ones mostly fall behind its end."""


class Crash(BaseException):
    """The process is gone, as far as its transaction knows."""


class Faults:
    """Strikes at the nth statement of a turn, by the dice; the same dice, the same faults."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._left = 0
        self._is_after = False
        self.struck: Counter[str] = Counter()

    @contextmanager
    def about(self, *, is_armed: bool) -> Iterator[None]:
        """Runs what is inside; where armed it may raise Crash, the last time after everything was committed."""
        strikes = is_armed and self._dice.random() < CHANCE
        self._left = 1 + int(DEEP * self._dice.random() ** 2) if strikes else 0
        self._is_after = self._dice.random() < 0.5
        is_unheard = strikes and self._dice.random() < 0.2
        with connection.execute_wrapper(self._watch):
            yield
        if is_unheard:
            self.struck["unheard"] += 1
            raise Crash("committed, and nobody heard")

    def _watch(self, execute: Callable, sql: Any, params: Any, many: bool, context: dict) -> Any:
        self._left -= 1
        if self._left != 0:
            return execute(sql, params, many, context)
        if self._is_after:
            execute(sql, params, many, context)
        self.struck["after" if self._is_after else "before"] += 1
        raise Crash(str(sql)[:80])


@contextmanager
def dealt_by(dice: random.Random) -> Iterator[None]:
    """Keys that are drawn at random are drawn by the dice, so that a course can be run again as it was."""
    real = os.urandom
    os.urandom = dice.randbytes
    try:
        yield
    finally:
        os.urandom = real
