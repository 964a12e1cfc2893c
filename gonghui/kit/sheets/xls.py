"""Old workbooks (.xls), read by a process of their own that may die without harm."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets.cells import Cell, Limits, Merge, SheetRow, fit_text
from gonghui.kit.sheets.errors import BROKEN, CELL_TOO_LONG, NO_SHEETS, PASSWORD, TOO_WIDE
from gonghui.kit.sheets.xls_child import EXIT_PASSWORD

CHILD = Path(__file__).with_name("xls_child.py")
TIMEOUT_S = 120
MOMENTS: dict[str, Any] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
}


class XlsBook:
    def __init__(self, file: BinaryIO, limits: Limits):
        self.sheets: list[XlsSheet] = []
        for line in _lines_from_child(file.read()):
            if line.startswith(b"{"):
                self.sheets.append(XlsSheet(json.loads(line), limits))
            else:
                self.sheets[-1].lines.append(line)
        if not self.sheets:
            raise DomainError(NO_SHEETS)

    def close(self) -> None:
        self.sheets = []


class XlsSheet:
    """Keeps the child's lines packed as they came: at most 65,536 of them."""

    def __init__(self, head: dict[str, Any], limits: Limits):
        self.name, self.hidden, self.lines = head["name"], head["hidden"], list[bytes]()
        self._limits, self._merges = limits, head["merges"]

    def rows(self) -> Iterator[SheetRow]:
        for line in self.lines:
            number, cells = json.loads(line)
            self._hold_limits(number, cells)
            yield SheetRow(number, [_cell(cell) for cell in cells])

    def _hold_limits(self, number: int, cells: list[Any]) -> None:
        limits = self._limits
        if len(cells) > limits.columns:
            raise DomainError(TOO_WIDE, row=number, limit=limits.columns)
        if any(isinstance(cell, str) and len(cell) > limits.cell_chars for cell in cells):
            raise DomainError(CELL_TOO_LONG, row=number, limit=limits.cell_chars)

    def merges(self) -> list[Merge]:
        return [Merge(top + 1, left, bottom + 1, right) for top, left, bottom, right in self._merges]


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return MOMENTS[kind](text)
    return fit_text(value) if isinstance(value, str) else value


def _lines_from_child(content: bytes) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as output:
        try:
            ended = subprocess.run(
                [sys.executable, "-I", str(CHILD)],
                input=content,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise DomainError(BROKEN) from late
        if ended.returncode == EXIT_PASSWORD:
            raise DomainError(PASSWORD)
        if ended.returncode != 0:
            raise DomainError(BROKEN)
        output.seek(0)
        yield from output
