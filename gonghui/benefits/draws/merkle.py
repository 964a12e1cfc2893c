"""One hash that fixes the whole entry list, and a proof for a single entry (the tree of RFC 6962).

A member can see that their own entry took part without being shown anybody else's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from gonghui.benefits.draws.lots import Entry, checked_entries


class Step(NamedTuple):
    """A neighbour on the way up: `side` is where it stands."""

    side: str
    hash: str


class EntryTree:
    """All levels, leaves first, kept so that many proofs cost one tree."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        ordered = checked_entries(entries)
        self._position = {entry.token: index for index, entry in enumerate(ordered)}
        self._levels = [[_leaf(entry) for entry in ordered]]
        while len(self._levels[-1]) > 1:
            self._levels.append(_level_above(self._levels[-1]))

    @property
    def root(self) -> str:
        top = self._levels[-1]
        return (top[0] if top else hashlib.sha256(b"").digest()).hex()

    def proof(self, token: str) -> list[Step]:
        """The neighbours from the leaf to the root; KeyError for a token that takes no part."""
        index = self._position[token]
        steps = []
        for level in self._levels[:-1]:
            neighbour = index ^ 1
            if neighbour < len(level):
                steps.append(Step("left" if neighbour < index else "right", level[neighbour].hex()))
            index //= 2
        return steps


def entries_digest(entries: Iterable[Entry]) -> str:
    return EntryTree(entries).root


def is_included(entry: Entry, proof: Iterable[Step], root: str) -> bool:
    """Whether the proof leads from this very entry, weight and seats included, to the published root."""
    node = _leaf(entry)
    try:
        for side, neighbour in proof:
            other = bytes.fromhex(neighbour)
            node = _node(other, node) if side == "left" else _node(node, other)
    except (ValueError, TypeError):
        return False
    return node.hex() == root


def _leaf(entry: Entry) -> bytes:
    return hashlib.sha256(b"\x00" + f"{entry.token},{entry.weight},{entry.seats}".encode()).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _level_above(level: list[bytes]) -> list[bytes]:
    pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]
