"""How often one may ask in a minute. Counted by each process for itself, so that nobody keeps it busy; what must hold for all of
them is counted in the database."""

from __future__ import annotations

import threading
import time
from collections import Counter

from django.http import HttpRequest

from gonghui.accounts.sessions import client_address
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


def keep_pace(request: HttpRequest, what: str, most: int) -> None:
    """By who is signed in, else by where they ask from."""
    user_id = request.actor.user_id
    count, seconds = PACE.count(what, f"user {user_id}" if user_id else client_address(request))
    require(count <= most, TOO_MANY, seconds=seconds)
