"""Identifiers and names as people and spreadsheets really write them.

Each `read_…` takes whatever a cell or a form holds and answers with the one canonical value or a typed
refusal. Nothing is ever guessed: what a spreadsheet has destroyed is refused, not repaired.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from stdnum import numdb
from stdnum.cn import ric, uscc

from gonghui.kit.clock import today

EARLIEST_BIRTH_YEAR = 1880
EXACT_FLOAT_LIMIT = 2**53
NAME_LENGTH_MAX = 50

MESSAGES: dict[str, str | Promise] = {
    "empty": _("没有填写。"),
    "scientific": _("号码被电子表格改成了科学计数法，末尾数字已丢失。请把这一列设为“文本”后重新填写。"),
    "digits_lost": _("号码末尾已被电子表格改成 0，无法还原。请把这一列设为“文本”后重新填写。"),
    "length": _("位数不对。"),
    "characters": _("含有不该出现的字符。"),
    "region": _("前六位地区码不存在。"),
    "birth_date": _("出生日期不存在，或者晚于今天。"),
    "checksum": _("最后一位校验码不对，请逐位核对。"),
    "mobile": _("不是中国大陆的手机号码，应为 1 开头的 11 位数字。"),
    "not_a_union": _("不是工会法人的统一社会信用代码，应以 81 或 89 开头。"),
    "document": _("证件号码的格式与证件类型不符。"),
    "resident_number": _("这是居民身份证号码，证件类型请选“居民身份证”。"),
    "digits_in_name": _("姓名里不能有数字。"),
    "symbols_in_name": _("姓名里有不认识的符号，请只填写姓名本身。"),
    "unknown_character": _("姓名里有本系统无法识别的造字，请改用国家标准汉字（可用拆字或部首输入法找到）。"),
    "name_too_short": _("姓名至少两个字。"),
    "name_too_long": _("姓名太长，请核对是否填错了列。"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The canonical value, or the code of what is wrong with it."""

    value: str
    code: str = ""

    @property
    def ok(self) -> bool:
        return not self.code

    @property
    def message(self) -> str | Promise:
        return MESSAGES[self.code] if self.code else ""


def _refused(code: str, value: str = "") -> Reading:
    return Reading(value, code)


# --- What a cell holds --------------------------------------------------------------------------------------

_TO_ASCII = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\ufeff\u00ad"))
_SPACES = re.compile(r"\s+")
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?E[+-]?\d+", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s\-‐‑–—−]")
_PLAIN = re.compile(r"[!-&(-~\u4e00-\u9fff]*")
"""What `plain_text` leaves as it is: ASCII without spaces and apostrophes, and the common Chinese characters."""
_COMMON_HAN = re.compile(r"[\u4e00-\u9fff]+")


def plain_text(raw: object) -> str:
    """Full-width as ASCII, every kind of space as one, without invisible marks and a guarding apostrophe."""
    if type(raw) is str and _PLAIN.fullmatch(raw):  # nearly all of a sheet
        return raw
    text = "" if raw is None else str(raw)
    text = text.translate(_TO_ASCII).translate(_INVISIBLE)
    return _SPACES.sub(" ", text).strip().removeprefix("'")


def _code_text(raw: object) -> Reading:
    """A code without spaces and separators; numbers only where a float keeps every digit."""
    if isinstance(raw, bool):
        return _refused("characters")
    if isinstance(raw, int | float):
        if raw != raw:  # NaN, what some readers give for an empty cell
            return _refused("empty")
        if abs(raw) >= EXACT_FLOAT_LIMIT:
            return _refused("digits_lost")
        return Reading(str(int(raw))) if raw == int(raw) else _refused("characters")
    text = plain_text(raw)
    if _SCIENTIFIC.fullmatch(text):
        return _refused("scientific", text)
    text = _SEPARATORS.sub("", text).upper()
    return Reading(text) if text else _refused("empty")


# --- Resident identity number (GB 11643) --------------------------------------------------------------------

_CENTENARIAN_SEQUENCES = {"996", "997", "998", "999"}
_YEARS = re.compile(r"\[\d*-\d*\]")
_LATE_REGIONS = {"810000", "820000", "830000"}


def read_resident_id(raw: object, *, typed: bool = False) -> Reading:
    """18 characters, 15-digit numbers lengthened.

    A spreadsheet keeps 15 digits and ends longer numbers in 000, which one time in eleven even passes the
    check; so 000 is accepted only where a person has `typed` it into a form.
    """
    code = _code_text(raw)
    if not code.ok:
        return code
    number = code.value
    if len(number) == 15 and _is_digits(number):
        number = lengthen_resident_id(number)
    if len(number) != 18:
        return _refused("length", number)
    if not _is_digits(number[:17]) or number[17] not in "0123456789X":
        return _refused("characters", number)
    if number.endswith("000") and not typed:
        return _refused("digits_lost", number)
    return Reading(number, _resident_id_fault(number))


