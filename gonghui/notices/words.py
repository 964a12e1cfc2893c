"""What a template may say: its placeholders, what an SMS costs, and what WeChat takes in each field."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

PLACEHOLDERS = {"name": _("姓名"), "union": _("所在工会"), "today": _("发送日期")}
LINK = "link"
"""In an SMS only: the short address of ours."""
BRACED = re.compile(r"\{([^{}]*)\}")
SMS_ONE_PART, SMS_PART_OF_MANY, SMS_PARTS_MAX = 70, 67, 4
WECHAT_FIELD = re.compile(
    r"^(thing|phrase|name|character_string|number|letter|symbol|time|date|amount|phone_number|car_number)\d{1,2}$"
)
WECHAT_LENGTHS = {
    "thing": 20, "phrase": 5, "name": 10, "character_string": 32, "number": 32, "letter": 32, "symbol": 5, "time": 24,
    "date": 24, "amount": 14, "phone_number": 17, "car_number": 8,
}  # fmt: skip
"""Characters; a longer value is refused by WeChat as errcode 47003."""


def unknown_placeholders(text: str, *, with_link: bool = False) -> list[str]:
    """What stands in braces and is nothing we fill; a lone brace counts as well."""
    allowed = {*PLACEHOLDERS, *([LINK] if with_link else [])}
    found = [f"{{{name}}}" for name in BRACED.findall(text) if name not in allowed]
    rest = BRACED.sub("", text)
    return found + [brace for brace in "{}" if brace in rest]


def signed(signature: str, text: str) -> str:
    return f"【{signature}】{text}" if signature else text


def sms_length(text: str) -> int:
    """In the units of UCS-2, which an SMS counts: a character beyond the basic plane is two."""
    return len(text.encode("utf-16-be")) // 2


def sms_parts(text: str) -> int:
    """70 to an SMS; more than that goes out in parts of 67."""
    length = sms_length(text)
    return 1 if length <= SMS_ONE_PART else -(-length // SMS_PART_OF_MANY)


def wechat_value(field: str, value: str) -> str:
    """As much as WeChat takes in a field of this name."""
    kind = re.sub(r"\d+$", "", field)
    most = WECHAT_LENGTHS.get(kind, 20)
    return value if len(value) <= most else value[: most - 1] + "…"


def readable(text: str) -> str:
    """For those who write and read of a send: 〔姓名〕 where a name will stand."""
    for name, label in PLACEHOLDERS.items():
        text = text.replace(f"{{{name}}}", f"〔{label}〕")
    return text


def in_order(fields: Iterable[str]) -> list[str]:
    """As WeChat numbers them: thing1, time2."""
    return sorted(fields, key=lambda name: (int(re.sub(r"\D+", "", name) or 0), name))
