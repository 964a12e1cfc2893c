"""What apps above have to do when a release moves, in its own transaction: raising refuses the move."""

from __future__ import annotations

from collections.abc import Callable

from gonghui.benefits.models import Release
from gonghui.kit.actors import Actor

Condition = Callable[[Actor, Release], None]

when_reviewed: list[Condition] = []
when_sent_back: list[Condition] = []
when_enlarged: list[Condition] = []
"""Before more places go out than were reviewed."""


def meet(conditions: list[Condition], actor: Actor, release: Release) -> None:
    for condition in conditions:
        condition(actor, release)
