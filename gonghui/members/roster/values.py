"""Kinds, dates and codes as people write them. Nothing is guessed."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from gonghui.kit.identifiers import plain_text
from gonghui.kit.sheets import Cell, cell_text

BLANK_WORDS = frozenset(
    {"", "无", "没有", "暂无", "空", "/", "\\", "-", "--", "—", "——", "_", "n/a", "na", "null", "none"}
)

DOCUMENT_LABELS = {
    "resident_id": _("居民身份证"),
    "hk_macao_permit": _("港澳居民来往内地通行证"),
    "taiwan_permit": _("台湾居民来往大陆通行证"),
    "foreign_permanent": _("外国人永久居留身份证"),
    "passport": _("护照"),
    "other": _("其他证件"),
}
_DOCUMENT_NAMES = {
    # The residence permit of people from Hong Kong, Macao and Taiwan is numbered like the resident ID.
    "resident_id": "居民身份证 身份证 二代身份证 第二代身份证 二代证 公民身份证 中华人民共和国居民身份证"
    " 临时身份证 居民户口簿 户口簿 港澳台居民居住证 港澳居民居住证 台湾居民居住证 居住证",
    "hk_macao_permit": "港澳居民来往内地通行证 港澳通行证 回乡证 港澳居民通行证 港澳来往内地通行证",
    "taiwan_permit": "台湾居民来往大陆通行证 台胞证 台湾通行证 台湾居民通行证",
    "foreign_permanent": "外国人永久居留身份证 外国人永久居留证 外国人居留证 永久居留证",
    "passport": "护照 外国护照 外籍护照 中国护照 普通护照",
    "other": "其他证件 其他 其它 其它证件 军官证 士兵证 军人证 警官证",
}
DOCUMENT_KINDS = {name: kind for kind, names in _DOCUMENT_NAMES.items() for name in names.split()}

GENDERS = {
    "男": "male", "男性": "male", "m": "male", "male": "male", "1": "male",
    "女": "female", "女性": "female", "f": "female", "female": "female", "2": "female",
}  # fmt: skip
GENDER_LABELS = {"male": _("男"), "female": _("女")}

_GROUP_NAMES = {
    "food_rider": "rider 外卖配送员 外卖员 外卖骑手 骑手 外卖送餐员 送餐员 网约配送员 外卖小哥 外卖",
    "ride_driver": "网约车司机 网约车驾驶员 网约车",
    "truck_driver": "货车司机 货运司机 货车驾驶员 卡车司机 货运驾驶员 货运",
    "courier": "快递员 快递小哥 快递 快递业务员 快件处理员 快递投递员",
    "domestic_worker": "家政服务员 家政服务人员 家政人员 家政",
    "sanitation": "环卫工人 环卫工 环卫",
    "guard": "保安员 保安",
    "builder": "建筑工人 建筑工 建筑",
}
GROUP_CODES = {name: code for code, names in _GROUP_NAMES.items() for name in (code, *names.split())}
SEVERAL = re.compile(r"[、,;，；/|+ ]+")


@lru_cache(maxsize=16384)
def tidy(text: str) -> str:
    """Plain text; words that only say “nothing here” become nothing."""
    plain = plain_text(text)
    return "" if plain.lower() in BLANK_WORDS else plain


def group_codes(text: str, more_names: dict[str, str]) -> tuple[tuple[str, ...], bool]:
    """Codes in order, and whether every word was known."""
    words = [word for word in SEVERAL.split(tidy(text)) if word]
    codes = [more_names.get(word) or GROUP_CODES.get(word, "") for word in words]
    return tuple(dict.fromkeys(code for code in codes if code)), all(codes)


# --- Dates --------------------------------------------------------------------------------------------------

FULL_DATE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?(?:[ T]?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)?"
)
SHORT_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
RUN_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})?")
SERIAL = re.compile(r"\d{5}")
YEAR = re.compile(r"(\d{4})年?")
SERIAL_FIRST, SERIAL_LAST = 14_000, 60_000
"""A date that lost its format shows as its number: 1938 to 2064."""
SERIAL_EPOCH = date(1899, 12, 30)
YEAR_FIRST, YEAR_LAST = 1880, 2100


class DateReading(NamedTuple):
    """`value` is None when the text is no date; `exact` is `day`, `month`, `year` or `serial`."""

    value: date | None
    exact: str = "day"

    def may_be(self, other: date) -> bool:
        if self.value is None:
            return False
        if self.exact == "month":
            return (self.value.year, self.value.month) == (other.year, other.month)
        return self.value.year == other.year if self.exact == "year" else self.value == other


NO_DATE = DateReading(None)


def read_date(cell: Cell) -> DateReading:
    if isinstance(cell, datetime):
        return DateReading(cell.date())
    if isinstance(cell, date):
        return DateReading(cell)
    if isinstance(cell, float) and re.fullmatch(r"\d{4}\.\d{2}", repr(cell)):
        return _date_in_text(repr(cell))
    if isinstance(cell, int | float) and not isinstance(cell, bool) and SERIAL_FIRST <= cell <= SERIAL_LAST:
        return _day_of_serial(int(cell))
    return _date_in_text(tidy(cell_text(cell)))


@lru_cache(maxsize=16384)
def _date_in_text(text: str) -> DateReading:
    text = re.sub(r"(?<=[-/.年月]) | (?=[-/.年月日])", "", text)
    if match := FULL_DATE.fullmatch(text):
        return _calendar_day(match[1], match[2], match[3], "day")
    if match := SHORT_DATE.fullmatch(text):
        # 2015.10 entered as a number is stored as 2015.1: January or October, nobody knows.
        return NO_DATE if text.endswith(".1") else _calendar_day(match[1], match[2], "1", "month")
    if SERIAL.fullmatch(text) and SERIAL_FIRST <= int(text) <= SERIAL_LAST:
        return _day_of_serial(int(text))
    if match := YEAR.fullmatch(text):
        return _calendar_day(match[1], "1", "1", "year")
    if match := RUN_TOGETHER.fullmatch(text):
        return _calendar_day(match[1], match[2], match[3] or "1", "day" if match[3] else "month")
    return NO_DATE


def _day_of_serial(serial: int) -> DateReading:
    return DateReading(SERIAL_EPOCH + timedelta(days=serial), "serial")


def _calendar_day(year: str, month: str, day: str, exact: str) -> DateReading:
    try:
        value = date(int(year), int(month), int(day))
    except ValueError:
        return NO_DATE
    return DateReading(value, exact) if YEAR_FIRST <= value.year <= YEAR_LAST else NO_DATE
