"""Where more is told of what a transfer was made for. Apps above register their pages: the ledger knows subjects only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gonghui.kit.actors import Actor


@dataclass(frozen=True, slots=True)
class Lead:
    """`address` is empty where the reader may not open it."""

    label: str
    name: str
    address: str = ""
    detail: str = ""


Leader = Callable[[Actor, int], Sequence[Lead]]
LEADERS: dict[str, list[Leader]] = defaultdict(list)
"""By the word before the colon of "bill:7"."""


def leads_of(actor: Actor, subject: str) -> list[Lead]:
    word, _colon, rest = subject.partition(":")
    number = rest.partition(":")[0]
    if not number.isdecimal() or len(number) > 17:
        return []
    return [lead for told in LEADERS.get(word, ()) for lead in told(actor, int(number))]
