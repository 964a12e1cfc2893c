"""Finding the heading of a roster below titles, notes and merged cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets import Sheet, SheetRow, cell_text
from gonghui.members.roster.columns import (
    LABELS,
    OUR_HEADINGS,
    REQUIRED,
    SERIAL_HEADINGS,
    is_heading,
    meaning_of,
    plain_heading,
)
from gonghui.members.roster.errors import HALF_HEADER, NO_HEADER

HEADER_WITHIN_ROWS = 20
FOUND_SHOWN_MAX = 12
DATA = re.compile(r"\d{6}|\dE\+\d\d")


@dataclass(frozen=True, slots=True)
class Header:
    """`columns` maps a field to its place; `headings` are all columns of the sheet, left to right."""

    first_line: int
    last_line: int
    columns: dict[str, int]
    headings: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return all(key in self.columns for key in REQUIRED)

    @property
    def own_places(self) -> list[int]:
        """The columns that are the union's, not added by us."""
        return [
            place for place, heading in enumerate(self.headings) if plain_heading(heading) not in OUR_HEADINGS
        ]

    @property
    def own_headings(self) -> tuple[str, ...]:
        return tuple(self.headings[place] for place in self.own_places)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Headings of columns that hold nothing we import."""
        used = set(self.columns.values())
        return tuple(
            self.headings[place]
            for place in self.own_places
            if place not in used and plain_heading(self.headings[place]) not in SERIAL_HEADINGS | {""}
        )


def head_rows(sheet: Sheet) -> list[SheetRow]:
    return list(islice(sheet.rows(), HEADER_WITHIN_ROWS + 1))


def best_header(rows: Sequence[SheetRow]) -> Header | None:
    """The row, or pair of rows, that names most columns; complete ones first, then the uppermost."""
    found = [header for place in range(len(rows)) if (header := _header_at(rows, place))]
    return max(found, key=lambda header: (header.is_complete, len(header.columns)), default=None)


def find_header(rows: Sequence[SheetRow]) -> Header:
    header = best_header(rows)
    if header is None or len(header.columns) < 2:
        raise DomainError(NO_HEADER, within=HEADER_WITHIN_ROWS, found=_shown(rows))
    if header.is_complete:
        return header
    raise DomainError(
        HALF_HEADER,
        line=header.last_line,
        missing=_quoted(str(LABELS[key]) for key in REQUIRED if key not in header.columns),
        known=_quoted(header.headings[place] for place in header.columns.values()),
        unknown=_quoted(header.ignored) or _("无"),
    )


def _header_at(rows: Sequence[SheetRow], place: int) -> Header | None:
    if place >= HEADER_WITHIN_ROWS:
        return None
    upper = _texts(rows[place])
    if _is_data(upper) or not any(is_heading(text) for text in upper):
        return None
    first = last = rows[place].number
    headings = upper
    if place + 1 < len(rows) and rows[place + 1].number == first + 1:
        lower = _texts(rows[place + 1])
        joined = _joined(upper, lower)
        if not _is_data(lower) and _goes_on(upper, joined, lower):
            headings, last = joined, first + 1
    return Header(first, last, _columns(headings), tuple(headings))


def _texts(row: SheetRow) -> list[str]:
    return [" ".join(cell_text(cell).split()) for cell in row.cells]


def _is_data(texts: Sequence[str]) -> bool:
    return any(DATA.search(text) for text in texts)


def _joined(upper: list[str], lower: list[str]) -> list[str]:
    """Of two heading rows: 证件 over 号码, 姓名 merged over both, 联系方式 over 手机 and 邮箱."""
    width = max(len(upper), len(lower))
    pairs = zip(upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower)), strict=True)
    joined, spanning = [], ""
    for above, below in pairs:
        spanning = above or (spanning if below else "")
        joined.append(_of_two(spanning, below))
    return joined


def _goes_on(upper: list[str], joined: list[str], lower: list[str]) -> bool:
    """Whether the lower row is heading too. A first member may hold “居民身份证” and “公司”, but has a name."""
    for above, below in zip(upper, lower, strict=False):
        meaning = meaning_of(above)
        if meaning and meaning.key == "name" and below and meaning_of(below) != meaning:
            return False
    filled = [place for place, text in enumerate(lower) if text]
    known = [place for place in filled if is_heading(joined[place])]
    return bool(known) and 2 * len(known) >= len(filled)


def _of_two(above: str, below: str) -> str:
    if not below or above == below:
        return above
    return above + below if is_heading(above + below) else below


def _columns(headings: Sequence[str]) -> dict[str, int]:
    best: dict[str, tuple[int, int]] = {}
    for place, heading in enumerate(headings):
        meaning = meaning_of(heading) if heading else None
        if meaning and (meaning.key not in best or meaning.rank < best[meaning.key][0]):
            best[meaning.key] = meaning.rank, place
    return {key: place for key, (_rank, place) in best.items()}


def _shown(rows: Sequence[SheetRow]) -> str:
    """Words only: a sheet without heading begins with people, whose numbers belong in no message."""
    words = [
        text
        for row in rows[:HEADER_WITHIN_ROWS]
        for text in _texts(row)
        if text and len(text) <= 30 and not any(char.isdigit() for char in text)
    ]
    return _quoted(dict.fromkeys(words[:FOUND_SHOWN_MAX])) or _("没有文字")


def _quoted(words: object) -> str:
    return "、".join(f"“{word}”" for word in words)  # type: ignore[attr-defined]
