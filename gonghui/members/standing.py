"""What a membership gives: one pure function, asked by whoever must know. The union's benefits hang on the person and stay."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    is_member: bool
    has_benefits: bool
    """Claims, coupons, activities, card; points and vouchers a person holds are theirs in any standing, until they end."""
    pays_dues: bool
    votes: bool
    """Elects and is elected."""


FULL = Standing(True, True, True, True)
KEPT = Standing(True, True, False, False)
"""保留会籍 (Beijing's trial measures 2020, and older practice): no dues, no vote, everything else as before."""
NONE = Standing(False, False, False, False)
BY_STATUS = {"active": FULL, "transferring": FULL, "retained": KEPT}


def standing_of(status: str | None) -> Standing:
    """Of a membership in this status; of nobody's, None."""
    return BY_STATUS.get(status or "", NONE)
