"""From the XML of a worksheet to cells; the inner loop of every import."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from xml.parsers import expat

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets.cells import Cell, CellError, Limits, SheetRow, fit_text
from gonghui.kit.sheets.errors import BOMB, BROKEN, CELL_TOO_LONG, TOO_MANY_ROWS, TOO_WIDE
from gonghui.kit.sheets.packed import MeteredPart, local, parsed, wary_parser

STRINGS_MAX = 20_000_000
DIGITS = "0123456789"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
BUILTIN_DATES = frozenset(map(str, (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))))
NOT_A_PLACEHOLDER = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
DATE_PLACEHOLDER = re.compile(r"[ymdhs]|上午|下午", re.IGNORECASE)
EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no time zones
EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
SECONDS_PER_DAY = 86_400
SERIALS_MAX = 2_958_466
"""Day after 9999-12-31."""


def is_date_format(number: str, code: str) -> bool:
    if not code:
        return number in BUILTIN_DATES
    if code.lower() == "general":
        return False
    return bool(DATE_PLACEHOLDER.search(NOT_A_PLACEHOLDER.sub("", code.split(";")[0])))


def letters_to_column(letters: str) -> int:
    """A → 0; anything that is no column of a spreadsheet → a number beyond every limit."""
    column = 0
    for letter in letters[:4]:
        column = column * 26 + ord(letter) - 64
    return column - 1 if 0 < column <= 16_384 else 2**31


def moment(serial: float, epoch_1904: bool) -> Cell:
    """A date, a date with time, or a time of day; what no calendar holds stays a number."""
    if not 0 <= serial < SERIALS_MAX:
        return serial
    # 1900-02-29 exists in spreadsheets only.
    start = EPOCH_1904 if epoch_1904 else EPOCH_1900 + timedelta(days=serial < 60)
    days, seconds = divmod(round(serial * SECONDS_PER_DAY), SECONDS_PER_DAY)
    when = start + timedelta(days=days, seconds=seconds)
    if serial < 1:
        return when.time()
    return when if seconds else when.date()


def number(raw: str) -> Cell:
    raw = raw.strip()
    if not raw:
        return None
    if raw.isdigit() and raw.isascii() and len(raw) < 19:
        return int(raw)
    try:
        value = float(raw)
    except ValueError as damage:
        raise DomainError(BROKEN) from damage
    if not math.isfinite(value):
        return CellError("#NUM!")
    return int(value) if value.is_integer() and abs(value) < 1e300 else value


def iso_moment(raw: str) -> Cell:
    for kind in (date.fromisoformat, datetime.fromisoformat, time.fromisoformat):
        try:
            value = kind(raw)
        except ValueError:
            continue
        return value.replace(tzinfo=None) if isinstance(value, datetime) else value
    return raw


def unescaped(text: str) -> str:
    """_x000D_ as the character it stands for; those that no database text may hold are dropped."""
    return ESCAPED.sub(_escaped_character, text) if "_x" in text else text


def _escaped_character(match: re.Match[str]) -> str:
    return fit_text(chr(int(match[1], 16)))


def when_root_is_known(
    parser: expat.XMLParserType, attach: Callable[[expat.XMLParserType, str], None]
) -> None:
    """The root element tells the prefix of all names; `attach(parser, prefix)` then sets the handlers."""

    def root(tag: str, _attributes: dict[str, str]) -> None:
        attach(parser, tag[: -len(local(tag))])

    parser.StartElementHandler = root


class SharedStrings:
    """Packed side by side: a million Python strings would take three times the memory."""

    def __init__(self, limits: Limits):
        self._blob, self._ends, self._limits = bytearray(), array("Q", [0]), limits

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self):
            raise DomainError(BROKEN)
        return self._blob[self._ends[index] : self._ends[index + 1]].decode()

    def read(self, part: MeteredPart) -> None:
        parser = wary_parser()
        when_root_is_known(parser, self._attach)
        for _step in parsed(parser, part):
            pass

    def _attach(self, parser: expat.XMLParserType, prefix: str) -> None:
        item, wanted, phonetic = prefix + "si", prefix + "t", prefix + "rPh"
        pieces: list[str] = []
        taking = skipping = False

        def start(tag: str, _attributes: dict[str, str]) -> None:
            nonlocal taking, skipping
            if tag == wanted:
                taking = not skipping
            elif tag == item:
                pieces.clear()
            elif tag == phonetic:
                skipping = True

        def chars(text: str) -> None:
            if taking:
                pieces.append(text)

        def end(tag: str) -> None:
            nonlocal taking, skipping
            if tag == wanted:
                taking = False
            elif tag == item:
                self._add("".join(pieces))
            elif tag == phonetic:
                skipping = False

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = chars

    def _add(self, text: str) -> None:
        if len(text) > self._limits.cell_chars:
            text = text[: self._limits.cell_chars + 1]  # refused only if a cell uses it
        if len(self._ends) > STRINGS_MAX:
            raise DomainError(BOMB)
        self._blob += unescaped(text).encode()
        self._ends.append(len(self._blob))


class RowAssembler:
    """Turns parser events into rows. Blank cells, however many and however far right, cost nothing."""

    def __init__(self, strings: SharedStrings, date_styles: list[bool], epoch_1904: bool, limits: Limits):
        self._strings, self._epoch_1904, self._limits = strings, epoch_1904, limits
        self._date_styles = {str(index) for index, is_date in enumerate(date_styles) if is_date}
        self._rows: list[SheetRow] = []
        self._columns: dict[str, int] = {}
        self._count = 0
        self.finished = False

    def taken(self) -> list[SheetRow]:
        rows, self._rows = self._rows, []
        return rows

    def attach(self, parser: expat.XMLParserType) -> None:
        when_root_is_known(parser, self._attach)

    def _attach(self, parser: expat.XMLParserType, prefix: str) -> None:
        # Closures over plain variables: this runs tens of millions of times for a large roster.
        cell, texts, row = prefix + "c", (prefix + "v", prefix + "t"), prefix + "row"
        phonetic, sheet = prefix + "rPh", prefix + "sheetData"
        columns, strings = self._columns, self._strings
        columns_max, chars_max = self._limits.columns, self._limits.cell_chars
        cells: list[Cell] = []
        pieces: list[str] = []
        taking = skipping = False
        kind: str | None = None
        style: str | None = None
        column, line = -1, 0

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal taking, skipping, kind, style, column, line, cells
            if tag == cell:
                kind, style = attributes.get("t"), attributes.get("s")
                reference = attributes.get("r")
                if reference:
                    letters = reference.rstrip(DIGITS)
                    found = columns.get(letters)
                    column = self._column(letters) if found is None else found
                else:
                    column += 1
                pieces.clear()
            elif tag in texts:
                taking = not skipping
            elif tag == row:
                number = attributes.get("r")
                line = self._line(number) if number else line + 1
                cells, column = [], -1
            elif tag == phonetic:
                skipping = True

        def chars(data: str) -> None:
            if taking:
                pieces.append(data)

        def end(tag: str) -> None:
            nonlocal taking, skipping
            if tag == cell:
                if not pieces:
                    return
                raw = pieces[0] if len(pieces) == 1 else "".join(pieces)
                if kind == "s" and raw.isdigit():
                    raw = strings[int(raw)]
                elif kind != "inlineStr" or "_x" in raw:
                    raw = self._value(raw, kind, style)
                if len(cells) == column < columns_max and raw.__class__ is str and 0 < len(raw) < chars_max:
                    cells.append(raw)
                else:
                    self._put(cells, column, raw, line)
            elif tag in texts:
                taking = False
            elif tag == row:
                self._finish(line, cells)
            elif tag == phonetic:
                skipping = False
            elif tag == sheet:
                self.finished = True
                parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = chars

    def _column(self, letters: str) -> int:
        column = letters_to_column(letters)
        if column < 2**31:
            self._columns[letters] = column
        return column

    def _line(self, raw: str) -> int:
        if not (raw.isdigit() and len(raw) < 9):
            raise DomainError(BROKEN)
        return int(raw)

    def _value(self, raw: str, kind: str | None, style: str | None) -> Cell:
        if kind is None or kind == "n":
            value = number(raw)
            is_date = style in self._date_styles and isinstance(value, int | float)
            return moment(value, self._epoch_1904) if is_date else value
        if kind == "inlineStr" or kind == "str":
            return unescaped(raw)
        if kind == "b":
            return raw in {"1", "true"}
        if kind == "e":
            return CellError(raw)
        if kind == "d":
            return iso_moment(raw)
        raise DomainError(BROKEN)

    def _put(self, cells: list[Cell], column: int, value: Cell, line: int) -> None:
        if value is None or value == "":
            return
        if isinstance(value, str) and len(value) > self._limits.cell_chars:
            raise DomainError(CELL_TOO_LONG, row=line, limit=self._limits.cell_chars)
        if column >= self._limits.columns:
            raise DomainError(TOO_WIDE, row=line, limit=self._limits.columns)
        missing = column - len(cells)
        if missing < 0:  # out of order, as some writers do
            cells[column] = value
            return
        cells.extend([None] * missing)
        cells.append(value)

    def _finish(self, line: int, cells: list[Cell]) -> None:
        if not cells:
            return
        self._count += 1
        if self._count > self._limits.rows:
            raise DomainError(TOO_MANY_ROWS, limit=self._limits.rows)
        self._rows.append(SheetRow(line, cells))
