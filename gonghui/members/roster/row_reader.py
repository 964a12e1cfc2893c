"""One line of a sheet to one member, or to every reason why not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _

from gonghui.kit.clock import today
from gonghui.kit.identifiers import (
    Reading,
    birth_date,
    gender,
    plain_text,
    read_document,
    read_person_name,
    read_phone,
)
from gonghui.kit.sheets import Cell, CellError, SheetRow, cell_text, is_blank
from gonghui.members.roster.columns import LABELS, OUR_HEADINGS, meaning_of, plain_heading
from gonghui.members.roster.header import Header
from gonghui.members.roster.rows import RosterItem, RosterRow, RowRefusal, SkippedRow
from gonghui.members.roster.values import (
    BLANK_WORDS,
    DOCUMENT_KINDS,
    DOCUMENT_LABELS,
    GENDER_LABELS,
    GENDERS,
    group_codes,
    read_date,
    tidy,
)

TEXT_LENGTH_MAX = {"union": 200, "employment": 40, "remark": 200}
ID_LENGTH, PHONE_LENGTH = 18, 11
FOOTER = re.compile(
    r"(合计|总计|共计|小计|累计|填表|填报|制表|审核|审批|负责人|经办|联系人|工会主席|单位\(?公?章|单位\(?盖章|盖章|日期[:：]"
    r"|注[:：]|注意|备注[:：]|说明[:：]|以上|本页|第\d+页)"
)
EXAMPLE = re.compile(r"\(?(示例|样例|范例|例如|举例|填写示例|例[:：])|.*\((示例|样例|例)\)")
LETTERS = re.compile(r"[A-WYZ]")
SEVERAL_DIGITS = re.compile(r"(?:\d\D*){6}")


class RowReader:
    """Knows the columns of one sheet. `group_names` adds the groups of the database: name → code."""

    def __init__(self, header: Header, group_names: Mapping[str, str]):
        self._columns, self._group_names = header.columns, dict(group_names)
        self._own_places = header.own_places
        self._ours = [
            place for place, text in enumerate(header.headings) if plain_heading(text) in OUR_HEADINGS
        ]

    def read(self, row: SheetRow) -> RosterItem | None:
        """None for a line with nothing of the union's in it."""
        cells = row.cells
        if self._ours:
            cells = [None if place in self._ours else cell for place, cell in enumerate(cells)]
        if all(is_blank(cell) for cell in cells):
            return None
        taken = self._taken(cells)
        if skip := _skip_code(cells, taken):
            return SkippedRow(row.number, skip, _("这一行不是会员，已略过。"))
        draft = _Draft(row.number, taken)
        found = draft.read(self._group_names)
        return found or RowRefusal(
            row.number, tuple(draft.codes), tuple(draft.sentences), self.raw(row.cells)
        )

    def read_all(self, rows: list[SheetRow]) -> list[RosterItem | None]:
        return [self.read(row) for row in rows]

    def raw(self, cells: list[Cell]) -> tuple[str, ...]:
        return tuple(cell_text(cells[place]) if place < len(cells) else "" for place in self._own_places)

    def _taken(self, cells: list[Cell]) -> dict[str, Cell]:
        width = len(cells)
        return {key: cells[place] if place < width else None for key, place in self._columns.items()}


def read_rows(asked: tuple[RowReader, list[SheetRow]]) -> list[RosterItem | None]:
    """For a process of its own."""
    reader, rows = asked
    return reader.read_all(rows)


def _skip_code(cells: list[Cell], taken: dict[str, Cell]) -> str:
    if _is_example(cells, taken):
        return "example"
    number = cell_text(taken["id_no"])
    if SEVERAL_DIGITS.search(number):
        return ""
    name = plain_text(cell_text(taken["name"]))
    meaning = meaning_of(name) if name else None
    if meaning and meaning.key == "name":
        return "heading_again"
    filled = [cell for cell in cells if not is_blank(cell)]
    if FOOTER.match(plain_text(cell_text(filled[0])).replace(" ", "")):
        return "footer"
    if name or number:
        return ""
    if all(is_blank(cell) for cell in taken.values()):
        return "serial_only" if len(filled) == 1 and _is_number(filled[0]) else "caption"
    return "caption" if len(filled) == 1 else ""


