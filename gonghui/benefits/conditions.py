"""What apps above have to do when a release moves, in its own transaction: raising refuses the move. And what they say of who
may claim."""

from __future__ import annotations

from collections.abc import Callable

from gonghui.benefits.models import Pool, Release
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError

Condition = Callable[[Actor, Release], None]
Question = Callable[[Pool, int], DomainError | None]
"""Why this person may not have one of this pool."""

when_reviewed: list[Condition] = []
when_sent_back: list[Condition] = []
when_enlarged: list[Condition] = []
"""Before more places go out than were reviewed."""


def meet(conditions: list[Condition], actor: Actor, release: Release) -> None:
    for condition in conditions:
        condition(actor, release)


before_agreed: list[Condition] = []
"""Before a reviewer's yes is noted, each time where several have to agree."""
worth: list[Callable[[Release], int]] = []
"""Fen of unions' and employers' money that its review sets aside."""


def worth_of(release: Release) -> int:
    return sum(told(release) for told in worth)


when_asked: list[Question] = []
"""Before a pass for the gate, a claim through our own door, an entry in a draw. The gate reads the pass and asks nobody."""


def refusal_of(pool: Pool, person_id: int) -> DomainError | None:
    return next(filter(None, (ask(pool, person_id) for ask in when_asked)), None)
