"""Who acts: a person behind a door, with grants. Built once per request by `config.actors`, passed as first argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

NO_KEYS: Mapping[str, frozenset[int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held over one subtree, narrowed to one line of industry where `line` is set."""

    role: str
    path: str
    verbs: frozenset[str]
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """`keys` names the rows an actor owns: {"person": {5}, "store": {1, 2}}. A system actor says why it acts."""

    user_id: int | None = None
    grants: tuple[Grant, ...] = ()
    keys: Mapping[str, frozenset[int]] = field(default_factory=lambda: NO_KEYS)
    channel: str = "web"
    reason: str = ""

    @classmethod
    def system(cls, reason: str) -> Actor:
        """Timers and jobs: sees all, and says why in the audit trail."""
        if not reason:
            raise ValueError("a system actor needs a reason")
        return cls(channel="system", reason=reason)

    def holding(self, grants: tuple[Grant, ...]) -> Actor:
        """With these grants instead: of a request's lazy actor as well."""
        return replace(self, grants=grants)

    def because(self, reason: str) -> Actor:
        """The same actor, whose reason stands in the audit trail of what they do next."""
        return replace(self, reason=reason)

    @property
    def is_system(self) -> bool:
        return self.channel == "system"

    @property
    def person_id(self) -> int | None:
        return next(iter(self.keys.get("person", ())), None)

    def owns(self, key: str) -> frozenset[int]:
        return self.keys.get(key, frozenset())

    def reaches(self, verb: str) -> list[Grant]:
        """The grants under which this actor may do `verb`."""
        return [g for g in self.grants if verb in g.verbs]

    def whole_paths(self, verb: str) -> list[str]:
        """The subtrees in which this actor may do `verb` to everything: a grant bound to a line reaches less."""
        return topmost(g.path for g in self.reaches(verb) if g.line is None)

    def may(self, verb: str, path: str, line: str | None = None) -> bool:
        """May do `verb` to something at `path`; a grant bound to a line needs that very line."""
        return self.is_system or any(
            path.startswith(g.path) and (g.line is None or g.line == line) for g in self.reaches(verb)
        )

    def may_anywhere(self, verb: str) -> bool:
        return self.is_system or bool(self.reaches(verb))


ANONYMOUS = Actor(channel="anonymous")


def topmost(paths: Iterable[str]) -> list[str]:
    """Drop every path that lies below another of the list."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not (kept and path.startswith(kept[-1])):
            kept.append(path)
    return kept
