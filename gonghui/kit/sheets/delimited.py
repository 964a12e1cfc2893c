"""Text tables (.csv, .txt): encoding and separator are found out from the content."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets.cells import Cell, Limits, Merge, SheetRow, fit_text
from gonghui.kit.sheets.errors import BROKEN, CELL_TOO_LONG, ENCODING, TOO_MANY_ROWS, TOO_WIDE
from gonghui.kit.sheets.writing import unguarded

SAMPLE_BYTES = 64 * 2**10
SAMPLE_LINES = 30
BLOCK_BYTES = 2**20
SEPARATORS = ",\t;"
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
KEPT_AS_TEXT = re.compile(r'="([^"]*)"')


class DelimitedBook:
    def __init__(self, file: BinaryIO, limits: Limits):
        self.sheets = [DelimitedSheet(file, limits)]

    def close(self) -> None:
        self.sheets = []


class DelimitedSheet:
    name = ""
    hidden = False

    def __init__(self, file: BinaryIO, limits: Limits):
        self._file, self._limits = file, limits
        self.encoding = _encoding(file)
        self.separator, self._head_rows = _separator(self._sample())

    def _sample(self) -> str:
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder(self.encoding)()
        sample = decoder.decode(self._file.read(SAMPLE_BYTES))
        if CONTROL.search(sample):
            raise DomainError(ENCODING)
        return sample

    def rows(self) -> Iterator[SheetRow]:
        """A file shared by several readers is read by one at a time."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self.encoding, newline="")
        try:
            yield from self._read(csv.reader(text, delimiter=self.separator))
        except (UnicodeDecodeError, csv.Error) as damage:
            raise DomainError(BROKEN) from damage
        finally:
            text.detach()

    def _read(self, records: Iterator[list[str]]) -> Iterator[SheetRow]:
        limits = self._limits
        number = 0
        for number, record in enumerate(records, 1):
            if number <= self._head_rows or not any(record):
                continue
            if number > limits.rows:
                raise DomainError(TOO_MANY_ROWS, limit=limits.rows)
            yield SheetRow(number, self._cells(record, number))

    def _cells(self, record: list[str], number: int) -> list[Cell]:
        limits = self._limits
        while record and not record[-1]:
            record.pop()
        if len(record) > limits.columns:
            raise DomainError(TOO_WIDE, row=number, limit=limits.columns)
        if max(map(len, record)) > limits.cell_chars:
            raise DomainError(CELL_TOO_LONG, row=number, limit=limits.cell_chars)
        return [_cell(text) for text in record]

    def merges(self) -> list[Merge]:
        return []


def _cell(text: str) -> Cell:
    """Spreadsheets and our own export guard long numbers as ="0123" or '0123."""
    if not text:
        return None
    if text[0] == "=" and (kept := KEPT_AS_TEXT.fullmatch(text)):
        return kept[1] or None
    return fit_text(unguarded(text))


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    for bom, name in BOMS:
        if head.startswith(bom):
            return _first_that_decodes(file, [name])
    if b"\x00" in head:
        return _first_that_decodes(file, [_utf16_without_mark(head)])
    return _first_that_decodes(file, ["utf-8", "gb18030"])


def _utf16_without_mark(head: bytes) -> str:
    """Told by the line breaks and separators, which any table has."""
    for name in ("utf-16-le", "utf-16-be"):
        text = head.decode(name, "replace")
        if "\n" in text and any(separator in text for separator in SEPARATORS):
            return name
    raise DomainError(ENCODING)


def _first_that_decodes(file: BinaryIO, names: list[str]) -> str:
    for name in names:
        if _decodes(file, name):
            return name
    raise DomainError(ENCODING)


def _decodes(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while block := file.read(BLOCK_BYTES):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(sample: str) -> tuple[str, int]:
    """The separator, and how many first lines only tell it."""
    lines = sample.splitlines()[:SAMPLE_LINES]
    if lines and (told := SEPARATOR_LINE.fullmatch(lines[0])) and told[1] in SEPARATORS:
        return told[1], 1
    return max(SEPARATORS, key=lambda separator: _regularity(lines, separator)), 0


def _regularity(lines: list[str], separator: str) -> tuple[int, int]:
    """How many lines agree on the same number of separators, and how many separators that is."""
    counts = Counter(re.sub(r'"[^"]*"', "", line).count(separator) for line in lines)
    counts.pop(0, None)
    if not counts:
        return 0, 0
    number, agreeing = counts.most_common(1)[0]
    return agreeing, number
