"""A tree whose root fixes a list of amounts and what they add up to, and a proof for a single entry of it.

A node is a hash and two sums, neither ever negative. A parent's hash covers the hashes and the sums of both children apart, so
that no child can count for less in the parent than it says of itself.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Node(NamedTuple):
    hash: bytes
    debits: int
    credits: int


class SumStep(NamedTuple):
    """A neighbour on the way up: `side` is where it stands, `hash` in hexadecimal."""

    side: str
    hash: str
    debits: int
    credits: int


NOTHING = Node(hashlib.sha256(b"").digest(), 0, 0)
"""The root of no entry at all."""


LEAF = struct.Struct(">BQQ")
PAIR = struct.Struct(">B32sQQ32sQQ")


def leaf_of(text: str, debits: int, credits: int) -> Node:
    """Raises struct.error for an amount below zero, or no whole number."""
    return Node(hashlib.sha256(LEAF.pack(0x10, debits, credits) + text.encode()).digest(), debits, credits)


def over(left: Node, right: Node) -> Node:
    return Node(
        hashlib.sha256(PAIR.pack(0x11, *left, *right)).digest(), left[1] + right[1], left[2] + right[2]
    )


def levels_over(leaves: Sequence[Node]) -> list[list[Node]]:
    """Leaves first, the root alone at last; whoever has no neighbour goes up as it is."""
    levels = [list(leaves) or [NOTHING]]
    while len(level := levels[-1]) > 1:
        pairs = [over(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        levels.append(pairs + level[len(pairs) * 2 :])
    return levels


def root_over(leaves: Sequence[Node]) -> Node:
    return levels_over(leaves)[-1][0]


def steps_from(levels: Sequence[Sequence[Node]], index: int) -> list[SumStep]:
    """The neighbours from an entry to the root."""
    steps = []
    for level in levels[:-1]:
        beside = index ^ 1
        if beside < len(level):
            node = level[beside]
            side = "left" if beside < index else "right"
            steps.append(SumStep(side, node.hash.hex(), node.debits, node.credits))
        index //= 2
    return steps


def root_from(leaf: Node, steps: Iterable[SumStep]) -> Node:
    """Where the steps lead. Raises ValueError, TypeError or struct.error for what is no proof."""
    node = leaf
    for side, hash_, debits, credits in steps:
        beside = Node(bytes.fromhex(hash_), debits, credits)
        if len(beside.hash) != 32 or side not in ("left", "right"):
            raise ValueError(side)
        node = over(beside, node) if side == "left" else over(node, beside)
    return node
