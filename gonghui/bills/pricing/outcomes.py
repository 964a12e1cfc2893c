"""What a price is made up of: parts per line that add up to the list price, and why each offer was given or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from gonghui.bills.pricing.screen import says_capped, says_midnight, says_moment, says_per, says_terms
from gonghui.bills.pricing.terms import Form, Id, Payer, Terms, Window
from gonghui.bills.pricing.tracing import trace_of
from gonghui.funds.worth import POINT_FEN
from gonghui.kit.errors import DomainError, Refusal
from gonghui.kit.templatetags.kit import yuan

SAID = {
    "missing": yuan,
    "threshold": yuan,
    "alone": yuan,
    "left": yuan,
    "gain": says_terms,
    "per": says_per,
    "cap": says_capped,
}
MOMENTS = {"opens": says_moment, "again": says_midnight}


@dataclass(frozen=True, slots=True)
class Part:
    """Fen of one line that one funder pays. `funder`: the budget, for points the lot, None for merchant and worker."""

    payer: Payer
    fen: int
    funder: Id | None = None
    offer_id: Id | None = None
    """None for points and the worker."""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """The parts add up to `list_fen`. A gift that is worth money is a line of its own behind the basket's."""

    name: str
    quantity: int
    list_fen: int
    section: str
    parts: tuple[Part, ...]
    gift_of: Id | None = None
    code: str = ""

    def fen_of(self, payer: Payer) -> int:
        return sum(part.fen for part in self.parts if part.payer == payer)


@dataclass(frozen=True, slots=True)
class Applied:
    """One offer that is given. `parts` are the bill's, per funder, and add up to `discount_fen`."""

    offer_id: Id
    title: str
    discount_fen: int
    parts: tuple[Part, ...]
    terms: Terms
    window: Window | None = None
    window_day: date | None = None
    """The day whose capacity it uses."""
    shrunk_fen: int = 0
    """What a short funder took away from the worker."""

    @property
    def window_id(self) -> Id | None:
        return self.window.id if self.window else None

    @property
    def gift(self) -> str:
        """The thing that is given; empty for what is not a gift."""
        return self.terms.gift if self.terms.form == Form.GIFT else ""


class Refused(NamedTuple):
    """One offer that is not given, as a refusal every door can render. Facts are bare (fen, moments, `Terms`); sentences are
    made when somebody reads them, in the reader's language."""

    offer_id: Id
    title: str
    reason: Refusal
    facts: Mapping[str, Any]

    @property
    def missing_fen(self) -> int:
        """What is lacking to its threshold; 0 where that is not the reason."""
        return self.facts.get("missing", 0)

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def error(self) -> DomainError:
        return DomainError(self.reason, **{name: self._said(name, fact) for name, fact in self.facts.items()})

    def _said(self, name: str, fact: Any) -> Any:
        if name in MOMENTS:
            return MOMENTS[name](fact, self.facts["now"])
        return SAID[name](fact) if name in SAID else fact

    @property
    def sentence(self) -> str:
        return self.error.message

    @property
    def advice(self) -> str:
        return self.error.advice


@dataclass(frozen=True, slots=True)
class Quote:
    """A price and how it came about. `applied` in the order they were taken off, `refused` in the order asked."""

    applied: tuple[Applied, ...]
    refused: tuple[Refused, ...]
    lines: tuple[PricedLine, ...]
    list_fen: int
    """Of all lines, gifts with a worth among them."""
    points: int
    points_asked: int
    points_most: int
    """How many could be spent on this bill."""
    due_fen: int
    """What the worker pays."""
    is_best: bool
    """False: so many offers fit that not every combination was tried; the best of those tried is given."""

    @property
    def trace(self) -> tuple[str, ...]:
        """How it came about, sentence by sentence, in the reader's language."""
        return trace_of(self)

    @property
    def discount_fen(self) -> int:
        return sum(applied.discount_fen for applied in self.applied)

    @property
    def points_fen(self) -> int:
        return self.points * POINT_FEN

    def fen_of(self, payer: Payer) -> int:
        return sum(line.fen_of(payer) for line in self.lines)


@dataclass(frozen=True, slots=True)
class RefundParts:
    """What goes back to whom. `parts` stand as the line's do, nothing left out, and add up to `list_fen` less what
    waits now and more what waited before: points go back whole, the fen of a broken one wait for the next refund of the
    line and the last one leaves none."""

    parts: tuple[Part, ...]
    list_fen: int
    waiting_fen: int
    """Of all points of the line, after this refund."""

    @property
    def fen(self) -> int:
        return sum(part.fen for part in self.parts)