def _resident_id_fault(number: str) -> str:
    if not is_known_region(number[:6]):
        return "region"
    birth = _birth_date(number)
    if birth is None or birth > today() or birth.year < EARLIEST_BIRTH_YEAR:
        return "birth_date"
    if ric.calc_check_digit(number) != number[17]:
        return "checksum"
    return ""


def lengthen_resident_id(number: str) -> str:
    """15 digits to 18; sequences 996–999 were kept for people born in the century before."""
    century = "18" if number[12:] in _CENTENARIAN_SEQUENCES else "19"
    body = number[:6] + century + number[6:]
    return body + ric.calc_check_digit(body + "0")


@lru_cache(maxsize=8192)
def is_known_region(code: str) -> bool:
    """Any county ever numbered; an unlisted county of a listed city passes, since published lists lag.

    The year in which a county was numbered is not held against the birth year: numbers were first issued
    in the 1980s to people born long before.
    """
    if code in _LATE_REGIONS:
        return True
    return bool(region_names(code)) or any(region_names(f"{code[:4]}{last:02}") for last in range(100))


@lru_cache(maxsize=65536)
def region_names(code: str) -> tuple[str, ...]:
    """Province and every name the county has borne; empty when the code is not listed."""
    found = {name: text for _part, names in numdb.get("cn/loc").info(code) for name, text in names.items()}
    if "county" not in found:
        return ()
    return (found["province"], *_YEARS.sub("", found["county"]).split(","))


def birth_date(resident_id: str) -> date:
    """Of a number that was read and found good."""
    found = _birth_date(resident_id)
    if found is None:
        raise ValueError("not a resident ID")
    return found


def gender(resident_id: str) -> str:
    return "male" if int(resident_id[16]) % 2 else "female"


def _birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


# --- Numbers of rows ----------------------------------------------------------------------------------------

ROW_ID = "[0-9]{1,18}"  # every such number fits into bigint


def row_id(text: str) -> int | None:
    """The number an address or a form names a row by; None where it can be none."""
    return int(text) if re.fullmatch(ROW_ID, text) else None


# --- Other documents ----------------------------------------------------------------------------------------

# Loose on purpose: these documents change form every few years, and a person with a good one must get in.
DOCUMENT_FORMS: dict[str, re.Pattern[str]] = {
    "hk_macao_permit": re.compile(r"[HM]\d{8}(\d{2})?"),  # 港澳居民来往内地通行证
    "taiwan_permit": re.compile(r"\d{8}|\d{10}[A-Z]?|T\d{8}"),  # 台湾居民来往大陆通行证
    "foreign_permanent": re.compile(r"9\d{16}[\dX]|[A-Z]{3}\d{12}"),  # 外国人永久居留身份证
    "passport": re.compile(r"[A-Z0-9]{5,15}"),
    "other": re.compile(r"[A-Z0-9]{4,30}"),
}


def read_document(kind: str, raw: object, *, typed: bool = False) -> Reading:
    """`resident_id` strictly (港澳台居民居住证 has the same form), every other kind loosely.

    A resident's number under another kind is refused: there it would be a second person.
    """
    if kind == "resident_id":
        return read_resident_id(raw, typed=typed)
    code = _code_text(raw)
    if not code.ok:
        return code
    value = code.value.replace("(", "").replace(")", "")
    if read_resident_id(value, typed=True).ok:
        return Reading(value, "resident_number")
    return Reading(value, "" if DOCUMENT_FORMS[kind].fullmatch(value) else "document")


# --- Phone --------------------------------------------------------------------------------------------------

_MOBILE = re.compile(r"1[3-9]\d{9}")
_COUNTRY_PREFIX = re.compile(r"^(\+|00)?86(?=1\d{10}$)")


def read_phone(raw: object) -> Reading:
    """11 digits of a mainland mobile."""
    code = _code_text(raw)
    if not code.ok:
        return code
    text = re.sub(r"\.0+$", "", code.value)
    text = _COUNTRY_PREFIX.sub("", re.sub(r"[().]", "", text))
    if not _is_digits(text):
        return _refused("characters", text)
    if len(text) != 11:
        return _refused("length", text)
    return Reading(text, "" if _MOBILE.fullmatch(text) else "mobile")


