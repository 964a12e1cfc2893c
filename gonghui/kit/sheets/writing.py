"""Sheets for download. No text in them can ever run as a formula."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets.cells import EXCEL_EXACT_LIMIT
from gonghui.kit.sheets.errors import TOO_LONG_TO_WRITE

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_MAX = 1_048_575
CELL_CHARS_MAX = 32_767
SHEET_NAME_MAX = 31
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
GUARD = "'"
FONT = "Microsoft YaHei"
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}
Value = str | Promise | int | float | Decimal | bool | date | datetime | time | None


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text (digits stay as typed), number, money (fen given, yuan shown), date or datetime."""

    title: str
    width: float = 16
    kind: str = "text"
    choices: tuple[str, ...] = ()
    comment: str = ""


def write_xlsx(
    target: BinaryIO,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value]],
    *,
    sheet_name: str = "",
    notes: Sequence[str] = (),
    keywords: str = "",
) -> int:
    """Writes a sheet with a frozen heading, and `notes` on a second one; the number of rows is returned.

    `keywords` stand in the properties of the file.
    """
    book = xlsxwriter.Workbook(target, OPTIONS)
    if keywords:
        book.set_properties({"keywords": keywords})
    try:
        writer = _SheetWriter(book, columns, _sheet_name(sheet_name or _("名单")))
        count = writer.write(rows)
        if notes:
            _write_notes(book, notes)
    finally:
        book.close()
    return count


def write_csv(target: BinaryIO, columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> int:
    """UTF-8 with a mark, so that Excel reads Chinese; risky texts and long numbers get an apostrophe."""
    target.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(target, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([guarded(str(column.title)) for column in columns])
    count = 0
    for row in rows:
        writer.writerow([_csv_text(value, column) for value, column in zip(row, columns, strict=True)])
        count += 1
    text.detach()
    return count


def guarded(text: str) -> str:
    """For files in which a program takes any text for a formula or a number."""
    is_risky = text[:1] in FORMULA_STARTS if text else False
    is_long_number = len(text) > 15 and text.isascii() and text.rstrip("Xx").isdigit()
    return GUARD + text if is_risky or is_long_number else text


def unguarded(text: str) -> str:
    return text[1:] if text.startswith(GUARD) and guarded(text[1:]) == text else text


def _csv_text(value: Value, column: Column) -> str:
    if value is None:
        return ""
    if column.kind == "money" and isinstance(value, int):
        return f"{Decimal(value) / 100:.2f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, int | float | Decimal | date) and not isinstance(value, bool):
        return str(value)
    return guarded(_plain(value))


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return str(value)[:CELL_CHARS_MAX]


def _sheet_name(name: str) -> str:
    cleaned = "".join(" " if char in "[]:*?/\\" else char for char in name).strip("' ")
    return cleaned[:SHEET_NAME_MAX] or _("名单")


class _SheetWriter:
    def __init__(self, book: Any, columns: Sequence[Column], name: str):
        self._columns, self._sheet = columns, book.add_worksheet(name)
        plain = {"font_name": FONT, "valign": "vcenter"}
        self._heading = book.add_format(
            plain | {"bold": True, "bg_color": "#F3E9E7", "border": 1, "text_wrap": True, "num_format": "@"}
        )
        self._formats = {
            "text": book.add_format(plain | {"num_format": "@"}),
            "number": book.add_format(plain),
            "money": book.add_format(plain | {"num_format": "#,##0.00"}),
            "date": book.add_format(plain | {"num_format": "yyyy-mm-dd"}),
            "datetime": book.add_format(plain | {"num_format": "yyyy-mm-dd hh:mm"}),
        }
        # Kept as text even after somebody edits the cell.
        self._quoted = book.add_format(plain | {"num_format": "@", "quote_prefix": True})

    def write(self, rows: Iterable[Sequence[Value]]) -> int:
        for index, column in enumerate(self._columns):
            self._prepare(index, column)
        self._sheet.freeze_panes(1, 0)
        count = 0
        for row in rows:
            count += 1
            if count > ROWS_MAX:
                raise DomainError(TOO_LONG_TO_WRITE, limit=ROWS_MAX)
            for index, (value, column) in enumerate(zip(row, self._columns, strict=True)):
                self._write_cell(count, index, value, column)
        if count:
            self._sheet.autofilter(0, 0, count, len(self._columns) - 1)
        return count

    def _prepare(self, index: int, column: Column) -> None:
        self._sheet.set_column(index, index, column.width, self._formats[column.kind])
        self._sheet.write_string(0, index, str(column.title), self._heading)
        if column.comment:
            self._sheet.write_comment(0, index, column.comment, {"x_scale": 2})
        if column.choices:
            self._sheet.data_validation(1, index, ROWS_MAX, index, _drop_down(column))

    def _write_cell(self, row: int, index: int, value: Value, column: Column) -> None:
        sheet, form = self._sheet, self._formats[column.kind]
        if value is None or value == "":
            return
        if isinstance(value, date | datetime | time):
            dated = form if column.kind in {"date", "datetime"} else self._formats[_date_kind(value)]
            sheet.write_datetime(row, index, value, dated)
        elif _is_exact_number(value):
            amount = value / 100 if column.kind == "money" and isinstance(value, int) else value
            sheet.write_number(row, index, amount, form)
        else:
            text = _plain(value)
            sheet.write_string(row, index, text, self._quoted if text[:1] in FORMULA_STARTS else form)


def _is_exact_number(value: Value) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_number and abs(value) < EXCEL_EXACT_LIMIT


def _date_kind(value: date | time) -> str:
    return "datetime" if isinstance(value, datetime | time) else "date"


def _drop_down(column: Column) -> dict[str, Any]:
    return {
        "validate": "list",
        "source": list(column.choices),
        "error_title": column.title,
        "error_message": _("请从下拉列表中选择。"),
        "error_type": "warning",
    }


def _write_notes(book: Any, notes: Sequence[str]) -> None:
    sheet = book.add_worksheet(_("填写说明"))
    wrapped = book.add_format({"font_name": FONT, "text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 100, wrapped)
    for number, note in enumerate(notes):
        sheet.write_string(number, 0, str(note), wrapped)
