"""Thirty-five partners with their venues, as many as the sources count in 2017. Names describe; they are no brands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gonghui.accounts.models import User
from gonghui.config.world.tree import Tree
from gonghui.partners.models import Clerk, Hall, Partner, Store


@dataclass(frozen=True, slots=True)
class Venue:
    """One partner and its venue; `city` is the code of the union that signed; halls are (name, seats)."""

    key: str
    partner: str
    kind: str
    store: str
    address: str
    city: str
    halls: tuple[tuple[str, int], ...]
    at: tuple[float, float]


# One venue a line reads as the table it is.
# fmt: off
VENUES = (
    Venue("cruise", "珠江夜游联合船队", "cruise", "大沙头码头", "沿江东路 466 号", "4401", (("夜游船", 380),), (23.113, 113.287)),
    Venue("cinema", "市第二工人文化宫", "palace", "市二宫影城", "江南中路 115 号", "4401", (("一号厅", 280), ("二号厅", 200), ("三号厅", 120)), (23.094, 113.272)),
    Venue("wetland", "南沙湿地景区", "park", "南沙湿地公园", "新港大道 2 号", "4401", (("游客中心", 1000),), (22.612, 113.643)),
    Venue("botanical", "华南植物园", "park", "植物园正门", "天源路 1190 号", "4401", (("科普馆", 120),), (23.183, 113.364)),
    Venue("zoo", "城市动物园", "park", "动物园南门", "先烈中路 120 号", "4401", (("海洋剧场", 300),), (23.139, 113.302)),
    Venue("ocean", "极地海洋馆", "park", "海洋馆入口", "天河路 228 号", "4401", (("白鲸剧场", 260),), (23.132, 113.327)),
    Venue("museum", "岭南民俗博物馆", "museum", "民俗馆", "中山七路 34 号", "4401", (("讲堂", 90),), (23.125, 113.244)),
    Venue("opera", "粤剧艺术博物馆", "theatre", "粤剧小剧场", "恩宁路 127 号", "4401", (("广福台", 150),), (23.116, 113.238)),
    Venue("library", "城市图书馆", "library", "图书馆报告厅", "珠江东路 4 号", "4401", (("报告厅", 200),), (23.118, 113.321)),
    Venue("bookshop", "职工书屋联盟", "library", "天河职工书屋", "体育西路 123 号", "4401", (("阅读厅", 60),), (23.134, 113.321)),
    Venue("pool", "工人游泳场", "sports", "工人游泳场", "中山二路 92 号", "4401", (("标准池", 150),), (23.1285, 113.288)),
    Venue("badminton", "羽毛球运动中心", "sports", "羽毛球馆", "新港西路 206 号", "4401", (("主馆", 96),), (23.0965, 113.2957)),
    Venue("stadium", "区体育中心", "sports", "体育中心", "环市东路 371 号", "4401", (("足球场", 400),), (23.141, 113.287)),
    Venue("science", "科学中心", "museum", "科学中心", "大学城西六路 168 号", "4401", (("巨幕厅", 420),), (23.04, 113.361)),
    Venue("palace1", "市第一工人文化宫", "palace", "市一宫", "文德南路 58 号", "4401", (("大礼堂", 500), ("小教室", 40)), (23.1186, 113.272)),
    Venue("handcraft", "非遗手工坊", "other", "永庆坊工坊", "恩宁路 99 号", "4401", (("工坊", 30),), (23.1165, 113.2372)),
    Venue("garden", "云台花园", "park", "云台花园", "广园中路", "4401", (("音乐广场", 600),), (23.153, 113.289)),
    Venue("chen", "陈家祠游览区", "museum", "书院门前", "中山七路恩龙里 34 号", "4401", (), (23.1265, 113.2455)),
    Venue("theatre", "人民艺术剧场", "theatre", "大剧场", "先烈南路 8 号", "4401", (("大剧场", 680),), (23.1346, 113.29)),
    Venue("forum", "工会干部学校", "department", "干校讲堂", "工业大道 215 号", "4401", (("讲堂", 180),), (23.083, 113.26)),
    Venue("culture", "群众文化馆", "department", "文化馆", "环市中路 205 号", "4401", (("排练厅", 80),), (23.142, 113.266)),
    Venue("forest", "国家森林公园", "park", "流溪河东门", "森林路 1 号", "4401", (), (23.752, 113.79)),
    Venue("foshan", "佛山工人文化宫", "palace", "佛山文化宫", "市东下路 1 号", "4406", (("影剧厅", 360),), (23.024, 113.127)),
    Venue("foshan2", "岭南天地游览区", "park", "岭南天地", "祖庙路 2 号", "4406", (("展厅", 100),), (23.028, 113.115)),
    Venue("shenzhen", "深圳工人文化宫", "palace", "工人文化宫剧场", "上步中路 1038 号", "4403", (("剧场", 800),), (22.544, 114.091)),
    Venue("shenzhen2", "滨海体育公园", "sports", "滨海体育公园", "滨海大道 3001 号", "4403", (("网球场", 48),), (22.522, 113.951)),
    Venue("dongguan", "东莞文化馆", "department", "东莞文化馆", "鸿福路 91 号", "4419", (("星剧场", 450),), (23.021, 113.752)),
    Venue("zhuhai", "珠海渔女海湾", "cruise", "九洲港码头", "情侣南路 599 号", "4404", (("观光船", 240),), (22.239, 113.589)),
    Venue("zhaoqing", "星湖景区", "park", "星湖牌坊", "端州五路 7 号", "4412", (("游船", 160),), (23.052, 112.473)),
    Venue("zhanjiang", "湛江海滨公园", "park", "海滨公园", "海滨大道中 2 号", "4408", (), (21.271, 110.404)),
    Venue("huizhou", "惠州西湖景区", "park", "西湖正门", "平湖门 1 号", "4413", (), (23.095, 114.406)),
    Venue("zhongshan", "中山影剧院", "cinema", "中山影剧院", "孙文中路 168 号", "4420", (("放映厅", 220),), (22.517, 113.392)),
    Venue("jiangmen", "开平碉楼景区", "park", "自力村", "塘口镇自力村", "4407", (), (22.376, 112.571)),
    Venue("meizhou", "客家博物馆", "museum", "客家博物馆", "东山大道 2 号", "4414", (("报告厅", 120),), (24.321, 116.128)),
    Venue("chaozhou", "潮州古城景区", "park", "广济门", "环城东路", "4451", (("牌坊街戏台", 200),), (23.669, 116.651)),
)
# fmt: on


@dataclass
class Venues:
    """What was built, by key: stores and halls in order."""

    partners: dict[str, Partner]
    stores: dict[str, Store]
    halls: dict[str, list[Hall]]


def build_partners(tree: Tree, progress) -> Venues:
    made = Venues({}, {}, {})
    for number, venue in enumerate(VENUES):
        since = dt.date(2015, 5, 1) if number < 14 else dt.date(2016 + number % 2, 9, 1)
        partner = Partner.objects.create(
            union=tree.by_code[venue.city], name=venue.partner, kind=venue.kind, since=since
        )
        latitude, longitude = venue.at
        store = Store.objects.create(
            partner=partner, name=venue.store, address=venue.address, latitude=latitude, longitude=longitude
        )
        made.partners[venue.key], made.stores[venue.key] = partner, store
        made.halls[venue.key] = [Hall.objects.create(store=store, name=n, seats=s) for n, s in venue.halls]
        progress.advance(1)
    return made


def standing_venues() -> Venues:
    """Those of a world built earlier, by their names."""
    made = Venues({}, {}, {})
    stores = Store.objects.unscoped("the demo's venues").select_related("partner")
    by_name = {store.name: store for store in stores}
    halls = Hall.objects.unscoped("the demo's halls").order_by("id")
    for venue in VENUES:
        store = by_name[venue.store]
        made.partners[venue.key], made.stores[venue.key] = store.partner, store
        made.halls[venue.key] = list(halls.filter(store=store))
    return made


def add_clerk(phone: str, name: str, stores: list[Store]) -> User:
    user = User.objects.create(phone=phone, display_name=name)
    for store in stores:
        Clerk.objects.create(user=user, store=store)
    return user
