"""A refund reverses what each funder gave of its line. Nothing is priced again, so no discount can grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gonghui.bills.pricing.outcomes import Part, RefundParts
from gonghui.bills.pricing.spreading import returned_of
from gonghui.bills.pricing.terms import Payer
from gonghui.funds.worth import POINT_FEN


def refund_parts(parts: Sequence[Part], quantity: int, already: int, k: int) -> RefundParts:
    """For `k` more of a line's `quantity` units, `already` of which went back before."""
    if already < 0 or k < 1 or already + k > quantity:
        raise ValueError(f"{k} after {already} of {quantity}")
    whole = sum(part.fen for part in parts)
    before, after = whole * already // quantity, whole * (already + k) // quantity
    return _between(parts, before, after)


def refund_amount(parts: Sequence[Part], already_fen: int, fen: int) -> RefundParts:
    """For `fen` more of a line's list price, `already_fen` of which went back before; for lines without quantities."""
    whole = sum(part.fen for part in parts)
    if already_fen < 0 or fen < 1 or already_fen + fen > whole:
        raise ValueError(f"{fen} after {already_fen} of {whole}")
    return _between(parts, already_fen, already_fen + fen)


def _between(parts: Sequence[Part], before: int, after: int) -> RefundParts:
    was, _waited = _returned(parts, before)
    now, waiting = _returned(parts, after)
    back = tuple(replace(part, fen=b - a) for part, a, b in zip(parts, was, now, strict=True))
    return RefundParts(back, after - before, waiting)


def _returned(parts: Sequence[Part], amount: int) -> tuple[list[int], int]:
    """Of each part once `amount` of the line is back, and the fen of broken points that wait."""
    due = returned_of([part.fen for part in parts], amount)
    whole = [
        fen - fen % POINT_FEN if part.payer == Payer.POINTS else fen
        for part, fen in zip(parts, due, strict=True)
    ]
    return whole, amount - sum(whole)
