"""Caps and other bounds as secondary sources cite them; every row is unverified, binds, and says so.

Nobody has read the documents for us. Codes of regions after GB/T 2260; "00" binds everywhere. Amounts in fen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

PLACES = {
    "00": "全国", "23": "黑龙江省", "33": "浙江省", "34": "安徽省", "37": "山东省", "44": "广东省", "52": "贵州省",
    "53": "云南省", "43": "湖南省",
}  # fmt: skip

NATIONAL = "《基层工会经费收支管理办法》（总工办发〔2017〕32号）"
SHANDONG = "山东省基层工会经费收支管理实施办法（2018）"
ANHUI = "安徽省基层工会经费收支管理实施细则（2018）"
GUIZHOU = "贵州省基层工会经费收支管理实施办法"
HEILONGJIANG = "黑龙江省基层工会经费收支管理实施细则（2017）"
ZHEJIANG = "浙江省职工疗休养管理规定（2021）"
GUANGDONG = "广东省基层工会经费收支管理实施办法（金额为常见说法）"
HUNAN = "湖南省节日福利电子券的规定（2023）"
OUTINGS = "2017 年 5 月报道的春秋游要求（早于总工办发〔2017〕32号，请查是否仍然有效）"
YUNNAN = "云南省新就业形态劳动者健康体检办法"

# (region, clause, in force from, [(category, festival, yuan, period), …]); "year" caps add up over all festivals.
BOOKS = [
    ("37", SHANDONG, date(2018, 1, 1), [
        ("festival", "", 1_600, "year"), ("birthday", "", 300, "year"), ("training", "", 500, "event"),
        ("event_prize", "", 500, "event"), ("souvenir", "", 100, "event"), ("meal", "", 40, "event"),
        ("clothing", "", 800, "year"), ("outing", "", 200, "day"), ("team_prize", "", 300, "event"),
    ]),
    ("34", ANHUI, date(2018, 1, 1), [
        ("festival", "", 1_500, "year"), ("birthday", "", 300, "year"), ("marriage", "", 600, "event"),
        ("illness", "", 1_000, "event"), ("bereavement", "", 2_000, "event"), ("retirement", "", 1_000, "event"),
        ("family_loss", "", 1_000, "event"),
    ]),
    ("52", GUIZHOU, date(2018, 1, 1), [
        ("festival", "chunjie", 500, "year"),
        *[("festival", name, 200, "event") for name in ("yuandan", "qingming", "laodong", "duanwu", "zhongqiu", "guoqing")],
        ("birthday", "", 300, "year"),
    ]),
    ("23", HEILONGJIANG, date(2017, 1, 1), [("festival", "", 1_000, "year")]),
    ("44", GUANGDONG, date(2018, 1, 1), [("festival", "", 2_000, "year"), ("birthday", "", 300, "year")]),
    ("33", ZHEJIANG, date(2021, 1, 1), [("retreat", "", 600, "day"), ("retreat", "", 3_000, "year")]),
    ("53", YUNNAN, date(2023, 1, 1), [("health", "", 500, "event")]),
]  # fmt: skip

# What is said besides sums: (region, clause, in force from, category, fields of the rule).
BOUNDS: list[tuple[str, str, date, str, dict[str, Any]]] = [
    ("37", SHANDONG, date(2018, 1, 1), "training", {"share_part": 15, "share_whole": 100}),
    ("37", SHANDONG, date(2018, 1, 1), "event_prize", {"share_part": 2, "share_whole": 3}),
    ("37", SHANDONG, date(2018, 1, 1), "team_prize", {"share_part": 2, "share_whole": 3}),
    ("43", HUNAN, date(2023, 1, 1), "festival", {
        "given_until": "03-31", "spent_until": "10-31",
        "condition": "以电子券发放，只能在省内实体商户使用，不得转让、不得提现"}),
    ("33", ZHEJIANG, date(2021, 1, 1), "retreat", {
        "most_days": 5, "most_days_paired": 7,
        "condition": "分段安排的，只在本市范围内、不超过两段；随行家属费用自理"}),
    ("00", OUTINGS, date(2017, 5, 1), "outing", {"most_days": 1, "condition": "在本市范围内，当日往返"}),
]  # fmt: skip

# Written for merchants, adopted for our own prizes; the highest single prize.
PRIZES = "《规范促销行为暂行规定》（2020）：抽奖式有奖销售最高奖不超过五万元"

# Union funds of the grass roots buy no vouchers: a cap of nothing for that kind and level, whatever the place.
NO_VOUCHERS = NATIONAL + "及“八不准”：不得用基层工会经费购买购物卡、代金券等有价证券"


def _shipped() -> Iterator[tuple[str, dict[str, Any]]]:
    for code, clause, since, caps in BOOKS:
        for category, festival, yuan, period in caps:
            yield code, {"category": category, "festival": festival, "cap_fen": yuan * 100, "period": period,
                         "effective_from": since, "clause": clause}  # fmt: skip
    for code, clause, since, category, bounds in BOUNDS:
        yield code, {"category": category, "cap_fen": None, "period": "event", "effective_from": since, "clause": clause,
                     **bounds}  # fmt: skip
    yield "00", {"category": "coupon", "source_kind": "union_fund", "source_level": "grassroots", "cap_fen": 0,
                 "period": "event", "effective_from": date(2017, 12, 15), "clause": NO_VOUCHERS}  # fmt: skip
    yield "00", {"category": "event_prize", "cap_fen": 5_000_000, "period": "event", "effective_from": date(2020, 12, 1),
                 "clause": PRIZES}  # fmt: skip


SHIPPED = tuple(_shipped())
