"""Which offers are given together: the best for the worker among all sets the stacking rules allow.

Offers are taken off in their order (`Terms.order`, then id), each from what those before it left. Best is: most off;
then more gifts; then fewer offers; then the earlier in order. Proved against trying every set (`test_pricing_choosing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gonghui.bills.pricing.discounts import basis_of, line_discounts
from gonghui.bills.pricing.fitting import Candidate
from gonghui.bills.pricing.shares import Split, split_discount
from gonghui.bills.pricing.spreading import spread
from gonghui.bills.pricing.terms import Basis, Form, Id, Line, Stacking

TRIES = 2_000
"""Sets tried times offers that fit; beyond, the search stops with the best found and says so. Never under `TRIES_MIN`."""
TRIES_MIN = 20
STEPS_A_TRY = 5
OFFERS_MAX = 1_000
GIFT_WORTH = 1
FEN_WORTH = 1_000  # more than the gifts of one bill


class Given(NamedTuple):
    """One offer with what it takes off each line of the basket; a gift stands beside the lines."""

    candidate: Candidate
    fens: tuple[int, ...]
    split: Split
    wanted_fen: int


@dataclass(frozen=True, slots=True)
class Combination:
    given: tuple[Given, ...] = ()

    @property
    def worth(self) -> int:
        return sum(
            FEN_WORTH * one.split.given_fen + GIFT_WORTH * is_gift(one.candidate) for one in self.given
        )

    @property
    def rank(self) -> tuple[int, int, list[tuple[int, Id]]]:
        """Smaller is better."""
        return -self.worth, len(self.given), [order_of(one.candidate) for one in self.given]


def order_of(candidate: Candidate) -> tuple[int, Id]:
    return candidate.offer.terms.order, candidate.offer.id


def is_gift(candidate: Candidate) -> bool:
    return candidate.offer.terms.form == Form.GIFT


def taken_together(
    candidates: Sequence[Candidate], lines: Sequence[Line], left_fen: Mapping[Id, int]
) -> Combination | None:
    """All of them in their order; who would take nothing off is left out. None where one must not be there at the end, or they
    are more than one of them allows."""
    most = min((c.offer.terms.bill_offers_max or OFFERS_MAX for c in candidates), default=OFFERS_MAX)
    caps = [cap for c in candidates if (cap := c.offer.terms.bill_cap_fen) is not None]
    room = min(caps) if caps else None
    lists = [line.list_fen for line in lines]
    left, purses, given = list(lists), dict(left_fen), []
    for candidate in sorted(candidates, key=order_of):
        one = _taken(candidate, lines, left, purses, room)
        if one is None:
            continue
        given.append(one)
        if room is not None:
            room -= sum(one.fens)
        left = [was - off for was, off in zip(left, one.fens, strict=True)]
        for share, fen in zip(candidate.offer.shares, one.split.fens, strict=True):
            if share.funder in purses:
                purses[share.funder] -= fen
    kept = len(given) <= most and all(_holds_at_the_end(one.candidate, lists, left) for one in given)
    return Combination(tuple(given)) if kept else None


def touched_lines(
    candidate: Candidate, lines: Sequence[Line], left: Sequence[int]
) -> list[tuple[int, int, int]]:
    return [(lines[n].price_fen * lines[n].quantity, left[n], lines[n].quantity) for n in candidate.touched]


def _taken(
    candidate: Candidate,
    lines: Sequence[Line],
    left: Sequence[int],
    purses: Mapping[Id, int],
    room: int | None,
) -> Given | None:
    """`room`: what may still be taken off the bill."""
    terms = candidate.offer.terms
    touched = touched_lines(candidate, lines, left)
    if is_gift(candidate):
        return _gift(candidate, touched, purses, len(lines))
    off = line_discounts(terms, touched)
    wanted = sum(off)
    if room is not None and room < wanted:
        wanted, off = room, spread(room, off)
    split = split_discount(wanted, candidate.offer.shares, purses, candidate.cap_fen)
    if not split.given_fen:
        return None
    if split.given_fen < wanted:
        off = spread(split.given_fen, off)
    fens = [0] * len(lines)
    for n, fen in zip(candidate.touched, off, strict=True):
        fens[n] = fen
    return Given(candidate, tuple(fens), split, wanted)


def _gift(
    candidate: Candidate, touched: list[tuple[int, int, int]], purses: Mapping[Id, int], count: int
) -> Given | None:
    """Whole or not at all."""
    terms = candidate.offer.terms
    if basis_of(terms, touched) < terms.threshold_fen:
        return None
    split = split_discount(terms.price_fen, candidate.offer.shares, purses, candidate.cap_fen)
    if split.is_refused or split.given_fen < terms.price_fen:
        return None
    return Given(candidate, (0,) * count, split, terms.price_fen)


def _holds_at_the_end(candidate: Candidate, lists: Sequence[int], left: Sequence[int]) -> bool:
    terms = candidate.offer.terms
    return terms.basis != Basis.AFTER or sum(left[n] for n in candidate.touched) >= terms.threshold_fen


@dataclass(slots=True)
class Unit:
    """Offers of which at most one is taken: a stack class, or one that goes with all. `alone` bounds what any of them
    takes off in any company; `rate` too, where all are plain percentages."""

    options: list[Candidate]
    alone: list[int]
    rates: list[int | None]

    def bound(self) -> tuple[int, int | None]:
        rate = None if None in self.rates else min(rate for rate in self.rates if rate is not None)
        return max(self.alone), rate


@dataclass(slots=True)
class Search:
    """Branch and bound over the units; what cannot beat the best found is not tried."""

    lines: Sequence[Line]
    left_fen: Mapping[Id, int]
    best: Combination = field(default_factory=Combination)
    best_worth: int = 0
    whole: int = 0
    gift_worth: int = 0
    tries_max: int = TRIES
    tries: int = 0
    steps: int = 0
    is_complete: bool = True

    def run(self, candidates: Sequence[Candidate]) -> Combination:
        self.whole = FEN_WORTH * sum(line.list_fen for line in self.lines)
        self.gift_worth = sum(most_of(c) for c in candidates if is_gift(c))
        self.tries_max = max(TRIES // max(len(candidates), 1), TRIES_MIN)
        never = [c for c in candidates if c.offer.terms.stacking == Stacking.NEVER]
        if never:
            self.consider([min(never, key=lambda c: (-c.given_fen, not is_gift(c), order_of(c)))])
        units = self.units_of([c for c in candidates if c.offer.terms.stacking != Stacking.NEVER])
        bounds = [unit.bound() for unit in units]
        self.walk(units, bounds, [], [])
        return self.best

    def units_of(self, candidates: Sequence[Candidate]) -> list[Unit]:
        grouped: dict[object, list[tuple[int, Candidate]]] = {}
        for candidate in candidates:
            terms = candidate.offer.terms
            key = terms.stack_class if terms.stacking == Stacking.ONCE else candidate
            grouped.setdefault(key, []).append((most_of(candidate), candidate))
        units = []
        for options in grouped.values():
            options.sort(key=lambda option: (-option[0], order_of(option[1])))
            chosen = [candidate for _, candidate in options]
            units.append(Unit(chosen, [most for most, _ in options], [_rate_of(c) for c in chosen]))
        return sorted(units, key=lambda unit: (-unit.alone[0], order_of(unit.options[0])))

    def walk(
        self,
        units: list[Unit],
        bounds: list[tuple[int, int | None]],
        chosen: list[Candidate],
        sure: list[tuple[int, int | None]],
    ) -> None:
        self.steps += 1
        if self.steps > STEPS_A_TRY * self.tries_max or self.tries >= self.tries_max:
            self.is_complete = False
            return
        depth = len(sure)
        if not self.can_win(len(chosen), sure, bounds[depth:]):
            return
        if depth == len(units):
            self.consider(chosen)
            return
        unit = units[depth]
        for n, candidate in enumerate(unit.options):
            self.walk(units, bounds, [*chosen, candidate], [*sure, (unit.alone[n], unit.rates[n])])
        self.walk(units, bounds, chosen, [*sure, (0, None)])

    def can_win(
        self, count: int, sure: list[tuple[int, int | None]], rest: list[tuple[int, int | None]]
    ) -> bool:
        bound = self.bound([*sure, *rest])
        # Of two that take the same off, more offers do not win; leaving out those that take nothing is tried as well.
        return bound > self.best_worth or (bound == self.best_worth and count <= len(self.best.given))

    def bound(self, parts: list[tuple[int, int | None]]) -> int:
        """Percentages multiply, the rest adds, a fen of rounding each; gifts come on top of the list price."""
        paid, scale, plain, rated, slack = self.whole, 1, 0, 0, 0
        for alone, rate in parts:
            if rate is None:
                plain += alone
            else:
                paid, scale, rated = paid * rate, scale * 1000, rated + alone
            slack += FEN_WORTH if alone else 0
        off = plain + min(self.whole - paid // scale, rated) + slack
        return min(off, plain + rated, self.whole + self.gift_worth)

    def consider(self, chosen: list[Candidate]) -> None:
        self.tries += 1
        found = taken_together(chosen, self.lines, self.left_fen)
        if found is None:
            return
        worth = found.worth
        if worth > self.best_worth or (worth == self.best_worth and found.rank < self.best.rank):
            self.best, self.best_worth = found, worth


def most_of(candidate: Candidate) -> int:
    """Worth alone, before funders are asked; company only makes it less."""
    return FEN_WORTH * candidate.alone_fen + GIFT_WORTH * is_gift(candidate)


def _rate_of(candidate: Candidate) -> int | None:
    """Of a percentage of what is left; a cap or a fixed amount adds instead."""
    terms = candidate.offer.terms
    plain = terms.form == Form.PERCENT and terms.basis != Basis.INITIAL and terms.cap_fen is None
    return terms.rate_permille if plain else None


def best_combination(
    candidates: Sequence[Candidate], lines: Sequence[Line], left_fen: Mapping[Id, int]
) -> tuple[Combination, bool]:
    """The best of offers that each are given alone (`Candidate.alone_fen`), and whether every set was tried or ruled out."""
    search = Search(lines, left_fen)
    return search.run(candidates), search.is_complete
