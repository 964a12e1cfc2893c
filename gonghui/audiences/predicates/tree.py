"""The nodes between the leaves, and what a leaf is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Protocol

from gonghui.audiences.predicates.portrait import Portrait
from gonghui.audiences.predicates.set_query import SetQuery


class Names(Protocol):
    """What ids and codes are called; one look-up for a whole tree."""

    def of(self, kind: str, key: int | str) -> str: ...


class Leaf:
    """A frozen dataclass of typed facts. `sql` and `fits` say the same; NULL is a no in both."""

    kind: ClassVar[str]

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Leaf:
        """Refuses what is not of its form (`reading.Wrong`)."""
        raise TypeError(cls)

    def facts(self) -> dict[str, Any]:
        raise TypeError(self)

    def sql(self, query: SetQuery, salt: bytes) -> str:
        """A condition that is true or false for a row of p (person), m (membership), u (union), l (line); never NULL."""
        raise TypeError(self)

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        raise TypeError(self)

    def says(self, names: Names) -> str:
        raise TypeError(self)

    def needs(self, today: date) -> Iterator[tuple]:
        """What a portrait has to be loaded with beyond the person and their union."""
        return iter(())

    def topic(self) -> str:
        """The kind of news that may change the answer."""
        return "person"

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        return iter(())

    @property
    def is_sensitive(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Node, ...] = ()
    word: ClassVar[str] = "all"

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return " AND ".join(f"({part.sql(query, salt)})" for part in self.parts) or "TRUE"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return all(part.fits(portrait, salt) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOne:
    parts: tuple[Node, ...] = ()
    word: ClassVar[str] = "any"

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return " OR ".join(f"({part.sql(query, salt)})" for part in self.parts) or "FALSE"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return any(part.fits(portrait, salt) for part in self.parts)


@dataclass(frozen=True, slots=True)
class NoneOf:
    parts: tuple[Node, ...] = ()
    word: ClassVar[str] = "none"

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return " AND ".join(f"NOT ({part.sql(query, salt)})" for part in self.parts) or "TRUE"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return not any(part.fits(portrait, salt) for part in self.parts)


Group = All | AnyOne | NoneOf
Node = All | AnyOne | NoneOf | Leaf
GROUPS: dict[str, type[Group]] = {"all": All, "any": AnyOne, "none": NoneOf}


def leaves_of(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
        return
    for part in node.parts:
        yield from leaves_of(part)
