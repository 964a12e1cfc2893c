"""Fictional members with numbers that pass every check."""

from __future__ import annotations

from datetime import date

from stdnum.cn import ric

HEADINGS = ["姓名", "身份证号", "手机号", "所属工会"]


def resident_id(born: date, sequence: int, region: str = "440106") -> str:
    body = f"{region}{born:%Y%m%d}{sequence:03}"
    return body + ric.calc_check_digit(body + "0")


def short_id(number: str) -> str:
    """The 15 digits that the 18 were made from."""
    return number[:6] + number[8:17]


ZHANG = ["张伟", resident_id(date(1980, 1, 5), 11), "13812345678", "天河区快递行业工会"]
LI = ["李娜", resident_id(date(1992, 12, 30), 122), "13912345678", "天河区快递行业工会"]
CHEN = ["陈静", resident_id(date(1975, 6, 18), 24), "13712345678", "番禺区货运工会"]
