"""What the gallery shows: recognisably made up, with the longest names we expect."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.covers import KINDS, SCENES
from gonghui.kit.gallery.forms import SignInForm
from gonghui.kit.tokens import voucher_secret

REMAINING, CAPACITY = 126, 380
CODE = "7KQ2M9XW"
LONG = "“百年湾区·工运同行”国庆中秋职工家庭珠江夜游暨粤剧折子戏观演专场（新就业形态劳动者优先）"
PLACE = "大沙头码头 3 号登船口（海印桥东侧，地铁 6 号线团一大广场站 D 出口步行 650 米）"
KIND_LABELS = {
    "sport": "运动",
    "film": "电影",
    "culture": "文化",
    "learning": "学习",
    "lecture": "讲座",
    "leisure": "休闲",
    "family": "亲子互动",
}
ANSWERS = {
    "won": ("抢到了", f"券码 {CODE}。已放进“我的票”，届时出示即可。", 200),
    "waiting": (
        "已进入候补",
        "名额已抢完，您排在候补第 12 位。有人退票会按顺序补上，并给您发消息。",
        200,
    ),
    "sold_out": ("已经抢完", "名额和候补都满了。有人退票时会重新放出，可以稍后再来看看。", 200),
    "already": ("您已经有票了", f"券码 {CODE}。这次投放的限领次数已用完，请到“我的票”查看。", 200),
    "not_open": ("还没有开始", "页面会倒计时，到点再点即可。", 200),
    "closed": ("已经结束", "这次投放已经结束。请到首页看看接下来的活动。", 200),
    "not_entitled": ("这一场您暂时不能抢", "这一场只对已实名核验的会员开放。请先到“我的”完成核验。", 403),
    "try_again": (
        "请稍后再试",
        "系统正忙，这次没有得到结果。请再点一次：如果已经抢到，会直接告诉您。",
        503,
    ),
}

SCENES_OF_ANSWERS = {
    "won": "won",
    "waiting": "waiting",
    "sold_out": "sold-out",
    "already": "no-tickets",
    "not_open": "not-open",
    "not_entitled": "closed",
    "try_again": "storm",
}
GRAB_STATES = [
    ("waiting", "等待开抢"),
    ("ready", "立即抢票"),
    ("sending", "正在提交"),
    ("sold_out", "抢完了，去候补"),
    ("won", "抢到了，看我的票"),
    ("already", "已登记，看我的票"),
    ("refused", "暂时不能抢：还没有实名核验"),
    ("closed", "已经结束"),
]
PAGE_NAMES = ("home", "grab", "ticket", "tickets", "messages", "me", "desk", "clerk", "plain", "error")


def _activities() -> list[dict]:
    now = clock.now()
    rows = [
        ("国庆珠江夜游", "river", "leisure", "soon", "10月1日 周四 19:30", "大沙头码头", 380, 380),
        (LONG, "national", "culture", "open", "10月2日 周五 14:00、19:00 两场", PLACE, 12, 600),
        ("中秋湿地观鸟", "wetland", "family", "waiting", "10月3日起每天 1,000 人", "南沙湿地公园", 0, 1000),
        ("五一羽毛球公益课", "", "sport", "sold_out", "每周六 9:00", "市第二工人文化宫", 0, 40),
        ("劳模讲堂：把一件事做到极致", "", "lecture", "draw", "10月4日 15:00", "工人文化宫报告厅", 200, 200),
        ("黄金档电影", "", "film", "ended", "10月1日 20:00", "2 号厅", 0, 220),
    ]
    names = ("title", "cover_key", "kind", "state", "when", "place", "remaining", "capacity")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for row in found:
        row |= {
            "kind_label": KIND_LABELS[row["kind"]],
            "holiday": "国庆节",
            "url": "#a",
            "price_fen": 0,
            "opens_at": now + timedelta(hours=3),
        }
    return found


def _holidays() -> list[dict]:
    today = clock.today()
    names = (
        "春节",
        "元宵节",
        "妇女节",
        "清明节",
        "劳动节",
        "青年节",
        "端午节",
        "七夕节",
        "中秋节",
        "国庆节",
        "重阳节",
        "冬至",
    )
    days = (-240, -226, -200, -176, -150, -147, -120, 0, 12, 18, 40, 95)
    return [
        {
            "name": name,
            "date": today + timedelta(days=n),
            "days_left": n,
            "past": n < 0,
            "url": "#h",
            "current": n == 12,
        }
        for name, n in zip(names, days, strict=True)
    ]


def _steps() -> list[dict]:
    now = clock.now()
    return [
        {"label": "抢到票", "at": now - timedelta(days=2), "state": "done", "note": "券码 7KQ2 M9XW，3 人"},
        {"label": "补全同行人", "at": now - timedelta(days=1), "state": "done"},
        {
            "label": "到场换票",
            "at": now + timedelta(hours=4),
            "state": "now",
            "note": "南门会员专窗，18:00 前",
        },
        {"label": "活动结束后评价", "state": ""},
    ]


def _tickets() -> list[dict]:
    now = clock.now()
    rows = [
        ("国庆珠江夜游", "river", "valid", "可使用", 3),
        (LONG, "national", "held", "待确认", 2),
        ("中秋湿地观鸟", "wetland", "waiting", "候补中", 1),
        ("黄金档电影", "film", "used", "已使用", 1),
        ("周末羽毛球", "sport", "no_show", "未到场", 1),
    ]
    return [
        {
            "title": t,
            "cover_key": c,
            "state": s,
            "state_label": label,
            "seats": n,
            "url": "#t",
            "code": CODE,
            "place_in_line": 12,
            "starts_at": now + timedelta(days=1, hours=2),
            "place": PLACE,
        }
        for t, c, s, label, n in rows
    ]


def _voucher(state: str = "valid") -> dict:
    now = clock.now()
    labels = {"valid": "可使用", "used": "已使用", "expired": "已过期"}
    return {
        "code": CODE,
        "secret_hex": voucher_secret(CODE).hex(),
        "title": LONG,
        "cover_key": "river",
        "state": state,
        "state_label": labels[state],
        "state_at": now - timedelta(hours=1),
        "starts_at": now + timedelta(hours=4),
        "ends_at": now + timedelta(hours=6),
        "place": PLACE,
        "hall": "信息时报号",
        "seats": 3,
        "names": ["李**", "陈**", "欧阳**"],
        "exchange": "18:00 前到会员专窗换纸质票",
    }


def _chart(kind: str) -> dict:
    if kind == "funnel":
        return {
            "kind": kind,
            "unit": "人",
            "labels": ["看过预告", "订了提醒", "抢到", "到场"],
            "series": [{"name": "人数", "values": [43000, 9800, 1200, 1130]}],
        }
    if kind == "donut":
        return {
            "kind": kind,
            "unit": "人",
            "labels": ["到场", "退票", "未到场"],
            "series": [{"name": "人数", "values": [1130, 52, 18]}],
        }
    labels = ["9/25", "9/26", "9/27", "9/28", "9/29", "9/30", "10/1"]
    series = [{"name": "领取", "values": [120, 180, 260, 240, 310, 420, 380]}]
    if kind != "hbar":
        series.append({"name": "核销", "values": [80, 160, 200, 230, 280, 390, 371]})
    return {"kind": kind, "unit": "张", "labels": labels, "series": series}


def _pins() -> dict:
    """Close together, in one house, far off, with the longest name."""
    rows = [
        (0, 0, "bowl", 1, "邻里社区食堂", "七折"),
        (4, 6, "home", 1, "阿强理发店", "一口价25元"),
        (4.1, 6.1, "bag", 0, "惠民便利店（江南店）", "满50元减5元"),
        (-6, 3, "film", 0, LONG, "七五折（最多减20元）"),
        (-6, 3, "cross", 1, "康邻药房", "九五折"),
        (7, -8, "car", 1, "快手车行", "八折"),
    ]
    pins = [
        [n, 23.095 + north / 1000, 113.272 + east / 1000, *rest]
        for n, (north, east, *rest) in enumerate(rows, 1)
    ]
    return {"url": "#store-", "pins": pins, "streets": [["江南中路", [23.0965, 113.268]]]}


def components(request: HttpRequest) -> dict:
    bad = SignInForm({"phone": "", "code": "12", "channel": "sms"})
    bad.is_valid()
    return {
        "activities": _activities(),
        "holidays": _holidays(),
        "steps": _steps(),
        "tickets": _tickets(),
        "voucher": _voucher(),
        "used": _voucher("used"),
        "soon": clock.now() + timedelta(days=2, hours=4, minutes=31),
        "near": clock.now() + timedelta(minutes=12),
        "form": SignInForm(),
        "bad": bad,
        "covers": sorted(SCENES),
        "kinds": sorted(KINDS),
        "answers": [(scene, ANSWERS[key]) for key, scene in SCENES_OF_ANSWERS.items()],
        "grab_states": GRAB_STATES,
        "pages": PAGE_NAMES,
        "companions": [
            {"value": "李小慧"},
            {
                "value": "阿卜杜热西提·买买提艾力",
                "error": "姓名与证件号码对不上，请对照身份证重新填写。",
            },
        ],
        "segments": [
            {"label": "全部", "url": "#", "current": True, "count": 18},
            *({"label": label, "url": "#", "count": n} for n, label in enumerate(KIND_LABELS.values())),
        ],
        "tabs": [
            {"label": "可使用", "url": "#", "current": True, "count": 2},
            {"label": "候补", "url": "#"},
            {"label": "已结束", "url": "#"},
        ],
        "many_tabs": [
            {"label": label, "url": "#", "current": label == "流量"}
            for label in ("门店", "优惠", "账单", "结算", "流量", "评价", "商城", "当日总额", "离线核对")
        ],
        "scale": [("5", "很满意"), ("4", "满意"), ("3", "一般"), ("2", "不满意"), ("1", "很不满意")],
        "messages_rows": messages(request)["rows"],
        "longest": LONG,
        "pins": _pins(),
        "unread_count": 3,
    }


def home(request: HttpRequest) -> dict:
    return {
        "tab": "home",
        "activities": _activities()[1:4],
        "holidays": _holidays(),
        "ticket": _tickets()[0],
        "soon": clock.now() + timedelta(hours=3, minutes=12),
        "unread_count": 3,
    }


def _pools(opens_at) -> list[dict]:
    live = f"{reverse('gallery:live')}?opens={round(opens_at.timestamp() * 1000)}"
    names = {"19:30 第一班": "won", "20:30 第二班": "waiting"}
    return [
        {
            "label": label,
            "pass_url": f"{reverse('gallery:pass')}?{answer}",
            "live_url": f"{live}&{answer}",
            "grab_url": reverse("gallery:claim", args=[answer]),
        }
        for label, answer in names.items()
    ]


def grab(request: HttpRequest) -> dict:
    opens_at = clock.now() + timedelta(seconds=int(request.GET.get("in", "30")))
    answer = request.GET.get("answer", "won")
    return {
        "pool_id": 7,
        "title": "国庆珠江夜游",
        "opens_at": opens_at,
        "closes_at": clock.now() + timedelta(hours=4),
        "pass_url": reverse("gallery:pass"),
        "live_url": f"{reverse('gallery:live')}?opens={round(opens_at.timestamp() * 1000)}",
        "grab_url": reverse("gallery:claim", args=[answer]),
        "remaining": REMAINING,
        "capacity": CAPACITY,
        "max_seats": 3,
        "place": PLACE,
        "starts_at": clock.now() + timedelta(days=9),
        "pools": _pools(opens_at) if "pools" in request.GET else [],
    }


def ticket(request: HttpRequest) -> dict:
    return {"voucher": _voucher(request.GET.get("state", "valid")), "steps": _steps()}


def tickets(request: HttpRequest) -> dict:
    rows = [] if "empty" in request.GET else _tickets()
    views = [
        {"label": "可使用", "url": "#", "current": True, "count": 2},
        {"label": "候补", "url": "#"},
        {"label": "已结束", "url": "#"},
    ]
    return {"tab": "tickets", "tickets": rows, "views": views}


def messages(request: HttpRequest) -> dict:
    now = clock.now()
    rows = [
        (
            "抢票 30 分钟后开始",
            "国庆珠江夜游 20:00 开抢，380 个名额。可以先进等候页。",
            "bell",
            True,
            timedelta(minutes=4),
        ),
        (
            "候补成功，请在 2 小时内确认",
            f"{LONG}有人退票，名额已按顺序补给您。",
            "ticket",
            True,
            timedelta(hours=2),
        ),
        ("请为这次活动打分", "您参加了黄金档电影，花半分钟说说感受。", "star", False, timedelta(days=1)),
        ("实名核验已通过", "您现在可以领取会员专享的普惠项目。", "shield", False, timedelta(days=9)),
    ]
    keys = ("title", "text", "sign", "unread")
    found = [{**dict(zip(keys, row[:4], strict=True)), "at": now - row[4], "url": "#m"} for row in rows]
    return {"tab": "messages", "rows": [] if "empty" in request.GET else found, "unread_count": 2}


def me(request: HttpRequest) -> dict:
    return {"tab": "me", "elder": request.COOKIES.get("elder") == "1"}


def desk(request: HttpRequest) -> dict:
    items = [
        ("工作台", "home", True),
        ("节日活动", "calendar", False),
        ("投放与名额", "ticket", False),
        ("会员名册", "people", False),
        ("合作单位", "store", False),
        ("统计报告", "chart", False),
    ]
    nav = [
        {
            "title": "节日服务",
            "items": [{"label": n, "icon": i, "current": c, "url": "#n"} for n, i, c in items],
        }
    ]
    refused = [
        (row, name, number, why)
        for row, name, number, why in [
            (
                18,
                "张*",
                "4.40106E+17",
                "证件号被 Excel 变成了科学计数，末几位已经丢失。请把这一列设为文本后重新填写。",
            ),
            (46, "阿***·***", "**************0021", "证件号校验位不对。请对照身份证。"),
            (203, "李**", "**************3316", "与第 57 行重复，只会导入一次。"),
        ]
    ]
    return {
        "nav_sections": nav,
        "line": _chart("line"),
        "hbar": _chart("hbar"),
        "donut": _chart("donut"),
        "funnel": _chart("funnel"),
        "refused": refused * 8,
        "steps": [
            {"label": "选文件", "state": "done"},
            {"label": "核对", "state": "now"},
            {"label": "导入", "state": ""},
        ],
        "longest": LONG,
    }


def clerk(request: HttpRequest) -> dict:
    facts = [(_("人数"), "3 人（1 大 2 小）"), (_("持票人"), "李**"), (_("场次"), "10月1日 周四 19:30")]
    shown = {
        "ok": {"tone": "ok", "word": "可以放行", "title": LONG, "facts": facts},
        "used": {
            "tone": "no",
            "word": "已经用过",
            "title": "国庆珠江夜游",
            "facts": [("时间", "今天 19:02"), ("地点", "3 号登船口"), ("经手", "王**")],
            "advice": "请不要再次放行。有疑问请联系现场负责人。",
        },
        "stale": {
            "tone": "warn",
            "word": "是截图",
            "title": "二维码已经过期",
            "advice": "请持票人打开“我的票”，出示正在走动的二维码；或改报短码。",
        },
    }
    return {"verdict": shown.get(request.GET.get("show", ""))}


def plain(request: HttpRequest) -> dict:
    form = SignInForm({"phone": "138", "code": "12"}) if "bad" in request.GET else SignInForm()
    return {"form": form}


def error(request: HttpRequest) -> dict:
    kinds = {
        "404": ("没有找到这一页。", "它可能已经下线。请检查链接，或回到首页。", ""),
        "403": ("您没有权限打开这一页。", "如果工作需要，请联系上级工会管理员授权。", ""),
        "409": (
            "中秋慰问品的人均标准超过了上限。",
            "请把人均金额改到 500 元以内后再提交。",
            "《基层工会经费收支管理办法》第八条",
        ),
        "500": ("系统出了点问题，已经记录下来。", "您刚才的操作没有生效，请稍后再试。", ""),
    }
    status = request.GET.get("status", "404")
    title, advice, clause = kinds.get(status, kinds["404"])
    return {"status": int(status), "title": title, "advice": advice, "clause": clause}
