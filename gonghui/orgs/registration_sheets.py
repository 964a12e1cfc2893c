"""A sheet of applications: its heading, its lines, and what each line says, in words where it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from gonghui.kit.errors import DomainError, require
from gonghui.kit.identifiers import plain_text
from gonghui.kit.sheets import Column, SheetRow, cell_text, open_workbook
from gonghui.orgs import errors
from gonghui.orgs.actions.registrations import NOT_APPLIED_FOR, NewRegistration
from gonghui.orgs.codes import EMPLOYER_CATEGORIES, INDUSTRIES, Evidence
from gonghui.orgs.models import IndustryLine, Region, UnionKind

LINES_MAX = 500
HEADER_WITHIN_ROWS = 20
CELL_CHARS_MAX = 200
EXAMPLE = "示例"
OF_OURS = ("原因", "行号")
"""Headings of a sheet that came back: it is uploaded as it is."""
HEADINGS = {
    "name": "工会名称",
    "kind": "类别",
    "region": "所在地区",
    "industry_line": "产业",
    "uscc": "工会统一社会信用代码",
    "employer_name": "用人单位",
    "employer_uscc": "用人单位统一社会信用代码",
    "employer_category": "单位类别",
    "employer_industry": "行业",
    "headcount": "职工人数",
    "chair": "工会主席",
    "contact_phone": "联系电话",
    "document_no": "批复文号",
    "code_document": "证书文号",
    "code_reason": "照原样登记的原因",
}
COPIED = ("name", "uscc", "employer_name", "employer_uscc", "chair", "contact_phone", "document_no")
KINDS = [choice for choice in UnionKind.choices if choice[0] not in NOT_APPLIED_FOR]


class Line(NamedTuple):
    """Of the sheet, from 1; `raw` as it stood, to be sent back."""

    number: int
    cells: dict[str, str]
    raw: list[str]


@dataclass(frozen=True, slots=True)
class Lines:
    headings: list[str]
    lines: list[Line]


def read_lines(content: bytes) -> Lines:
    """The first visible sheet with our heading; blank lines and the example are passed over."""
    with open_workbook(content) as book:
        for sheet in book.visible_sheets:
            if found := _below_heading(iter(sheet.rows())):
                return found
    raise DomainError(errors.SHEET_WITHOUT_HEADING, heading=HEADINGS["name"])


def _below_heading(rows: Iterable[SheetRow]) -> Lines | None:
    by_title = {plain(title): key for key, title in HEADINGS.items()}
    for _number, row in zip(range(HEADER_WITHIN_ROWS), rows, strict=False):
        titles = [plain(cell_text(cell)) for cell in row.cells]
        keys = [by_title.get(title) for title in titles]
        if "name" in keys:
            own = [place for place, title in enumerate(titles) if title and title not in OF_OURS]
            headings = [cell_text(row.cells[place]) for place in own]
            return Lines(headings, _lines(rows, own, [keys[place] for place in own]))
    return None


def _lines(rows: Iterable[SheetRow], own: Sequence[int], keys: Sequence[str | None]) -> list[Line]:
    """`own`: the places of columns with a heading that is not one of those we add."""
    found = []
    for row in rows:
        texts = [cell_text(cell).strip()[:CELL_CHARS_MAX] for cell in row.cells]
        raw = [texts[place] if place < len(texts) else "" for place in own]
        cells = {key: text for key, text in zip(keys, raw, strict=True) if key}
        if any(raw) and EXAMPLE not in cells.get("name", ""):
            found.append(Line(row.number, cells, raw))
        require(len(found) <= LINES_MAX, errors.SHEET_OF_TOO_MANY, limit=LINES_MAX)
    require(found, errors.SHEET_EMPTY)
    return found


def plain(text: str) -> str:
    return plain_text(text).replace(" ", "").replace("*", "")


class Reader:
    """Names of regions and lines of industry looked up once for the whole sheet."""

    def __init__(self, lines: Sequence[Line]):
        named = {line.cells.get("region", "") for line in lines} - {""}
        self._regions: dict[str, set[int]] = {}
        for pk, code, name in Region.objects.filter(Q(code__in=named) | Q(name__in=named)).values_list(
            "pk", "code", "name"
        ):
            for word in (code, name):
                self._regions.setdefault(word, set()).add(pk)
        self._lines = {name: pk for pk, name in IndustryLine.objects.values_list("pk", "name")}

    def read(self, line: Line) -> NewRegistration:
        cells = line.cells
        copied: dict[str, Any] = {name: plain_text(cells.get(name, "")) for name in COPIED}
        return NewRegistration(
            **copied,
            kind=_choice("kind", cells, KINDS) or UnionKind.ENTERPRISE,
            employer_category=_choice("employer_category", cells, EMPLOYER_CATEGORIES),
            employer_industry=_choice("employer_industry", cells, INDUSTRIES),
            headcount=_number(cells.get("headcount", "")),
            region_id=self._region(cells.get("region", "")),
            industry_line_id=self._line(cells.get("industry_line", "")),
            evidence=Evidence(cells.get("code_document", ""), cells.get("code_reason", "")),
        )

    def _region(self, text: str) -> int | None:
        if not text:
            return None
        found = self._regions.get(text, set())
        require(len(found) == 1, errors.CELL_UNREAD, column=HEADINGS["region"], text=text)
        return next(iter(found))

    def _line(self, text: str) -> int | None:
        known = self._lines.get(text)
        require(known or not text, errors.CELL_UNREAD, column=HEADINGS["industry_line"], text=text)
        return known


def _choice(name: str, cells: dict[str, str], choices: Iterable[tuple]) -> str:
    text = cells.get(name, "")
    found = {str(word): str(code) for code, label in choices for word in (code, label)}
    require(not text or text in found, errors.CELL_UNREAD, column=HEADINGS[name], text=text)
    return found.get(text, "")


def _number(text: str) -> int | None:
    number = plain_text(text).removesuffix("人").replace(",", "").removesuffix(".0")
    is_number = number.isascii() and number.isdigit() and 0 < len(number) < 8 and int(number) > 0
    require(not number or is_number, errors.CELL_UNREAD, column=HEADINGS["headcount"], text=text)
    return int(number) if number else None


def template_columns() -> list[Column]:
    """A blank form in which codes stay text."""
    choices = {
        "kind": tuple(str(label) for _code, label in KINDS),
        "employer_category": tuple(str(label) for _code, label in EMPLOYER_CATEGORIES),
        "employer_industry": tuple(str(label) for _code, label in INDUSTRIES),
    }
    return [Column(title, width=24, choices=choices.get(key, ())) for key, title in HEADINGS.items()]


def example_row() -> list[str]:
    return [
        _("东江市恒远电子有限公司工会（示例）"), _("基层工会"), "440106", "", "", _("东江市恒远电子有限公司"),
        "91440101MA59A00005", _("有限责任公司"), _("制造业"), "86", _("林巧珍"), "13800138000", _("东工复〔2026〕1号"), "", "",
    ]  # fmt: skip
