"""One hash that fixes the whole entry list, and a proof for a single entry (`kit.merkle`).

A member can see that their own entry took part without being shown anybody else's.
"""

from __future__ import annotations

from collections.abc import Iterable

from gonghui.benefits.draws.lots import Entry, checked_entries
from gonghui.kit.merkle import Step, Tree, leads_to, root_of


class EntryTree:
    def __init__(self, entries: Iterable[Entry]) -> None:
        ordered = checked_entries(entries)
        self._position = {entry.token: index for index, entry in enumerate(ordered)}
        self._tree = Tree(map(_leaf, ordered))

    @property
    def root(self) -> str:
        return self._tree.root.hex()

    def proof(self, token: str) -> list[Step]:
        """The neighbours from the leaf to the root; KeyError for a token that takes no part."""
        return self._tree.proof(self._position[token])


def entries_digest(entries: Iterable[Entry]) -> str:
    return root_of(map(_leaf, checked_entries(entries))).hex()


def is_included(entry: Entry, proof: Iterable[Step], root: str) -> bool:
    """Whether the proof leads from this very entry, weight and seats included, to the published root."""
    try:
        return leads_to(_leaf(entry), proof, bytes.fromhex(root))
    except (ValueError, TypeError):
        return False


def _leaf(entry: Entry) -> bytes:
    return f"{entry.token},{entry.weight},{entry.seats}".encode()
