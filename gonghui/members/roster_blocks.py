"""The rows of a roster between its check and its import: sealed blocks."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gonghui.members.models import RosterBlock, RosterSheet
from gonghui.members.roster import RosterItem, RosterRow


class ReadItem(NamedTuple):
    """An item of the sheet, its cells as they were, and whether the check took it for somebody new."""

    item: RosterItem
    cells: tuple[str, ...]
    is_new: bool = False


def keep_block(sheet: RosterSheet, number: int, items: list[ReadItem]) -> None:
    packed = zlib.compress(pickle.dumps([tuple(one) for one in items], pickle.HIGHEST_PROTOCOL), 1)
    RosterBlock.objects.create(sheet=sheet, number=number, rows=len(items), content=packed)


def kept_items(sheet: RosterSheet, start: int) -> Iterator[ReadItem]:
    """From the `start`th on; blocks before it are not opened."""
    blocks = RosterBlock.objects.unscoped("of the run's own sheet").filter(sheet=sheet)
    for pk, rows in list(blocks.order_by("number").values_list("pk", "rows")):
        if start >= rows:
            start -= rows
            continue
        block = blocks.filter(pk=pk).first()
        if block is None:
            return  # another run has the sheet: the next look at it says so
        found = pickle.loads(zlib.decompress(block.content))  # noqa: S301 - our own bytes, sealed
        yield from (ReadItem(*one) for one in found[start:])
        start = 0


def rows_of(items: Iterable[ReadItem]) -> list[RosterRow]:
    return [one.item for one in items if isinstance(one.item, RosterRow)]
