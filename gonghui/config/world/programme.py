"""The National Day and Mid-Autumn programme, announced, its releases opening in stages; and one film night already over.

Dates follow the day the world is built: the sessions lie in the coming week, the first grab opens a few minutes after start-up, so that a
visitor can try at once. Places are those of the sources: 380 on the river, 600 seats in three halls twice a day, 1,000 a day in the wetland.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.activities.actions.plans import plan_year
from gonghui.activities.actions.verbs import announce_activity, review_activity
from gonghui.activities.actions.writing import ActivityText, add_sessions, plan_release, write_activity
from gonghui.activities.models import Activity, HolidayPeriod, Session
from gonghui.activities.rules import Place
from gonghui.benefits.actions.releases import CostSplit, ReleaseTerms
from gonghui.benefits.models import Release
from gonghui.config.actors import actor_of
from gonghui.config.world.history import build_history
from gonghui.config.world.partners import Venues, standing_venues
from gonghui.config.world.tree import Tree
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.orgs.models import Union


@dataclass(frozen=True)
class Item:
    """One activity of the programme. `opens` are minutes after start-up, one staged release for each; days share them out."""

    key: str
    venue: str
    kind: str
    title: str
    summary: str
    body: str
    details: dict
    holiday: str
    showings: tuple[tuple[time, time], ...]
    days: tuple[int, ...]
    opens: tuple[float, ...]
    places: int = 0  # 0: the seats of the halls
    cover: str = ""
    union: str = "4401"
    split: CostSplit = field(default_factory=CostSplit)
    terms: dict = field(default_factory=dict)


def at(hour: int, minute: int = 0) -> time:
    return time(hour, minute)


EVENING = ((at(19, 30), at(21)),)
DAY = ((at(8), at(22)),)
ITEMS = (
    Item(
        "cruise", "cruise", "leisure", "珠江夜游", "看两岸灯火，船上赏月，一船 380 个名额",
        "从大沙头码头出发，经海心沙、广州塔、二沙岛返回，全程约 80 分钟。船上备有茶水，请提前 30 分钟到码头。",
        {"scenic": "大沙头—广州塔—白鹅潭", "traffic": "地铁六号线团一大广场站", "rain": "改期"},
        "mid_autumn", EVENING, (5, 6, 7), (3, 30, 24 * 60), cover="river",
        split=CostSplit(merchant_fen=2800, union_fen=6000), terms={"party_max": 3},
    ),
    Item(
        "cinema", "cinema", "film", "国庆影院：每天两场免费电影", "市二宫三个影厅 600 个座位，黄金时段每天两场",
        "国庆期间每天放映两部新片，工会会员凭票免费入场，可带家人。开映后 15 分钟停止入场。",
        {"film": "我和我的岗位", "length_min": 118, "language": "国语", "format": "2D"},
        "national_day", ((at(16), at(18)), (at(19, 30), at(21, 30))), (6, 7), (1, 45), cover="film",
        split=CostSplit(merchant_fen=1500, union_fen=3000), terms={"party_max": 3},
    ),
    Item(
        "wetland", "wetland", "leisure", "南沙湿地公园会员日", "每天 1,000 名会员免费，凭券到专窗换票",
        "到公园正门右侧“工会会员换票窗口”出示二维码，换取纸质门票入园。园内有观鸟步道、芦苇迷宫和水上栈道。",
        {"scenic": "湿地观鸟线", "traffic": "地铁四号线蕉门站转公交", "rain": "照常"},
        "national_day", DAY, (0, 1, 2), (0.5, 1, 1.5), places=1000, cover="wetland",
        split=CostSplit(merchant_fen=2000, union_fen=2500), terms={"party_max": 5, "waitlist_max": 200},
    ),
    Item(
        "opera", "opera", "culture", "中秋粤剧折子戏专场", "三折经典，名家新秀同台，抽签取得名额",
        "曲目：《帝女花》选段、《紫钗记》选段、《六国大封相》。座位按签号安排。",
        {"programme": "粤剧折子戏", "performers": "省粤剧院青年团", "length_min": 110},
        "mid_autumn", EVENING, (8,), (1,), cover="culture",
        split=CostSplit(union_fen=8000), terms={"mode": "draw", "party_max": 2},
    ),
    Item(
        "handcraft", "handcraft", "family", "亲子灯笼工坊", "和孩子一起扎一盏中秋灯笼", "每组一位孩子和一到两位家长，材料由工坊准备，作品带回家。",
        {"age_from": 5, "age_to": 12, "guardian": "全程陪同", "bring": "围裙"},
        "mid_autumn", ((at(10), at(11, 30)), (at(15), at(16, 30))), (6,), (6,),
        split=CostSplit(merchant_fen=2000, union_fen=4000, worker_fen=1000), terms={"party_max": 3, "names_required": True},
    ),
    Item(
        "badminton", "badminton", "sport", "羽毛球公开训练", "专业教练带练，自带球拍", "每场两小时，按水平分组。场馆提供羽毛球，球拍可租。",
        {"item": "羽毛球", "level": "入门", "equipment": "现场可租", "health_note": "请穿运动鞋，饭后一小时再来"},
        "national_day", ((at(18), at(20)),), (5, 7), (12,), split=CostSplit(merchant_fen=1000, union_fen=2000, worker_fen=500),
    ),
    Item(
        "lecture", "library", "lecture", "劳动者权益公开课", "律师讲合同、工伤和加班费", "听完可以现场提问，资料可带走。",
        {"speaker": "何律师", "speaker_about": "市总工会法律服务团成员", "topic": "三张表看懂劳动合同"},
        "national_day", ((at(14, 30), at(16, 30)),), (6,), (2,), terms={"party_max": 2},
    ),
    Item(
        "class", "bookshop", "learning", "职工夜校：手机摄影", "八节课学会拍好一张照片", "小班教学，课后有作品点评。",
        {"module": "生活才艺", "teacher": "关老师", "lessons": 8, "bring": "手机"},
        "national_day", ((at(19), at(20, 30)),), (8,), (20,), split=CostSplit(union_fen=6000, worker_fen=2000),
    ),
    Item(
        "zoo", "zoo", "family", "动物园夜探", "闭园以后，听饲养员讲动物怎么睡觉", "限 6 岁以上孩子，由家长陪同，请带手电筒。",
        {"age_from": 6, "age_to": 14, "guardian": "全程陪同", "bring": "手电筒"},
        "national_day", ((at(19), at(21)),), (7,), (60 * 26,), places=60, terms={"party_max": 3, "names_required": True},
    ),
    Item(
        "foshan", "foshan", "film", "佛山会员观影周", "佛山工人文化宫影剧厅，每晚一场", "面向佛山市工会会员。",
        {"film": "匠心", "length_min": 102, "language": "粤语", "format": "2D"},
        "national_day", EVENING, (5, 6), (4,), union="4406", split=CostSplit(union_fen=3000), terms={"party_max": 2},
    ),
)  # fmt: skip


def build_programme(system: Actor, tree: Tree, venues: Venues, staff: dict[str, User], progress) -> None:
    """Written by the operator, reviewed by another, announced: by the same actions the console uses."""
    _refresh_statistics()
    progress.start(_("节日活动"), len(ITEMS) + 1)
    holidays, day_zero = _holidays(system), _day_zero()
    for item in ITEMS:
        _build_item(item, tree.by_code[item.union], venues, staff, holidays, day_zero)
        progress.advance(1)
    build_history(tree, venues, staff, holidays)
    progress.advance(1)


def is_stale() -> bool:
    """Whether a visitor who comes back to the demo world finds nothing to grab, now or later."""
    if not User.objects.unscoped("is this a demo world").filter(login="operator").exists():
        return False
    coming = Release.objects.unscoped("what is left of the programme").filter(
        mode=Release.Mode.GRAB,
        state__in=("announced", "open"),
        closes_at__gt=clock.now(),
        pools__remaining__gt=0,
    )
    return not coming.exists()


def renew_programme(progress) -> None:
    """The same programme once more, in the week that comes: what was grabbed and honoured stays as it is."""
    progress.start(_("新一期节日活动"), len(ITEMS))
    cities = Union.objects.unscoped("the demo's cities").filter(
        kind="city", region__code__in={item.union for item in ITEMS}
    )
    by_code = {union.region.code: union for union in cities.select_related("region")}
    staff = {user.login: user for user in User.objects.unscoped("the demo's staff").filter(is_staff=True)}
    holidays, day_zero = _holidays(Actor.system("demo world")), _day_zero()
    venues = standing_venues()
    for item in ITEMS:
        _build_item(item, by_code[item.union], venues, staff, holidays, day_zero)
        progress.advance(1)


def _refresh_statistics() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _holidays(system: Actor) -> dict[str, HolidayPeriod]:
    """The coming period of each holiday. The demo's National Day and Mid-Autumn are moved to the coming week."""
    today = clock.today()
    periods = [
        p for year in (today.year - 1, today.year, today.year + 1) for p in plan_year(system, year=year)
    ]
    coming = sorted((p for p in periods if p.ends_on >= today), key=lambda p: p.starts_on, reverse=True)
    found = {p.code: p for p in coming} | {f"past:{p.code}": p for p in periods if p.ends_on < today}
    for code, first, last in (("mid_autumn", 5, 8), ("national_day", 0, 8)):
        period = found[code]
        period.date = today + timedelta(days=first if first else 5)
        period.starts_on, period.ends_on = today + timedelta(days=first), today + timedelta(days=last)
        period.theme = _("演示数据：日期移到了本周")
        period.save()
    return found


