"""Reading a sheet of offers: the heading below titles and notes, the lines of each offer, the editor's fields out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from gonghui.bills.forms import FIELDS_OF
from gonghui.bills.offer_sheets.columns import COLUMNS, KEY, NEEDED, TITLE, Known, OfferColumn
from gonghui.bills.offer_sheets.errors import NO_OFFERS, NOT_A_SHEET, SHEET_TOO_LONG
from gonghui.bills.offer_sheets.words import Unread, read_cell, read_limits
from gonghui.kit.errors import DomainError, require
from gonghui.kit.identifiers import plain_text
from gonghui.kit.sheets import Cell, Sheet, SheetRow, cell_text, is_blank, open_workbook
from gonghui.kit.sheets.errors import NO_SHEETS
from gonghui.members.roster.columns import plain_heading

HEADER_WITHIN_ROWS = 20
OFFERS_MAX = 100
KEY_CHARS_MAX = 40
DEFAULTS = {
    "needs_voucher": "1",
    "verified_only": "on",
    "stacking": "once",
    "order": "100",
    "basis": "before",
}
SHARE_DEFAULTS, WINDOW_DEFAULTS = {"when_empty": "refuse"}, {"holidays": "any", "where": "all"}
PRICES = {name for names in FIELDS_OF.values() for name in names}
LIMITS = {"limits": False, "caps": True}


class SheetLine(NamedTuple):
    """A line below the heading: the cells that are ours, by part and field."""

    number: int
    cells: dict[tuple[str, str], Cell]

    def has(self, part: str) -> bool:
        return any(of == part and not is_blank(cell) for (of, _field), cell in self.cells.items())

    def text(self, column: OfferColumn) -> str:
        return cell_text(self.cells.get((column.part, column.field))).strip()


@dataclass
class SheetOffer:
    """One offer as the sheet has it: what the editor's form would be sent, and what is wrong with it, in words."""

    line: int
    key: str
    title: str
    posted: dict[str, str | list[str]] = field(default_factory=dict)
    shares: int = 0
    windows: int = 0
    problems: list[str] = field(default_factory=list)


def read_lines(content: bytes) -> list[SheetLine]:
    """Opens the file, finds the heading and takes what is ours below it; refuses at once what is no sheet of offers."""
    with open_workbook(content) as book:
        sheets = book.visible_sheets
        require(sheets, NO_SHEETS)
        read = [(sheet, _header(sheet)) for sheet in sheets]
        sheet, (first, places) = max(read, key=lambda found: len(found[1][1]))
        missing = [column for column in NEEDED if column not in places.values()]
        if missing:
            named = _("、").join(f"“{column.heading}”" for column in missing)
            raise DomainError(NOT_A_SHEET, within=HEADER_WITHIN_ROWS, missing=named)
        lines = [_line(row, places) for row in sheet.rows() if row.number > first]
    lines = [line for line in lines if not _is_remark(line)]
    require(lines, NO_OFFERS)
    return lines


def _header(sheet: Sheet) -> tuple[int, dict[int, OfferColumn]]:
    """The line that names most of our columns, and where they are; a title over all of them names none."""
    known = {plain_heading(str(column.heading)): column for column in COLUMNS}
    best: tuple[int, dict[int, OfferColumn]] = (0, {})
    for row in islice(sheet.rows(), HEADER_WITHIN_ROWS):
        named = enumerate(known.get(plain_heading(cell_text(cell))) for cell in row.cells)
        places = {place: column for place, column in named if column is not None}
        if len(places) > len(best[1]):
            best = row.number, places
    return best


def _line(row: SheetRow, places: dict[int, OfferColumn]) -> SheetLine:
    cells = {
        (column.part, column.field): row.cells[place]
        for place, column in places.items()
        if place < len(row.cells) and not is_blank(row.cells[place])
    }
    return SheetLine(row.number, cells)


def _is_remark(line: SheetLine) -> bool:
    """Nothing of ours, or a foot such as 填表人：张三 that fills one cell."""
    words = [plain_text(cell_text(cell)) for cell in line.cells.values()]
    return not words or (len(words) == 1 and (":" in words[0] or words[0].startswith(("合计", "备注", "注"))))


