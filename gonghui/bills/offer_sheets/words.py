"""What stands in one cell, as offices write it, made into what the editor's form takes. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time

from django.utils.translation import gettext as _

from gonghui.bills.models import OfferLimit
from gonghui.bills.offer_sheets.columns import Known, OfferColumn
from gonghui.bills.offer_sheets.names import Names, plain_name
from gonghui.kit.identifiers import plain_text
from gonghui.kit.sheets import Cell, CellError, cell_text
from gonghui.members.roster.values import read_date

BETWEEN_NAMES = (r"\n+", r"[;；]+", r"[、,，]+")
LISTED = re.compile(r"[、,，;；\n]+")
AMOUNT = re.compile(r"^[¥￥]?\s*(-?\d[\d,]*(?:\.\d+)?)\s*[元块折次件名项%％]?$")
CLOCK = re.compile(r"(\d{1,2})[:点时](?:(\d{1,2})分?)?(?::\d{2})?")
YES, NO = (
    {"是", "有", "可", "y", "yes", "true", "1", "√", "✓"},
    {"否", "无", "不", "n", "no", "false", "0", "×"},
)
DAYS = "一二三四五六日"
WEEK = {"工作日": "12345", "周末": "67", "双休日": "67", "每天": "1234567", "天天": "1234567"}
MINUTES = 24 * 60


class Unread(ValueError):
    """A cell nobody can read; the message says what may stand there."""


def read_cell(column: OfferColumn, cell: Cell, known: Known) -> str | list[str]:
    if isinstance(cell, CellError):
        raise Unread(_("格子里是公式出错的“%s”，请改成要填的内容。") % cell)
    return READERS[column.reads](column, cell, known)


def _text(column: OfferColumn, cell: Cell, _known: Known) -> str:
    """As typed: full-width brackets of a title stay."""
    return cell_text(cell).replace("\r\n", "\n").strip()


def _number(column: OfferColumn, cell: Cell, _known: Known) -> str:
    text = plain_text(cell_text(cell))
    match = AMOUNT.match(text)
    if match is None:
        raise Unread(_("“%s”不是数字。") % text)
    return match[1].replace(",", "")


def _percent(column: OfferColumn, cell: Cell, known: Known) -> str:
    if isinstance(cell, float) and 0 < cell < 1:
        raise Unread(_("写的是 %s：一半请写 50，不要用百分比格式。") % cell_text(cell))
    return _number(column, cell, known)


def _choice(column: OfferColumn, cell: Cell, _known: Known) -> str:
    text = plain_name(cell_text(cell))
    said = {plain_name(str(label)): value for value, label in column.choices}
    if text in said:
        return said[text]
    is_yes_or_no = {value for value, _label in column.choices} == {"on", ""}
    if is_yes_or_no and text in YES | NO:
        return "on" if text in YES else ""
    words = _("、").join(str(label) for _value, label in column.choices)
    raise Unread(_("没有“%(text)s”这一种，可以写：%(words)s。") % {"text": cell_text(cell), "words": words})


def _date(column: OfferColumn, cell: Cell, _known: Known) -> str:
    found = read_date(cell)
    if found.value is None or found.exact not in ("day", "serial"):
        raise Unread(_("“%s”不是日期，请写成 2026-12-01。") % cell_text(cell))
    return found.value.isoformat()


def _time(column: OfferColumn, cell: Cell, _known: Known) -> str:
    if isinstance(cell, datetime):
        cell = cell.time()
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, int | float) and 0 <= cell <= 1:
        minutes = round(cell * MINUTES) % MINUTES
        return f"{minutes // 60:02}:{minutes % 60:02}"
    match = CLOCK.fullmatch(plain_text(cell_text(cell)).replace(" ", ""))
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise Unread(_("“%s”不是时间，请写成 11:30。") % cell_text(cell))
    return f"{hour % 24:02}:{minute:02}"


def _weekdays(column: OfferColumn, cell: Cell, _known: Known) -> list[str]:
    found: set[str] = set()
    for part in LISTED.split(plain_text(cell_text(cell)).replace(" ", "")):
        if part in WEEK:
            found |= set(WEEK[part])
            continue
        ends = [_weekday(one) for one in re.split(r"[至到~-]", part) if one]
        if not ends or len(ends) > 2 or None in ends or ends[0] > ends[-1]:
            raise Unread(_("“%s”不是星期，请写成“周一至周五”或“周六、周日”。") % cell_text(cell))
        found |= {str(day) for day in range(ends[0], ends[-1] + 1)}
    return sorted(found)


def _weekday(text: str) -> int | None:
    plain = re.sub("^(星期|礼拜|周)", "", text).replace("天", "日")
    if plain in DAYS and len(plain) == 1:
        return DAYS.index(plain) + 1
    return int(plain) if plain in set("1234567") else None


def _codes(column: OfferColumn, cell: Cell, known: Known) -> list[str]:
    names = known.coded(column.names)
    said = {plain_name(word): code for code, name in names.items() for word in (code, name)}
    return [_named(word, said, names.values()) for word in LISTED.split(cell_text(cell)) if word.strip()]


def _named(word: str, said: Mapping[str, str], words: Iterable[str]) -> str:
    if plain_name(word) in said:
        return said[plain_name(word)]
    raise Unread(
        _("没有“%(text)s”，可以写：%(words)s。") % {"text": word.strip(), "words": _("、").join(words)}
    )


def _name(column: OfferColumn, cell: Cell, known: Known) -> str:
    found = getattr(known, column.names).find(cell_text(cell).strip())
    if isinstance(found, str):
        raise Unread(found)
    return str(found)


def _names(column: OfferColumn, cell: Cell, known: Known) -> list[str]:
    """By lines, semicolons and commas, but never within what is a name as it stands."""
    found, wrong = _found(cell_text(cell), getattr(known, column.names), BETWEEN_NAMES)
    if wrong:
        raise Unread("".join(wrong))
    return [str(pk) for pk in dict.fromkeys(found)]


def _found(text: str, names: Names, separators: Sequence[str]) -> tuple[list[int], list[str]]:
    whole = names.find(text.strip())
    if isinstance(whole, int):
        return [whole], []
    parts = [part for part in re.split(separators[0], text) if part.strip()] if separators else []
    if len(parts) < 2 and len(separators) < 2:
        return [], [whole]
    both = [_found(part, names, separators[1:]) for part in parts]
    return [pk for ids, _said in both for pk in ids], [said for _ids, words in both for said in words]


def short_per(per: OfferLimit.Per) -> str:
    """Without what stands in brackets behind it."""
    return str(per.label).partition("（")[0]


def _per_of(pers: Iterable[OfferLimit.Per], unit: str) -> Callable[[str], tuple[str, str] | None]:
    said = {short_per(per): str(per) for per in pers}

    def read(text: str) -> tuple[str, str] | None:
        match = re.fullmatch(rf"(\D+?)(?:最多|限)?(?:补贴)?([\d,.]+){unit}?", text)
        return (said[match[1]], match[2].replace(",", "")) if match and match[1] in said else None

    return read


def read_limits(cell: Cell, *, in_yuan: bool) -> dict[str, str]:
    """The editor's fields: limit_person_day, cap_month."""
    pers, unit, prefix = (OfferLimit.CAPPED, "元", "cap") if in_yuan else (OfferLimit.COUNTED, "次", "limit")
    read, found = _per_of(pers, unit), {}
    for part in re.split(r"[、，;；\n]+", re.sub(r"[^\S\n]", "", cell_text(cell))):
        if not part:
            continue
        limit = read(plain_text(part))
        if limit is None or f"{prefix}_{limit[0]}" in found:
            example = _("每店每天500元") if in_yuan else _("每人每天1次")
            words = _("、").join(short_per(per) for per in pers)
            facts = {"text": part, "example": example, "words": words}
            raise Unread(_("看不懂“%(text)s”，请写成“%(example)s”，范围有：%(words)s，每种写一次。") % facts)
        found[f"{prefix}_{limit[0]}"] = limit[1]
    return found


READERS: dict[str, Callable[[OfferColumn, Cell, Known], str | list[str]]] = {
    "text": _text,
    "number": _number,
    "percent": _percent,
    "choice": _choice,
    "date": _date,
    "time": _time,
    "weekdays": _weekdays,
    "codes": _codes,
    "name": _name,
    "names": _names,
}
