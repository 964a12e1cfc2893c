"""What a refund would give back to whom, before it is made: worked out by the refund's own function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gonghui.bills.actions.refunds import lines_back
from gonghui.bills.models import Bill, Payer
from gonghui.bills.selling import Back
from gonghui.funds.worth import POINT_FEN


@dataclass(frozen=True, slots=True)
class BackPart:
    payer: str
    fen: int

    @property
    def label(self) -> str:
        return str(Payer(self.payer).label)

    @property
    def points(self) -> int:
        return self.fen // POINT_FEN


@dataclass(frozen=True, slots=True)
class BackSum:
    parts: tuple[BackPart, ...]
    list_fen: int

    @property
    def worker_fen(self) -> int:
        return sum(part.fen for part in self.parts if part.payer == Payer.WORKER)


def back_sum(bill: Bill, backs: Sequence[Back]) -> BackSum:
    """Two queries, nothing written; refused as the refund would be."""
    lines = lines_back(bill, backs)
    sums: dict[str, int] = {}
    for part in (part for one in lines for part in one.back.parts):
        sums[part.payer] = sums.get(part.payer, 0) + part.fen
    parts = tuple(BackPart(payer, sums[payer]) for payer in Payer.values if sums.get(payer))
    return BackSum(parts, sum(one.back.list_fen for one in lines))
