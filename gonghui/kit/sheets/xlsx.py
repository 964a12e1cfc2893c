"""Workbooks (.xlsx, .xlsm), streamed: a sheet of a million rows does not fit in the memory of a worker."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import BinaryIO

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets.cells import Limits, Merge, SheetRow
from gonghui.kit.sheets.errors import BROKEN, NO_SHEETS
from gonghui.kit.sheets.packed import CHUNK_BYTES, MeteredPart, Package, each_element, parsed, wary_parser
from gonghui.kit.sheets.xlsx_cells import RowAssembler, SharedStrings, is_date_format, letters_to_column

MERGES_MAX = 100_000
TAIL_BYTES_MAX = 8 * 2**20
SHEET_END = re.compile(rb"</(?:\w+:)?sheetData\s*>")
OVERLAP_BYTES = 64
MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


class XlsxBook:
    def __init__(self, file: BinaryIO, limits: Limits):
        self.package, self.limits = Package(file, limits), limits
        self._strings: SharedStrings | None = None
        self.epoch_1904 = False
        main = self._main_part()
        self.targets = self._relations(main)
        self.sheets = self._listed_sheets(main)
        self.date_styles = self._read_styles()
        if not self.sheets:
            raise DomainError(NO_SHEETS)

    def _main_part(self) -> str:
        for kind, target in self._relations("").values():
            is_workbook = target.endswith(".xml") and not target.startswith(("word/", "ppt/"))
            if kind == "officeDocument" and is_workbook and target in self.package:
                return target
        if "xl/workbook.xml" not in self.package:
            self.package.refuse_other_documents()
        return "xl/workbook.xml"

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id → (kind, part name)."""
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            target = attributes.get("Target", "").replace("\\", "/")
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = kind, posixpath.normpath(path)

        if listing in self.package:
            with self.package.opened(listing) as opened:
                each_element(opened, start)
        return found

    def _listed_sheets(self, main: str) -> list[XlsxSheet]:
        sheets: list[XlsxSheet] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "workbookPr":
                self.epoch_1904 = attributes.get("date1904") in {"1", "true"}
            if tag == "sheet":
                kind, target = self.targets.get(attributes.get("id", ""), ("", ""))
                hidden = attributes.get("state", "visible") != "visible"
                if kind == "worksheet" and len(sheets) < self.limits.sheets:
                    sheets.append(XlsxSheet(self, attributes.get("name", ""), hidden, target))

        with self.package.opened(main) as part:
            each_element(part, start)
        return sheets

    def _part_of_kind(self, wanted: str) -> str:
        found = [target for kind, target in self.targets.values() if kind == wanted]
        return found[0] if found and found[0] in self.package else ""

    def _read_styles(self) -> list[bool]:
        """For each cell style whether it shows a date."""
        codes: dict[str, str] = {}
        styles: list[bool] = []
        inside = ""

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if tag in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
                inside = tag
            elif tag == "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif tag == "xf" and inside == "cellXfs":
                number = attributes.get("numFmtId", "0")
                styles.append(is_date_format(number, codes.get(number, "")))

        if name := self._part_of_kind("styles"):
            with self.package.opened(name) as part:
                each_element(part, start)
        return styles

    def strings(self) -> SharedStrings:
        if self._strings is None:
            self._strings = SharedStrings(self.limits)
            if name := self._part_of_kind("sharedStrings"):
                with self.package.opened(name) as part:
                    self._strings.read(part)
        return self._strings

    def close(self) -> None:
        self.package.close()
        self._strings = None


class XlsxSheet:
    def __init__(self, book: XlsxBook, name: str, hidden: bool, part_name: str):
        self.name, self.hidden = name, hidden
        self._book, self._part_name = book, part_name

    def rows(self) -> Iterator[SheetRow]:
        book = self._book
        assembler = RowAssembler(book.strings(), book.date_styles, book.epoch_1904, book.limits)
        with book.package.opened(self._part_name) as part:
            parser = wary_parser()
            assembler.attach(parser)
            for _step in parsed(parser, part):
                yield from assembler.taken()
                if assembler.finished:
                    return
            yield from assembler.taken()
        if not assembler.finished:
            raise DomainError(BROKEN)

    def merges(self) -> list[Merge]:
        """They are written after the rows, so the packed rows are run over once without being understood."""
        with self._book.package.opened(self._part_name) as part:
            tail = _after_rows(part)
        found = [_merge(match) for match in MERGE.finditer(tail)]
        return found[:MERGES_MAX]


def _after_rows(part: MeteredPart) -> bytes:
    kept = b""
    while chunk := part.read(CHUNK_BYTES):
        kept = kept[-OVERLAP_BYTES:] + chunk
        # Looking for the bare word first: the pattern alone would stop at every tag of a long sheet.
        if b"sheetData" in kept and (end := SHEET_END.search(kept)):
            return kept[end.end() :] + part.read(TAIL_BYTES_MAX)
    return b""


def _merge(match: re.Match[bytes]) -> Merge:
    left, top, right, bottom = (group.decode("ascii") for group in match.groups())
    return Merge(int(top), letters_to_column(left), int(bottom), letters_to_column(right))
