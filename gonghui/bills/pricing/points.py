"""Points on a bill: whole ones only, each for one line, the earliest to expire first."""

from __future__ import annotations

from collections.abc import Sequence

from gonghui.bills.pricing.spreading import spread
from gonghui.bills.pricing.terms import Id, PointLot
from gonghui.funds.worth import POINT_FEN

Spent = list[tuple[Id, list[int]]]
"""Per lot: points on each line."""


def spend_points(
    lots: Sequence[PointLot], sections: Sequence[str], due_fen: Sequence[int], wanted: int
) -> Spent:
    """At most `wanted`, at most the whole yuan due on each line, where the lot's sections allow. A lot pays first for the
    lines that later lots cannot reach."""
    room = [fen // POINT_FEN for fen in due_fen]
    spent: Spent = []
    for n, lot in enumerate(lots):
        points = [0] * len(room)
        for lines in _by_reach(lot, lots[n + 1 :], sections):
            here = spread(
                min(lot.points - sum(points), wanted, sum(room[i] for i in lines)), [room[i] for i in lines]
            )
            for i, count in zip(lines, here, strict=True):
                points[i] += count
                room[i] -= count
            wanted -= sum(here)
        if any(points):
            spent.append((lot.id, points))
    return spent


def _by_reach(lot: PointLot, later: Sequence[PointLot], sections: Sequence[str]) -> list[list[int]]:
    """The lines a lot may pay for, those first for which the later lots have the fewest points."""
    groups: dict[int, list[int]] = {}
    for n, section in enumerate(sections):
        if _is_for(lot, section):
            reach = sum(other.points for other in later if _is_for(other, section))
            groups.setdefault(reach, []).append(n)
    return [groups[reach] for reach in sorted(groups)]


def _is_for(lot: PointLot, section: str) -> bool:
    return not lot.sections or section in lot.sections
