"""The same person twice in one sheet, found in 16 bytes a row."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from gonghui.members.roster.rows import RosterRow

HASH_MASK = 2**64 - 1


@dataclass(slots=True)
class Repeats:
    """`first_of`: line → equal line above. `conflicts`: line → other lines of the same number that differ."""

    first_of: dict[int, int] = field(default_factory=dict)
    conflicts: dict[int, list[int]] = field(default_factory=dict)
    phone_shared: set[int] = field(default_factory=set)


class RepeatFinder:
    """Keeps keyed hashes only: 64 bits of Python's own, whose key nobody outside this process knows."""

    def __init__(self) -> None:
        self._lines, self._people = array("Q"), array("Q")
        self._contents, self._phones = array("Q"), array("Q")

    def add(self, row: RosterRow) -> None:
        self._lines.append(row.line_no)
        self._people.append(_hash64((row.id_type, row.id_no)))
        self._contents.append(_hash64(row[1:-1]))
        self._phones.append(_hash64(row.phone) if row.phone else 0)

    def found(self) -> Repeats:
        repeats = Repeats()
        for members in self._sharing(self._people):
            self._settle_person(members, repeats)
        for members in self._sharing(self._phones):
            if len({self._people[index] for index in members}) > 1:
                repeats.phone_shared.update(self._lines[index] for index in members)
        return repeats

    def _settle_person(self, members: list[int], repeats: Repeats) -> None:
        lines = [self._lines[index] for index in members]
        if len({self._contents[index] for index in members}) == 1:
            repeats.first_of.update(dict.fromkeys(lines[1:], lines[0]))
        else:
            repeats.conflicts.update(dict.fromkeys(lines, lines))

    def _sharing(self, hashes: array[int]) -> Iterator[list[int]]:
        """Groups of places that hold the same hash; sorting needs less memory than a dictionary of all."""
        shared = {left for left, right in pairwise(sorted(hashes)) if left == right and left}
        places: defaultdict[int, list[int]] = defaultdict(list)
        if shared:
            for place, value in enumerate(hashes):
                if value in shared:
                    places[value].append(place)
        yield from places.values()


def _hash64(value: object) -> int:
    return hash(value) & HASH_MASK
