"""Awkward files, made in code."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import openpyxl

from gonghui.kit.tests.sheet_makers import xlsx_of as plain_xlsx_of
from gonghui.members.roster import RosterReport, RosterRow, RowRefusal, SkippedRow, read_roster


class Book:
    """A workbook under the hands of an office: written from the top, merged, coloured, saved."""

    def __init__(self, sheet_name: str = "Sheet1"):
        self._book = openpyxl.Workbook()
        self.sheet = self._book.active
        self.sheet.title = sheet_name

    def rows(self, *rows: Sequence[object]) -> Book:
        for row in rows:
            self.sheet.append(list(row))
        return self

    def merged(self, *ranges: str) -> Book:
        for reference in ranges:
            self.sheet.merge_cells(reference)
        return self

    def shown_as(self, number_format: str, *cells: str) -> Book:
        for cell in cells:
            self.sheet[cell].number_format = number_format
        return self

    def another(self, name: str, hidden: bool = False) -> Book:
        self.sheet = self._book.create_sheet(name)
        self.sheet.sheet_state = "hidden" if hidden else "visible"
        return self

    def saved(self) -> bytes:
        target = io.BytesIO()
        self._book.save(target)
        return target.getvalue()


def xlsx_of(headings: Sequence[object], *rows: Sequence[object]) -> bytes:
    return plain_xlsx_of([headings, *rows])


def csv_of(rows: Iterable[Sequence[object]], encoding: str = "gb18030", separator: str = ",") -> bytes:
    target = io.StringIO()
    csv.writer(target, delimiter=separator).writerows(rows)
    return target.getvalue().encode(encoding)


class Outcome:
    """Everything a roster gave, sorted by kind."""

    def __init__(self, content: bytes, **options: object):
        with read_roster(content, **options) as reading:
            items = list(reading)
            self.report: RosterReport = reading.report
            self.headings = reading.headings
        self.good = [item for item in items if isinstance(item, RosterRow)]
        self.refused = [item for item in items if isinstance(item, RowRefusal)]
        self.skipped = [item for item in items if isinstance(item, SkippedRow)]

    @property
    def people(self) -> list[list[str]]:
        return [[row.name, row.id_no, row.phone, row.union_text] for row in self.good]

    @property
    def faults(self) -> list[tuple[int, tuple[str, ...]]]:
        return [(refusal.line_no, refusal.codes) for refusal in self.refused]


def read(content: bytes, **options: object) -> Outcome:
    return Outcome(content, **options)