def _is_example(cells: list[Cell], taken: dict[str, Cell]) -> bool:
    first = next(cell for cell in cells if not is_blank(cell))
    told = (taken["name"], taken.get("remark"), first)
    return any(isinstance(cell, str) and "例" in cell and EXAMPLE.match(plain_text(cell)) for cell in told)


def _digit_count(text: str) -> int:
    return sum(char.isdigit() for char in text)


def _is_number(cell: Cell) -> bool:
    return cell_text(cell).strip().rstrip(".、").isdigit()


class _Draft:
    """Collects all that is wrong with a row, so that it has to be mended only once."""

    def __init__(self, line_no: int, cells: dict[str, Cell]):
        self.line_no, self.cells = line_no, cells
        self.codes: list[str] = []
        self.sentences: list[str] = []
        self.notes: list[str] = []

    def read(self, group_names: dict[str, str]) -> RosterRow | None:
        self._drop_error_values()
        name = self._checked("name", read_person_name(self.cells["name"])).value
        id_type = self._id_type()
        id_no = self._id_no(id_type)
        phone = self._phone()
        union = self._text("union")
        if not union:
            self.notes.append("union_missing")
        born, sex = self._birth_date(), self._gender()
        if id_type == "resident_id" and id_no:
            born, sex = self._as_in_id(id_no, born, sex)
        joined = self._joined_on(born)
        groups = self._groups(group_names)
        employment, remark = self._text("employment"), self._text("remark")
        if self.codes:
            return None
        return RosterRow(
            self.line_no, name, id_type, id_no, phone, union, groups, joined, born, sex, employment, remark,
            tuple(self.notes),
        )  # fmt: skip

    def refuse(self, code: str, sentence: str) -> None:
        self.codes.append(code)
        self.sentences.append(sentence)

    def _drop_error_values(self) -> None:
        for key, cell in self.cells.items():
            if isinstance(cell, CellError):
                self.cells[key] = None
                said = _("“{label}”这一格是公式错误 {value}，请改成实际内容。")
                self.refuse(f"{key}_error_value", said.format(label=LABELS[key], value=cell))

    def _checked(self, key: str, reading: Reading, hint: str = "") -> Reading:
        is_told = f"{key}_error_value" in self.codes and reading.code == "empty"
        if not reading.ok and not is_told:
            cell = self.cells[key]
            shown = f"“{cell_text(cell)}”" if reading.code in {"scientific", "digits_lost"} else ""
            self.refuse(f"{key}_{reading.code}", f"{LABELS[key]}{shown}：{reading.message}{hint}")
        return reading

    def _text(self, key: str) -> str:
        cell = self.cells.get(key)
        if cell is None:
            return ""
        text = tidy(cell_text(cell))
        limit = TEXT_LENGTH_MAX[key]
        if len(text) <= limit:
            return text
        if key == "remark":
            return text[:limit]
        self.refuse(
            f"{key}_too_long",
            _("{label}超过了 {limit} 个字，请核对是否填错了列。").format(label=LABELS[key], limit=limit),
        )
        return ""

    def _id_type(self) -> str:
        text = tidy(cell_text(self.cells.get("id_type"))).replace(" ", "")
        kind = DOCUMENT_KINDS.get(text, "") if text else "resident_id"
        if not kind:
            known = "、".join(map(str, DOCUMENT_LABELS.values()))
            said = _("证件类型“{text}”不在系统的目录里，请改成以下之一：{known}。")
            self.refuse("id_type_unknown", said.format(text=text[:20], known=known))
        return kind

    def _id_no(self, id_type: str) -> str:
        if not id_type:
            return ""
        reading = read_document(id_type, self.cells["id_no"])
        is_foreign = not tidy(cell_text(self.cells.get("id_type"))) and LETTERS.search(reading.value)
        is_foreign = is_foreign and reading.code in {"length", "characters", "region"}
        hint = _("如果不是居民身份证，请填写“证件类型”一列。") if is_foreign else ""
        if reading.code == "length" and id_type == "resident_id":
            hint = (
                _("现在是 {count} 位，应为 {right} 位。").format(count=len(reading.value), right=ID_LENGTH)
                + hint
            )
        self._checked("id_no", reading, hint)
        written = cell_text(self.cells["id_no"])
        if (
            reading.ok
            and id_type == "resident_id"
            and len(written) != ID_LENGTH
            and _digit_count(written) == 15
        ):
            self.notes.append("id_lengthened")
        return reading.value if reading.ok else ""

    def _phone(self) -> str:
        cell = self.cells.get("phone")
        if cell_text(cell).strip().lower() in BLANK_WORDS:
            self.notes.append("phone_missing")
            return ""
        reading = read_phone(cell)
        hint = ""
        if reading.code == "length":
            hint = _("现在是 {count} 位，应为 {right} 位；有几个号码的只留一个。").format(
                count=len(reading.value), right=PHONE_LENGTH
            )
        return self._checked("phone", reading, hint).value

    def _birth_date(self) -> date | None:
        cell = self.cells.get("birth_date")
        if cell is None or not tidy(cell_text(cell)):
            return None
        reading = read_date(cell)
        if reading.value is None or reading.value > today():
            self._refuse_date("birth_date", cell)
            return None
        return reading.value

    def _refuse_date(self, key: str, cell: Cell) -> None:
        said = _("{label}“{text}”看不出是哪一天，请写成 2015-10-01 这样。")
        self.refuse(f"{key}_unreadable", said.format(label=LABELS[key], text=cell_text(cell)[:20]))

    def _gender(self) -> str:
        text = tidy(cell_text(self.cells.get("gender"))).lower()
        if text and text not in GENDERS:
            self.refuse(
                "gender_unreadable",
                _("性别“{text}”不认识，请填“男”或“女”，也可以不填。").format(text=text[:10]),
            )
        return GENDERS.get(text, "")

    def _as_in_id(self, id_no: str, born: date | None, sex: str) -> tuple[date, str]:
        """Birth date and gender of the number, after comparing them with the columns."""
        true_born, true_sex = birth_date(id_no), gender(id_no)
        if born and not read_date(self.cells["birth_date"]).may_be(true_born):
            said = _("出生日期对不上：表中是 {written}，身份证号里是 {true}。请核对后改正其中一个。")
            written = plain_text(cell_text(self.cells["birth_date"]))
            self.refuse("birth_date_contradicts_id", said.format(written=written, true=true_born))
        if sex and sex != true_sex:
            said = _("性别对不上：表中是“{written}”，身份证号里是“{true}”。请核对后改正其中一个。")
            self.refuse(
                "gender_contradicts_id",
                said.format(written=GENDER_LABELS[sex], true=GENDER_LABELS[true_sex]),
            )
        return true_born, true_sex

    def _joined_on(self, born: date | None) -> date | None:
        cell = self.cells.get("joined_on")
        if cell is None or not tidy(cell_text(cell)):
            return None
        reading = read_date(cell)
        if reading.value is None:
            self._refuse_date("joined_on", cell)
        elif reading.value > today():
            self.refuse("joined_on_future", _("入会时间 {day} 晚于今天，请核对。").format(day=reading.value))
        elif born and reading.value < born:
            self.refuse(
                "joined_on_before_birth", _("入会时间 {day} 早于出生日期，请核对。").format(day=reading.value)
            )
        elif reading.exact != "day":
            self.notes.append("joined_on_serial" if reading.exact == "serial" else "joined_on_rounded")
        return reading.value

    def _groups(self, group_names: dict[str, str]) -> tuple[str, ...]:
        codes, all_known = group_codes(cell_text(self.cells.get("groups")), group_names)
        if not all_known:
            self.notes.append("group_unknown")
        return codes
