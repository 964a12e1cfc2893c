"""How often one may ask in a minute. Counted by each process for itself, so that nobody keeps it busy; what must hold for all of
them is counted in the database. Not in the cache: that forgets a third of all it has when it is full, and floods fill it."""

from __future__ import annotations

import threading
import time
from collections import Counter

from gonghui.kit.errors import TOO_MANY, require

WINDOW_S = 60


class Pace:
    """Of the minute that runs; the one before is forgotten."""

    def __init__(self) -> None:
        self.minute, self.asked = 0, Counter[tuple[str, str]]()
        self.lock = threading.Lock()

    def count(self, what: str, who: str) -> tuple[int, int]:
        """The how-manieth in this minute, and the seconds until the next."""
        minute, gone = divmod(int(time.monotonic()), WINDOW_S)
        with self.lock:
            if minute != self.minute:
                self.minute, self.asked = minute, Counter()
            self.asked[what, who] += 1
            return self.asked[what, who], WINDOW_S - gone


PACE = Pace()


def keep_pace(what: str, who: str, most: int) -> None:
    count, seconds = PACE.count(what, who)
    require(count <= most, TOO_MANY, seconds=seconds)
