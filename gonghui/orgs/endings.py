"""What apps above do when a union ends, in its own transaction: raising refuses the ending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from gonghui.kit.actors import Actor
from gonghui.orgs.models import Union


@dataclass(frozen=True, slots=True)
class Ending:
    """`verb` is "merge" or "dissolve"; the union is held against everybody, `into` stands until it is over."""

    union: Union
    into: Union
    verb: str

    @property
    def words(self) -> str:
        """For the record of whatever goes along."""
        ended = _("并入") if self.verb == "merge" else _("撤销，转到")
        return _("“{union}”{ended}“{into}”").format(union=self.union.name, ended=ended, into=self.into.name)


Hand = Callable[[Actor, Ending], int]
"""Takes its rows along; answers how many members moved."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """What is under way at a union and goes along: how it is called, how many there are, and how they are taken."""

    title: str | Promise
    count: Callable[[Union], int]
    carry: Callable[[Actor, Ending], object]


when_members_move: list[Hand] = []
before_unions_end: list[Callable[[], None]] = []
"""Waits until nothing that brings in members by the thousand is half-way, and keeps new ones waiting."""
members_of: list[Callable[[Union], int]] = []
in_flight: list[InFlight] = []
"""Applications, transfers on their way in: after the members, in this order."""
hindrances: list[Callable[[Union], None]] = []
"""Each raises a refusal where something has to be finished before the union ends."""
staying: list[tuple[str | Promise, Callable[[Union], int]]] = []
"""What stays with the union's past, for whoever stands above it: shown before it ends, and nothing of it stops."""


def wait_for_others() -> None:
    for wait in before_unions_end:
        wait()


def take_along(actor: Actor, ending: Ending) -> int:
    moved = sum(hand(actor, ending) for hand in when_members_move)
    for flight in in_flight:
        flight.carry(actor, ending)
    return moved


def count_members(union: Union) -> int:
    return sum(count(union) for count in members_of)


def under_way(union: Union) -> list[tuple[str | Promise, int]]:
    """What would go along, where there is any."""
    return [(flight.title, count) for flight in in_flight if (count := flight.count(union))]