def _build_item(
    item: Item, union: Union, venues: Venues, staff: dict[str, User], holidays: dict, day_zero: date
) -> Activity:
    maker, checker = _staff_of(item, staff)
    text = ActivityText(
        kind=item.kind,
        title=item.title,
        summary=item.summary,
        body=item.body,
        cover=item.cover,
        details=item.details,
        holiday_id=holidays[item.holiday].pk,
        partner_id=venues.partners[item.venue].pk,
    )
    activity = write_activity(maker, union=union, text=text, split=item.split)
    sessions = add_sessions(
        maker,
        activity_id=activity.pk,
        places=_places(item, venues),
        days=[day_zero + timedelta(days=n) for n in item.days],
        showings=item.showings,
    )
    for part, minutes in zip(_staged(sessions, len(item.opens)), item.opens, strict=True):
        _plan(item, maker, activity, union, part, minutes)
    review_activity(checker, activity_id=activity.pk)
    return announce_activity(maker, activity_id=activity.pk)


def _day_zero() -> date:
    """Today; in the evening, when today's sessions are as good as over, tomorrow; never before the halls are free."""
    first = clock.today() + timedelta(days=int(clock.now().hour >= 20))
    last = Session.objects.unscoped("the demo's halls").aggregate(at=Max("ends_at"))["at"]
    return max(first, last.astimezone(clock.CHINA).date() + timedelta(days=1)) if last else first


