"""益企惠工服务点 of the demo: a neighbourhood of some four square kilometres where thirty shops give something to members (domain S3-02 … S3-04)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gonghui.bills.plans import TermsPlan
from gonghui.bills.pricing import Form, Terms, Window
from gonghui.config.world.offers import MERCHANT_REST
from gonghui.config.world.recurring import Hands
from gonghui.partners.models import Agreement, Partner, Store

WORKERS = ("food_rider", "courier", "ride_driver", "guard", "sanitation")
RIDER_HOUR = {"from_time": dt.time(13), "to_time": dt.time(14)}


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    address: str
    at: tuple[float, float]
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Circle:
    """Shops of one trade that give the same; each is a firm of its own unless `firm` names one for all."""

    title: str
    kind: str
    price: Terms
    says: str
    points: tuple[Point, ...]
    windows: tuple[Window, ...] = ()
    firm: str = ""


# One shop a line reads as the table it is.
# fmt: off
CIRCLES = (
    Circle(
        "骑手特惠时段", "food", Terms(Form.PERCENT, rate_permille=700, cap_fen=15_00), "骑手、保安、环卫工人出示会员码，全部菜品都算。",
        (
            Point("晓港社区食堂", "晓港中路 21 号", (23.09062, 113.27921)), Point("南田社区食堂", "南田路 88 号", (23.10061, 113.27035)),
            Point("宝岗社区食堂", "宝岗大道 152 号", (23.09655, 113.26291)), Point("昌岗社区食堂", "昌岗中路 96 号", (23.08781, 113.27016)),
            Point("前进社区食堂", "前进路 60 号", (23.10188, 113.28096)),
        ),
        (Window(groups=frozenset(WORKERS), **RIDER_HOUR),), "邻里社区食堂服务中心",
    ),
    Circle(
        "洗剪吹会员价", "living", Terms(Form.FIXED_PRICE, price_fen=25_00, family=True), "原价三十八元，家属一样的价。",
        (
            Point("阿强理发店", "江南西路 33 号", (23.09871, 113.26977), "020-61230011"), Point("新尚发廊", "宝岗大道 210 号", (23.09312, 113.26232)),
            Point("邻里理发室", "晓港中路 40 号", (23.08996, 113.28035)),
        ),
    ),
    Circle(
        "来穗探亲街道协议价", "living", Terms(Form.AGREEMENT_PRICE, price_fen=168_00, units_max=0, family=True), "标准双人间一晚，凭会员码登记，来探亲的家属同价。",
        (Point("江南旅馆", "江南大道中 128 号", (23.09504, 113.27383), "020-61230022"), Point("同福宾馆", "同福中路 305 号", (23.10402, 113.26521), "020-61230023")),
    ),
    Circle(
        "联盟餐馆会员九折", "food", Terms(Form.PERCENT, rate_permille=900, cap_fen=20_00, family=True), "酒水除外，一桌一次。",
        (
            Point("老街猪脚饭", "江南中路 47 号", (23.09412, 113.27098)), Point("江南小炒", "江南中路 71 号", (23.09441, 113.27263)),
            Point("阿婆糖水", "江南西路 18 号", (23.09889, 113.27112)), Point("北方面馆", "昌岗中路 130 号", (23.08792, 113.27244)),
            Point("潮味粿条", "马涌直街 12 号", (23.08935, 113.27463)), Point("客家酿豆腐", "南田路 15 号", (23.10038, 113.26703)),
            Point("渔家粥城", "滨江中路 200 号", (23.10447, 113.27482)), Point("川湘人家", "东晓路 66 号", (23.09271, 113.28175)),
        ),
    ),
    Circle(
        "满 50 减 5", "retail", Terms(Form.THRESHOLD_OFF, threshold_fen=50_00, off_fen=5_00), "结账前出示会员码，烟酒除外。",
        (
            Point("惠民便利店（江南店）", "江南大道中 90 号", (23.09721, 113.27411)), Point("惠民便利店（宝岗店）", "宝岗大道 99 号", (23.10102, 113.26324)),
            Point("惠民便利店（昌岗店）", "昌岗中路 55 号", (23.08764, 113.26712)), Point("惠民便利店（东晓店）", "东晓路 20 号", (23.09584, 113.28204)),
        ), firm="惠民便利连锁店",
    ),
    Circle(
        "电动车换胎补胎八折", "car", Terms(Form.PERCENT, rate_permille=800, cap_fen=40_00), "骑手的车先修，免费打气、充电。",
        (Point("快手车行", "南田路 142 号", (23.10083, 113.27389)), Point("顺风电动车维修", "马涌直街 35 号", (23.08988, 113.27595)), Point("老陈补胎", "前进路 12 号", (23.10135, 113.27713))),
    ),
    Circle(
        "常用药九五折", "health", Terms(Form.PERCENT, rate_permille=950), "非处方药，免费量血压。",
        (Point("康邻药房", "江南西路 50 号", (23.09853, 113.26842)), Point("晓港大药房", "晓港中路 9 号", (23.09128, 113.27803))),
    ),
    Circle(
        "工装免费缝补、干洗八折", "living", Terms(Form.PERCENT, rate_permille=800), "工装、骑行服缝补不收钱。",
        (Point("净衣洗衣店", "江南中路 58 号", (23.09376, 113.27175)), Point("巧手裁缝铺", "同福中路 281 号", (23.10356, 113.26658)), Point("家电快修站", "宝岗大道 180 号", (23.09476, 113.26263))),
    ),
)
# fmt: on
STEPS = len(CIRCLES)


def build_service_points(hands: Hands, progress) -> None:
    """Merchants alone give; the union keeps the list. Each says its own name, so that a member finds the door."""
    for circle in CIRCLES:
        stores = _stores(hands, circle)
        hands.put_up(
            TermsPlan(
                title=_(circle.title), kind=circle.kind, price=circle.price, shares=(MERCHANT_REST,), says=_(circle.says),
                store_ids=tuple(store.pk for store in stores), needs_voucher=False, windows=circle.windows,
            )
        )  # fmt: skip
        progress.advance(1)


def _stores(hands: Hands, circle: Circle) -> list[Store]:
    shared = _firm(hands, circle.firm, circle.kind) if circle.firm else None
    return [
        Store.objects.create(
            partner=shared or _firm(hands, point.name, circle.kind), name=_(point.name), address=_(point.address),
            latitude=point.at[0], longitude=point.at[1], phone=point.phone,
        )
        for point in circle.points
    ]  # fmt: skip


def _firm(hands: Hands, name: str, kind: str) -> Partner:
    firm = Partner.objects.create(union=hands.city, name=_(name), kind=kind, since=dt.date(2024, 9, 1))
    Agreement.objects.create(
        partner=firm,
        union=hands.city,
        concession=_("按优惠规则让利。"),
        starts_on=firm.since,
        state="effective",
    )
    return firm
