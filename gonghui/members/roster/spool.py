"""Rows kept until the whole sheet is known: packed in memory, since personal data must not lie on disk."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator
from typing import Any

BLOCK_ROWS = 2000


class Spool:
    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._block: list[Any] = []

    def add(self, item: Any) -> None:
        self._block.append(item)
        if len(self._block) >= BLOCK_ROWS:
            self._pack()

    def _pack(self) -> None:
        self._blocks.append(zlib.compress(pickle.dumps(self._block, pickle.HIGHEST_PROTOCOL), 1))
        self._block = []

    def drained(self) -> Iterator[Any]:
        """Items in the order they came; each block is let go as it is read."""
        self._pack()
        blocks, self._blocks = self._blocks, []
        for place, packed in enumerate(blocks):
            blocks[place] = b""
            yield from pickle.loads(zlib.decompress(packed))  # noqa: S301 - our own bytes, never left memory
