"""How much an offer takes off, before anybody is asked to fund it."""

from __future__ import annotations

from collections.abc import Sequence

from gonghui.bills.pricing.spreading import spread
from gonghui.bills.pricing.terms import Basis, Form, Terms

Touched = Sequence[tuple[int, int, int]]
"""Lines an offer touches: (list price, what earlier offers left, units)."""

UNIT_FORMS = (Form.FIXED_PRICE, Form.AGREEMENT_PRICE, Form.FREE)


def discount_of(terms: Terms, amount_fen: int) -> int:
    """Off one line of one unit with nothing off before; a gift takes nothing off."""
    return sum(line_discounts(terms, [(amount_fen, amount_fen, 1)]))


def basis_of(terms: Terms, lines: Touched) -> int:
    column = 0 if terms.basis == Basis.INITIAL else 1
    return sum([line[column] for line in lines])


def missing_of(terms: Terms, lines: Touched) -> int:
    """Fen lacking to the threshold."""
    return max(terms.threshold_fen - basis_of(terms, lines), 0)


def line_discounts(terms: Terms, lines: Touched) -> list[int]:
    """Off each line; never more than is left of it. The worker's part of a percentage is rounded down to the fen over all
    touched lines together, and divided over them by largest remainder."""
    fen, room = total_discount(terms, lines)
    return [fen] if len(room) == 1 else spread(fen, room)


def total_discount(terms: Terms, lines: Touched) -> tuple[int, list[int]]:
    """Off all lines, and how much of it each has room for."""
    room = [left for _, left, _ in lines]
    basis_fen = basis_of(terms, lines)
    if terms.form == Form.GIFT or basis_fen < terms.threshold_fen:
        return 0, room
    if terms.form in UNIT_FORMS:
        room = _unit_discounts(terms, lines)
        wanted = sum(room)
    else:
        wanted = _off(terms, basis_fen)
    if terms.cap_fen is not None:
        wanted = min(wanted, terms.cap_fen)
    return min(wanted, sum(room)), room


def _off(terms: Terms, basis_fen: int) -> int:
    if terms.form == Form.PERCENT:
        return basis_fen - basis_fen * terms.rate_permille // 1000
    if not terms.threshold_fen:
        return terms.off_fen
    times = basis_fen // terms.threshold_fen
    return terms.off_fen * (min(times, terms.repeat_max) if terms.repeat_max else times)


def _unit_discounts(terms: Terms, lines: Touched) -> list[int]:
    """The units with the most to gain come first, the earlier line where they gain the same."""
    price = 0 if terms.form == Form.FREE else terms.price_fen
    bases = [min(left, whole if terms.basis == Basis.INITIAL else left) for whole, left, _ in lines]
    order = sorted(range(len(lines)), key=lambda n: (-(bases[n] // lines[n][2] - price), n))
    open_units = terms.units_max or sum(line[2] for line in lines)
    off = [0] * len(lines)
    for n in order:
        units = min(open_units, lines[n][2])
        open_units -= units
        off[n] = max(bases[n] * units // lines[n][2] - price * units, 0)
    return off
