"""What a batch of a roster needs and no database knows, made while the batch before is written.

The blind indexes by which people are looked for, and of rows that were new when they were checked all that is sealed and
searched. For a short roster a second thread makes it, for a long one a second process: it is as much work as the database has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from gonghui.kit.ahead import in_second_process, made_ahead
from gonghui.kit.crypto import get_keyring
from gonghui.members.actions.roster_writes import person_line
from gonghui.members.roster import RosterRow
from gonghui.members.roster_blocks import ReadItem, rows_of

LONG_ROWS = 20_000
Batch = list[ReadItem]


class Wanted(NamedTuple):
    """The rows of a batch, and the lines of those to be sealed."""

    rows: list[RosterRow]
    added: set[int]


class Ahead(NamedTuple):
    """By line: under what a row's person is looked for, and how who is probably new is copied in."""

    indexes: dict[int, list[bytes]]
    people: dict[int, str]


def prepared(wanted: Wanted) -> Ahead:
    keyring = get_keyring()
    indexes = {row.line_no: keyring.blind_indexes("id_no", row.id_no) for row in wanted.rows}
    added = [row for row in wanted.rows if row.line_no in wanted.added]
    return Ahead(indexes, {row.line_no: person_line(row, indexes[row.line_no][0]) for row in added})


def batches_ahead(batches: Iterator[Batch], *, seals: bool, rows: int) -> Iterator[tuple[Batch, Ahead]]:
    """Each batch of a roster of so many rows with what was made of it."""
    is_long = seals and rows >= LONG_ROWS
    maker: AbstractContextManager[Callable[[Wanted], Ahead]]
    maker = in_second_process(prepared) if is_long else nullcontext(prepared)
    with maker as make:
        yield from made_ahead(batches, lambda batch: make(_wanted(batch, seals=seals)))


def _wanted(batch: Batch, *, seals: bool) -> Wanted:
    return Wanted(rows_of(batch), {one.item.line_no for one in batch if one.is_new} if seals else set())
