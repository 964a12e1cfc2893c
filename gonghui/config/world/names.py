"""Invented people: the same seed gives the same people. ID numbers use the county code 440101, which is issued to nobody."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

SURNAMES = "陈李黄张梁林刘吴罗何杨王郑谢叶曾邓周许冯蔡彭潘钟徐蓝苏卢江曹古廖庄赖袁余温邱郭马侯莫麦区"
RARE_SURNAMES = ("欧阳", "司徒", "上官", "诸葛")
GIVEN_A = "建国志伟海文永春家嘉俊晓小玉秀丽雅思明宏振子浩欣晨雨佳慧美启承德立少"
GIVEN_B = "强华明辉军平杰斌涛波龙峰鹏玲芳燕婷敏静丽娟霞珍莹怡琳瑶轩宇泽豪然彤妍兰英"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
COUNTY = "440101"
FIRST_BIRTH, LAST_BIRTH = dt.date(1962, 1, 1), dt.date(2006, 12, 31)
DAYS = (LAST_BIRTH - FIRST_BIRTH).days


@dataclass(frozen=True, slots=True)
class Invented:
    name: str
    id_no: str
    phone: str
    birth_date: dt.date
    gender: str


def invented_people(count: int, seed: int, start: int = 0) -> Iterator[Invented]:
    """`count` distinct people from the `start`th on; phone numbers run from 199 0000 0000."""
    rng = random.Random(f"{seed}:{start}" if start else seed)  # noqa: S311  (names, not secrets)
    for number in range(start, start + count):
        birth = FIRST_BIRTH + dt.timedelta(days=(number * 7919) % DAYS)
        sequence = (number // DAYS + birth.toordinal()) % 1000  # odd for men: the day mixes them
        id_no = _with_check_digit(f"{COUNTY}{birth:%Y%m%d}{sequence:03d}")
        yield Invented(_name(rng), id_no, f"199{number:08d}", birth, "male" if sequence % 2 else "female")


def _name(rng: random.Random) -> str:
    surname = rng.choice(RARE_SURNAMES) if rng.random() < 0.01 else rng.choice(SURNAMES)
    given = rng.choice(GIVEN_A) + rng.choice(GIVEN_B) if rng.random() < 0.82 else rng.choice(GIVEN_B)
    return surname + given


def _with_check_digit(body: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]
