"""A month's subsidy over the sections: what is wanted and not bought gets more, nobody loses by noise. Pure.

A ranking of sales hardly ever changes, and raw growth is mostly noise. Here growth is shrunk towards the month before, demand
that ended in no purchase counts, small changes are left alone, sections of those in hard or unsteady jobs do not lose, and the
sum is the sum: all of it is given, not a fen more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

VERSION = 1
WEIGHT_OF_BEFORE = 200
"""The month before counts like so many people: of 20 the figures stay almost as they were, of 2,000 they speak for themselves."""
CALM = Fraction(1, 10)
"""A change of no more than this share is none."""
YUAN = 100


@dataclass(frozen=True, slots=True)
class Demand:
    """Of one section: `people` who looked, marked or bought in four weeks, `buyers` among them, `before` in the four weeks
    before, and `priority` of the people in one of the worker groups. `was_fen`: its subsidy of the month before."""

    code: str
    people: int
    buyers: int
    before: int
    priority: int
    was_fen: int = 0


@dataclass(frozen=True, slots=True)
class Allotment:
    """`why`: new, demand, calm (a small change is none), floor (many in worker groups: not cut)."""

    code: str
    fen: int
    why: str


def allotted(demands: Sequence[Demand], total_fen: int) -> list[Allotment]:
    """In the order given; the sums add up to `total_fen`. The same figures give the same answer."""
    weights = _weights(demands)
    before = _before(demands, total_fen)
    wanted = _share_out(total_fen, weights)
    average = _rate(sum(one.priority for one in demands), sum(one.people for one in demands))
    whys: dict[str, str] = {}
    for one in demands:
        was, want = before.get(one.code), wanted[one.code]
        if was is None:
            whys[one.code] = "new"
        elif abs(want - was) <= was * CALM:
            whys[one.code] = "calm"
        elif want < was and one.priority and _rate(one.priority, one.people) >= average:
            whys[one.code] = "floor"
        else:
            whys[one.code] = "demand"
    kept = {code: before[code] for code, why in whys.items() if why in ("calm", "floor")}
    free = {code: weight for code, weight in weights.items() if code not in kept}
    exact = kept | _share_out(total_fen - sum(kept.values()), free)
    fens = _whole(exact, total_fen)
    return [Allotment(one.code, fens[one.code], whys[one.code]) for one in demands]


def allotted_again(inputs: Sequence[Mapping[str, int]], total_fen: int) -> list[dict]:
    """From what is stored with a proposal: whoever doubts it runs it again."""
    return [asdict(one) for one in allotted([Demand(**one) for one in inputs], total_fen)]


def _weights(demands: Sequence[Demand]) -> dict[str, Fraction]:
    """Share of the interest, shrunk towards the month before, raised by the share of those who bought nothing."""
    people, before = sum(one.people for one in demands), sum(one.before for one in demands)
    unmet = _rate(people - sum(one.buyers for one in demands), people)
    found = {}
    for one in demands:
        usual = _rate(one.before, before) if before else _rate(one.people, people)
        share = (one.people + WEIGHT_OF_BEFORE * usual) / (people + WEIGHT_OF_BEFORE)
        missed = (one.people - one.buyers + WEIGHT_OF_BEFORE * unmet) / (one.people + WEIGHT_OF_BEFORE)
        found[one.code] = share * (1 + missed)
    return found


def _before(demands: Sequence[Demand], total_fen: int) -> dict[str, Fraction]:
    """What each had, as a share of this month's sum; without those that are new."""
    whole = sum(one.was_fen for one in demands)
    return {one.code: Fraction(one.was_fen * total_fen, whole) for one in demands if one.was_fen}


def _share_out(fen: Fraction | int, weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    whole = sum(weights.values())
    return {code: Fraction(fen) * weight / whole for code, weight in weights.items()}


def _whole(exact: Mapping[str, Fraction], total_fen: int) -> dict[str, int]:
    """Whole yuan, the largest remainders first; what is no whole yuan of the sum goes to the first of them."""
    fens = {code: int(fen // YUAN) * YUAN for code, fen in exact.items()}
    order = sorted(exact, key=lambda code: (fens[code] - exact[code], code))
    left = total_fen - sum(fens.values())
    for code in order[: left // YUAN]:
        fens[code] += YUAN
    fens[order[0]] += left % YUAN
    return fens


def _rate(part: int, whole: int) -> Fraction:
    return Fraction(part, whole) if whole else Fraction(0)
