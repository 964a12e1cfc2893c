"""What a sheet holds, whatever file it came from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple, Protocol

EXCEL_EXACT_LIMIT = 10**15
"""A spreadsheet keeps 15 digits of a number; from here on it shows and stores 4.40106E+17."""


class CellError(str):
    """An error value, such as #N/A."""


Cell = None | str | int | float | bool | date | datetime | time | CellError


class SheetRow(NamedTuple):
    """`number` as the spreadsheet program shows it, from 1."""

    number: int
    cells: list[Cell]


class Merge(NamedTuple):
    """Rows from 1, columns from 0, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Limits:
    """`ratio` (unpacked to packed) binds only parts larger than `ratio_free_bytes`."""

    file_bytes: int = 100 * 2**20
    unpacked_bytes: int = 3 * 2**29
    ratio: int = 200
    ratio_free_bytes: int = 20 * 2**20
    rows: int = 1_048_576
    columns: int = 256
    cell_chars: int = 32_767
    sheets: int = 200


class Sheet(Protocol):
    name: str
    hidden: bool

    def rows(self) -> Iterator[SheetRow]:
        """Rows with something in them, in order; may be asked for again."""

    def merges(self) -> list[Merge]: ...


UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def fit_text(text: str) -> str:
    """Without the characters that no sheet shows and no database takes."""
    return text if text.isprintable() else UNFIT.sub("", text)


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def cell_text(cell: Cell) -> str:
    """As the spreadsheet program shows it; dates as 2020-01-05."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return str(cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number_text(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    return cell.isoformat()


def _number_text(number: int | float) -> str:
    if abs(number) >= EXCEL_EXACT_LIMIT:
        return re.sub(r"\.?0*E", "E", f"{number:.5E}")
    return f"{number:.15g}"