def _staged(sessions: list[Session], stages: int) -> list[list[Session]]:
    """The days dealt out over the staged releases, in order."""
    days = sorted({s.starts_at.date() for s in sessions})
    size = -(-len(days) // stages)
    parts = [set(days[n * size : (n + 1) * size]) for n in range(stages)]
    return [[s for s in sessions if s.starts_at.date() in part] for part in parts]


def _plan(
    item: Item, maker: Actor, activity: Activity, union: Union, sessions: list[Session], minutes: float
) -> None:
    """Bookings end at noon of the first day, or on the day itself an hour before it is over."""
    now = clock.now()
    first = min(sessions, key=lambda s: s.starts_at)
    noon = datetime.combine(first.starts_at.astimezone(clock.CHINA).date(), at(12), clock.CHINA)
    terms = ReleaseTerms(
        title=item.title,
        announce_at=now,
        opens_at=now + timedelta(minutes=minutes),
        closes_at=noon if noon > now + timedelta(days=1) else first.ends_at - timedelta(minutes=30),
        audience_union_id=union.pk,
        **item.terms,
    )
    plan_release(maker, activity_id=activity.pk, session_ids=[s.pk for s in sessions], terms=terms)


def _staff_of(item: Item, staff: dict[str, User]) -> tuple[Actor, Actor]:
    if item.union == "4406":
        return actor_of(staff["foshan"]), actor_of(staff["province"])
    return actor_of(staff["operator"]), actor_of(staff["reviewer"])


def _places(item: Item, venues: Venues) -> list[Place]:
    store = venues.stores[item.venue]
    if item.places:
        return [Place(store_id=store.pk, hall_id=None, seats=item.places, name=store.name)]
    return [
        Place(store_id=store.pk, hall_id=h.pk, seats=h.seats, name=h.name) for h in venues.halls[item.venue]
    ]
