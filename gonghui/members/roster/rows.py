"""What comes out of a roster, row by row."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class RosterRow(NamedTuple):
    """A row that may be imported. `notes` are codes of `report.NOTES`; a phone may be missing."""

    line_no: int
    name: str
    id_type: str
    id_no: str
    phone: str
    union_text: str
    group_codes: tuple[str, ...]
    joined_on: date | None
    birth_date: date | None
    gender: str
    employment: str
    remark: str
    notes: tuple[str, ...]


class RowRefusal(NamedTuple):
    """`raw` are the cells as the sheet shows them, in the order of `RosterReading.headings`."""

    line_no: int
    codes: tuple[str, ...]
    sentences: tuple[str, ...]
    raw: tuple[str, ...]


class SkippedRow(NamedTuple):
    """No member: a footer, an example, or the same row once more. `code` is one of `report.SKIPS`."""

    line_no: int
    code: str
    sentence: str


RosterItem = RosterRow | RowRefusal | SkippedRow
