"""News of bills; ids only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BillSettled:
    bill_id: int


@dataclass(frozen=True, slots=True)
class BillCancelled:
    bill_id: int


@dataclass(frozen=True, slots=True)
class BillRefunded:
    refund_id: int
