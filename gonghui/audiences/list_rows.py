"""Rows of a list, pasted or out of a sheet: the number that says who is meant, or why there is none. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from django.utils.translation import gettext as _

from gonghui.audiences import errors
from gonghui.kit.errors import require
from gonghui.kit.identifiers import read_phone, read_resident_id
from gonghui.kit.sheets import Cell, Limits, SheetRow, cell_text, is_blank, open_workbook
from gonghui.kit.sheets.errors import NO_SHEETS

ROWS_MAX = 10_000
FILE_BYTES_MAX = 3 * 2**20
"""Below what an upload may take in memory (settings): it never lies in a file."""
LIMITS = Limits(file_bytes=FILE_BYTES_MAX, unpacked_bytes=64 * 2**20, rows=ROWS_MAX + 1_000, columns=64)
HEADING_WITHIN = 10
ID_WORDS = ("证件号", "身份证", "证号")
PHONE_WORDS = ("手机", "电话")
ID_LENGTH_MIN = 12
"""What is as long was meant to be one: the reason is said of it."""
CUT_OFF = ("scientific", "digits_lost")


@dataclass(frozen=True, slots=True)
class ListRow:
    """`indexed`: (context of the blind index, value) to look for; none: `fault` says why."""

    number: int
    indexed: tuple[tuple[str, str], ...]
    fault: str = ""


def rows_of_text(text: str) -> list[ListRow]:
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    require(len(lines) <= ROWS_MAX, errors.LIST_TOO_LONG, most=ROWS_MAX)
    return [_row(number, [line]) for number, line in lines]


def rows_of_sheet(content: bytes) -> list[ListRow]:
    """Of the first sheet: the columns headed 证件号码 and 手机号; without a heading whichever cells are numbers."""
    require(content, errors.LIST_FILE_EMPTY)
    require(len(content) <= FILE_BYTES_MAX, errors.LIST_FILE_BIG, most=FILE_BYTES_MAX // 2**20)
    with open_workbook(content, LIMITS) as book:
        sheets = book.visible_sheets
        require(sheets, NO_SHEETS)
        rows = iter(sheets[0].rows())
        first = list(islice(rows, HEADING_WITHIN))
        heading, places = _heading(first)
        found = list(_rows(chain(first[heading:], rows), places))
    require(len(found) <= ROWS_MAX, errors.LIST_TOO_LONG, most=ROWS_MAX)
    require(found, errors.LIST_FILE_EMPTY)
    return found


def _heading(rows: Sequence[SheetRow]) -> tuple[int, list[int]]:
    """How many rows to leave out, and the places of ID number and phone; no places: all of them."""
    for count, row in enumerate(rows, 1):
        words = [cell_text(cell).replace(" ", "") for cell in row.cells]
        places = [
            place
            for named in (ID_WORDS, PHONE_WORDS)
            for place, word in enumerate(words)
            if len(word) <= 12 and any(name in word for name in named)
        ]
        if places:
            return count, places
    return 0, []


def _rows(rows: Iterable[SheetRow], places: list[int]) -> Iterator[ListRow]:
    for row in rows:
        if all(map(is_blank, row.cells)):
            continue
        cells = [row.cells[place] for place in places if place < len(row.cells)] if places else row.cells
        yield _row(row.number, [cell for cell in cells if not is_blank(cell)])


def _row(number: int, cells: Sequence[Cell]) -> ListRow:
    indexed: list[tuple[str, str]] = []
    fault = ""
    for cell in cells:
        reading = read_resident_id(cell, typed=True)
        if reading.ok:
            indexed.append(("id_no", reading.value))
        elif reading.code in CUT_OFF or len(cell_text(cell).strip()) >= ID_LENGTH_MIN:
            fault = fault or str(reading.message)
        phone = read_phone(cell)
        if phone.ok:
            indexed.append(("phone", phone.value))
    if indexed:
        # A phone may be somebody else's who shares it, or has it now: it counts only where no ID number stands beside it.
        sure = [one for one in indexed if one[0] == "id_no"]
        return ListRow(number, tuple(sure or indexed))
    return ListRow(
        number, (), fault or (_("不是证件号码，也不是手机号。") if cells else _("没有填证件号码或手机号。"))
    )
