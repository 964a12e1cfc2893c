"""One hash that fixes a list, and a proof for a single entry of it (the tree of RFC 6962, SHA-256).

Somebody can see that their own entry is in the list without being shown anybody else's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple


class Step(NamedTuple):
    """A neighbour on the way up: `side` is where it stands, `hash` in hexadecimal."""

    side: str
    hash: str


class Tree:
    """All levels, leaves first, kept so that many proofs cost one tree. Leaves are the bytes to be fixed."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [[leaf_hash(leaf) for leaf in leaves]]
        while len(self._levels[-1]) > 1:
            self._levels.append(_level_above(self._levels[-1]))

    @property
    def root(self) -> bytes:
        top = self._levels[-1]
        return top[0] if top else hashlib.sha256(b"").digest()

    def proof(self, index: int) -> list[Step]:
        """The neighbours from the leaf to the root."""
        steps = []
        for level in self._levels[:-1]:
            neighbour = index ^ 1
            if neighbour < len(level):
                steps.append(Step("left" if neighbour < index else "right", level[neighbour].hex()))
            index //= 2
        return steps


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root alone; two levels in memory at a time."""
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        level = _level_above(level)
    return level[0] if level else hashlib.sha256(b"").digest()


def leads_to(leaf: bytes, proof: Iterable[Step], root: bytes) -> bool:
    """Whether the proof leads from this very leaf to the root; False for anything that is no proof."""
    node = leaf_hash(leaf)
    try:
        for side, neighbour in proof:
            other = bytes.fromhex(neighbour)
            node = _node(other, node) if side == "left" else _node(node, other)
    except (ValueError, TypeError):
        return False
    return node == root


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _level_above(level: list[bytes]) -> list[bytes]:
    pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]