# --- Unified social credit code (GB 32100) ------------------------------------------------------------------

UNION_PREFIXES = ("81", "89")
_LOOKALIKES = str.maketrans("IOSZ", "1052")
_USCC_ALPHABET = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")


def read_uscc(raw: object, *, of_union: bool = False) -> Reading:
    """A few genuine codes fail the check: on `checksum` an operator may accept `value` with evidence."""
    code = _code_text(raw)
    if not code.ok:
        return code
    value = code.value
    if len(value) != 18:
        return _refused("length", value)
    if not _is_digits(value[:8]) or not _USCC_ALPHABET.issuperset(value):
        return _refused("characters", value)
    if of_union and not value.startswith(UNION_PREFIXES):
        return _refused("not_a_union", value)
    return Reading(value, "" if uscc.calc_check_digit(value[:17]) == value[17] else "checksum")


def likely_uscc(raw: object) -> str:
    """A hint beside a refused code, where letters the standard leaves out were written for digits."""
    value = _code_text(raw).value.translate(_LOOKALIKES)
    return value if read_uscc(value).ok else ""


# --- Names --------------------------------------------------------------------------------------------------

MIDDLE_DOT = "·"
_DOTS = re.compile(r"\s*[·•․‧∙⋅・･．・᛫·]\s*")
_LATIN_MARKS = frozenset(" '’-.")

# Places of GB 18030-2000 that Python's codec still maps to the private use area.
_GB18030_LATER = {
    0xE816: "\U00020087", 0xE817: "\U00020089", 0xE818: "\U000200cc", 0xE81E: "龴", 0xE826: "龵",
    0xE82B: "龶", 0xE82C: "龷", 0xE831: "\U000215d7", 0xE832: "龸", 0xE83B: "\U0002298f", 0xE843: "龹",
    0xE854: "龺", 0xE855: "\U000241fe", 0xE864: "龻",
}  # fmt: skip


def _private_use_table() -> dict[int, str]:
    """Rare characters that GBK systems wrote as private use (䶮 as U+E863), with what they are in Unicode."""
    trails = [trail for trail in range(0x50, 0xA1) if trail != 0x7F]
    standard = {0xE815 + i: bytes([0xFE, trail]).decode("gb18030") for i, trail in enumerate(trails)}
    return standard | _GB18030_LATER


_FROM_PRIVATE_USE = _private_use_table()


def is_han(char: str) -> bool:
    """Chinese characters of every plane, also those newer than this Python's Unicode tables."""
    point = ord(char)
    return (
        0x4E00 <= point <= 0x9FFF
        or 0x3400 <= point <= 0x4DBF
        or 0x20000 <= point <= 0x3FFFD
        or 0xF900 <= point <= 0xFAFF
        or 0x2E80 <= point <= 0x2FDF
        or char == "〇"
    )


def normalise_name(raw: object) -> str:
    """No spaces between Chinese characters, one between others, one kind of middle dot.

    Compatibility forms are not folded: 生僻字 must stay as they are on the identity card.
    """
    if type(raw) is str and _COMMON_HAN.fullmatch(raw):
        return raw
    text = plain_text("" if raw is None else str(raw).translate(_FROM_PRIVATE_USE))
    text = _DOTS.sub(MIDDLE_DOT, text)
    kept = []
    for position, char in enumerate(text):
        before, after = text[position - 1 : position], text[position + 1 : position + 2]
        beside_han = bool(before) and bool(after) and is_han(before) and is_han(after)
        if char in {".", "。"} and beside_han:
            char = MIDDLE_DOT
        if not (char == " " and beside_han):
            kept.append(char)
    return "".join(kept).strip(MIDDLE_DOT + " ")


def read_person_name(raw: object) -> Reading:
    name = normalise_name(raw)
    if not name:
        return _refused("empty")
    if len(name) > NAME_LENGTH_MAX:
        return _refused("name_too_long", name)
    for char in _COMMON_HAN.sub("", name):
        if fault := _name_character_fault(char):
            return _refused(fault, name)
    return Reading(name, "name_too_short" if len(name) < 2 else "")


def _name_character_fault(char: str) -> str:
    if is_han(char) or char == MIDDLE_DOT or char in _LATIN_MARKS:
        return ""
    category = unicodedata.category(char)
    if category.startswith("N"):
        return "digits_in_name"
    if category in {"Co", "Cn", "Cs"} or char == "\ufffd":
        return "unknown_character"
    return "" if category[0] in "LM" else "symbols_in_name"
