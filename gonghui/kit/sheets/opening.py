"""One way in for every kind of sheet."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets.cells import Limits, Sheet, SheetRow
from gonghui.kit.sheets.delimited import DelimitedBook
from gonghui.kit.sheets.errors import NO_SHEETS, NO_SUCH_SHEET
from gonghui.kit.sheets.sniffing import sniff
from gonghui.kit.sheets.xls import XlsBook
from gonghui.kit.sheets.xlsx import XlsxBook

READERS = {"zip": XlsxBook, "ole": XlsBook, "text": DelimitedBook}
Chooser = Callable[[Sequence[Sheet]], Sheet]


class Workbook:
    """An opened spreadsheet; also a context manager. The file stays the caller's to close."""

    def __init__(self, file: BinaryIO, limits: Limits):
        self.kind = sniff(file, limits)
        self._book = READERS[self.kind](file, limits)
        self.sheets: Sequence[Sheet] = self._book.sheets

    @property
    def visible_sheets(self) -> list[Sheet]:
        return [sheet for sheet in self.sheets if not sheet.hidden]

    def sheet(self, name: str) -> Sheet:
        for sheet in self.sheets:
            if sheet.name == name:
                return sheet
        names = "、".join(sheet.name for sheet in self.visible_sheets)
        raise DomainError(NO_SUCH_SHEET, name=name, names=names)

    def close(self) -> None:
        self._book.close()

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def open_workbook(source: BinaryIO | bytes | Path, limits: Limits | None = None) -> Workbook:
    """Refuses with a sentence whatever is no spreadsheet, is locked, damaged or dangerous."""
    if isinstance(source, Path):
        source = source.read_bytes()
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    return Workbook(file, limits or Limits())


def read_sheet(source: BinaryIO | bytes | Path, choose: Chooser | None = None) -> Iterator[SheetRow]:
    """Rows of the first visible sheet, or of the one that `choose` picks among the visible ones."""
    with open_workbook(source) as book:
        sheets = book.visible_sheets
        if not sheets:
            raise DomainError(NO_SHEETS)
        yield from (choose(sheets) if choose else sheets[0]).rows()