def read_offers(lines: Sequence[SheetLine], known: Known) -> list[SheetOffer]:
    groups = _grouped(lines)
    require(groups, NO_OFFERS)
    require(len(groups) <= OFFERS_MAX, SHEET_TOO_LONG, most=OFFERS_MAX, count=len(groups))
    found = [_offer(group, known) for group in groups]
    first: dict[str, int] = {}
    for offer in found:
        if offer.key and first.setdefault(offer.key, offer.line) != offer.line:
            facts = {"key": offer.key, "line": first[offer.key]}
            offer.problems.insert(0, _("编号“%(key)s”和第 %(line)d 行重复。") % facts)
    return found


def _grouped(lines: Sequence[SheetLine]) -> list[list[SheetLine]]:
    """A line goes on with the offer above where it has its number or none, and no title of another."""
    groups: list[list[SheetLine]] = []
    for line in lines:
        key, title = line.text(KEY), line.text(TITLE)
        head = groups[-1][0] if groups else None
        goes_on = head and key in ("", head.text(KEY)) and title in ("", head.text(TITLE))
        if goes_on and (key or not title):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [group for group in groups if _("示例") not in group[0].text(KEY)]


def _offer(lines: list[SheetLine], known: Known) -> SheetOffer:
    head = lines[0]
    offer = SheetOffer(head.number, plain_text(head.text(KEY)), head.text(TITLE))
    if not offer.key:
        offer.problems.append(_("请写编号：您自己定，例如 2026-01；再导入时靠它认出是同一项。"))
    if len(offer.key) > KEY_CHARS_MAX:
        offer.problems.append(_("编号最多 %d 个字。") % KEY_CHARS_MAX)
    offer.posted |= DEFAULTS
    _take(offer, head, "offer", "", known)
    for line in lines:
        _refuse_another_word(offer, head, line)
        if line.has("share"):
            _take_part(offer, line, "share", offer.shares, known)
            offer.shares += 1
        if line.has("window"):
            _take_part(offer, line, "window", offer.windows, known)
            offer.windows += 1
    if not offer.shares:
        offer.problems.append(_("请写谁出钱：全由商家让利的，写“商家让利”，“承担余额”写“是”。"))
    _refuse_other_forms(offer, head)
    return offer


def _refuse_another_word(offer: SheetOffer, head: SheetLine, line: SheetLine) -> None:
    """What a further line says of the offer itself would be left out in silence."""
    for column in COLUMNS:
        if column.part == "offer" and (said := line.text(column)) and said != head.text(column):
            facts = {"line": line.number, "column": column.heading, "head": head.number}
            offer.problems.append(
                _("第 %(line)d 行的“%(column)s”和第 %(head)d 行不一样：同一项优惠请只在第一行写。") % facts
            )


def _take_part(offer: SheetOffer, line: SheetLine, part: str, nth: int, known: Known) -> None:
    prefix = f"{part}{nth}-"
    defaults = SHARE_DEFAULTS if part == "share" else WINDOW_DEFAULTS
    offer.posted |= {f"{prefix}{name}": value for name, value in defaults.items()}
    _take(offer, line, part, prefix, known)
    if f"{prefix}stores" in offer.posted:
        offer.posted[f"{prefix}where"] = "some"
    if part == "share" and ("share", "payer") not in line.cells:
        offer.problems.append(_("第 %d 行的出资没有写谁出钱。") % line.number)


def _take(offer: SheetOffer, line: SheetLine, part: str, prefix: str, known: Known) -> None:
    for column in COLUMNS:
        cell = line.cells.get((column.part, column.field))
        if column.part != part or column is KEY or is_blank(cell):
            continue
        try:
            if column.field in LIMITS and part == "offer":
                offer.posted |= read_limits(cell, in_yuan=LIMITS[column.field])
            else:
                offer.posted[f"{prefix}{column.field}"] = read_cell(column, cell, known)
        except Unread as wrong:
            where = _("第 %d 行 · ") % line.number if line.number != offer.line else ""
            offer.problems.append(f"{where}{column.heading}：{wrong}")


def _refuse_other_forms(offer: SheetOffer, head: SheetLine) -> None:
    """A price of another form would be left out in silence."""
    form = offer.posted.get("form")
    if form not in FIELDS_OF:
        return
    for column in COLUMNS:
        is_of_another = column.field in PRICES and column.field not in FIELDS_OF[str(form)]
        if column.part == "offer" and is_of_another and head.text(column) not in ("", "0"):
            facts = {"form": head.text(NEEDED[2]), "column": column.heading}
            offer.problems.append(_("“%(form)s”不用填“%(column)s”，请留空。") % facts)
