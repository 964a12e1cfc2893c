"""The set evaluator: one query over live members, in which every leaf is a condition and what many leaves ask is joined once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gonghui.audiences.behaviours import Behaviour

SLICE = 4096

FROM = """
  FROM members_membership m
  JOIN members_person p ON p.id = m.person_id
  JOIN orgs_union u ON u.id = m.union_id
  LEFT JOIN orgs_industryline l ON l.id = u.industry_line_id
"""
LIVE = "m.status IN ('active', 'transferring', 'retained')"


@dataclass(frozen=True, slots=True)
class Span:
    """Persons from one id to another, both on the edge of a slice; None: all of them."""

    first: int
    end: int

    @property
    def slices(self) -> tuple[int, int]:
        return self.first // SLICE, -(-self.end // SLICE)


class SetQuery:
    """Gathers parameters and joins while leaves write their conditions."""

    def __init__(self, today: date, span: Span | None = None, people: Collection[int] | None = None) -> None:
        """Of all, of a range, or of these persons."""
        self.today, self.span, self.people = today, span, people
        self.params: dict[str, Any] = {}
        self._bound: dict[tuple[str, str], str] = {}
        self._joins: dict[str, str] = {}
        self._counts: dict[Behaviour, list[datetime | None]] = {}
        if span is not None:
            self.params |= {"first": span.first, "end": span.end}
        if people is not None:
            self.params["people"] = sorted(people)

    def bind(self, value: Any) -> str:
        """A placeholder; equal values share one, so that equal questions are one join."""
        known = (type(value).__name__, repr(value))
        if known not in self._bound:
            name = f"p{len(self._bound)}"
            self._bound[known], self.params[name] = name, value
        return f"%({self._bound[known]})s"

    def within(self, person: str) -> str:
        """Keeps a joined set to the persons asked about."""
        if self.people is not None:
            return f"{person} = ANY (%(people)s::bigint[])"
        return "TRUE" if self.span is None else f"{person} >= %(first)s AND {person} < %(end)s"

    def slices(self) -> str:
        if self.people is not None:
            return f"slice_no = ANY ({self.bind(sorted({pk // SLICE for pk in self.people}))}::int[])"
        if self.span is None:
            return "TRUE"
        first, end = self.span.slices
        return f"slice_no >= {self.bind(first)} AND slice_no < {self.bind(end)}"

    def is_among(self, people: str) -> str:
        """True for those whom `people`, a SELECT of distinct `person_id`, yields."""
        alias = self._joins.setdefault(people, f"j{len(self._joins)}")
        return f"{alias}.person_id IS NOT NULL"

    def how_often(self, done: Behaviour, since: datetime | None) -> str:
        """A number; a table is gone through once, however many windows are asked."""
        windows = self._counts.setdefault(done, [])
        if since not in windows:
            windows.append(since)
        return f"COALESCE({done.code}_done.n{windows.index(since)}, 0)"

    def _counted(self, done: Behaviour, windows: list[datetime | None]) -> str:
        counts = ", ".join(
            f"count(*) FILTER (WHERE {self._lately(done, since)}) AS n{place}"
            for place, since in enumerate(windows)
        )
        # Nothing older than the longest window is looked at.
        first = None if None in windows else min(since for since in windows if since)
        return (
            f"SELECT {done.person} AS person_id, {counts} FROM {done.rows} WHERE ({done.where})"  # noqa: S608
            f" AND {self._lately(done, first)} AND {self.within(done.person)} GROUP BY 1"
        )

    def _lately(self, done: Behaviour, since: datetime | None) -> str:
        return "TRUE" if since is None else f"{done.at} >= {self.bind(since)}"

    def below(self, path: str) -> str:
        return f"u.path LIKE {self.bind(path + '%')}"

    def source(self) -> str:
        """FROM with all joins; ask last, when every condition is written."""
        sets = {alias: people for people, alias in self._joins.items()}
        sets |= {f"{done.code}_done": self._counted(done, windows) for done, windows in self._counts.items()}
        joins = (
            f"  LEFT JOIN ({rows}) {alias} ON {alias}.person_id = p.id\n" for alias, rows in sets.items()
        )
        return FROM + "".join(joins)

    def where(self) -> str:
        return f"{LIVE} AND {self.within('p.id')} AND {self.within('m.person_id')}"
