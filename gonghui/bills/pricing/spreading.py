"""Dividing fen so that nothing is lost: largest remainder over lines, exact margins, and a division that only grows."""

from __future__ import annotations

from collections.abc import Sequence


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` by weight, largest remainder first, then the earlier. Within the weights where these are room enough."""
    whole = sum(weights)
    if not amount or not whole:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    lost = amount - sum(parts)
    if lost:
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
        for i in by_remainder[:lost]:
            parts[i] += 1
    return parts


def spread_matrix(rows: Sequence[int], columns: Sequence[int]) -> list[list[int]]:
    """A matrix with exactly these sums, near proportion, never negative. Both sum to the same."""
    if sum(rows) != sum(columns):
        raise ValueError("rows and columns differ")
    room = list(rows)
    taken = []
    for column in columns:
        parts = spread(column, room)
        room = [left - part for left, part in zip(room, parts, strict=True)]
        taken.append(parts)
    return [[parts[n] for parts in taken] for n in range(len(rows))]


def returned_of(parts: Sequence[int], amount: int) -> list[int]:
    """`amount` of what the parts add up to, divided as they are, so that a larger amount never gives any part less
    (Webster's divisor; the largest remainder does not have this, Alabama 1880). All of it gives the parts."""
    whole = sum(parts)
    if not 0 <= amount <= whole:
        raise ValueError(f"{amount} of {whole}")
    if not whole:
        return [0] * len(parts)
    given = [(2 * part * amount + whole) // (2 * whole) for part in parts]
    for _ in range(amount - sum(given)):
        given[_next_up(parts, given)] += 1
    for _ in range(sum(given) - amount):
        given[_last_up(parts, given)] -= 1
    return given


def _next_up(parts: Sequence[int], given: Sequence[int]) -> int:
    best = 0
    for i in range(1, len(parts)):
        if parts[i] * (2 * given[best] + 1) > parts[best] * (2 * given[i] + 1):
            best = i
    return best


def _last_up(parts: Sequence[int], given: Sequence[int]) -> int:
    candidates = [i for i in range(len(parts)) if given[i]]
    last = candidates[0]
    for i in candidates[1:]:
        if parts[i] * (2 * given[last] - 1) <= parts[last] * (2 * given[i] - 1):
            last = i
    return last
