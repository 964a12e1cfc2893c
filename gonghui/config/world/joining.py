"""入会 of the demo: transit pools, posters that were scanned for a fortnight, and applications by every channel in every state."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.utils.translation import gettext as _

from gonghui.accounts.actions.devices import record_device
from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.days import ago
from gonghui.config.world.names import Invented, invented_people
from gonghui.config.world.tree import Tree
from gonghui.joining import actions
from gonghui.joining.actions import Told, Way
from gonghui.joining.models import JoinApplication, JoinPoster, PosterDay
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.orgs.actions import open_pool
from gonghui.orgs.models import Union
from gonghui.referrals.actions import introductions

CITY, DISTRICT = "4401", "440106"
FIRST_NUMBER = 15_000_000
"""Beyond the largest world: whoever applies is nobody of its members."""
BUILDER = Actor.system("demo world")
SCAN_DAYS = 14


@dataclass(frozen=True, slots=True)
class Story:
    """One application: how far it came, when it was handed in, where to, by which channel, and what was said about it."""

    far: str
    days: int
    home: str
    channel: str = "h5"
    words: str = ""
    is_invited: bool = False
    name: str = ""


STORIES = (
    Story("submitted", 26, "food_rider"),
    Story("submitted", 9, "truck_driver", "scan"),
    Story("submitted", 6, "ride_driver", "mini_program"),
    Story("submitted", 3, "courier", name="阿卜杜热合曼·买买提吐尔逊"),
    Story("submitted", 2, "food_rider", "scan", is_invited=True),
    Story("submitted", 1, "pool"),
    Story("submitted", 0, "food_rider", "scan"),
    Story("submitted", 0, "office"),
    Story("taken", 4, "food_rider", "scan"),
    Story("taken", 2, "truck_driver", "scan"),
    Story("asked", 5, "courier", words="请补充现在跑单的平台和站点名称，方便我们联系站长核实。"),
    Story("asked", 3, "pool", words="您填的工作单位已有工会，请确认是否改为加入该单位工会。"),
    Story("approved", 12, "food_rider", "scan", is_invited=True),
    Story("approved", 10, "truck_driver", "scan"),
    Story("approved", 9, "ride_driver", "mini_program"),
    Story("approved", 8, "courier"),
    Story("approved", 7, "food_rider", is_invited=True),
    Story("flagged", 6, "food_rider", "scan", is_invited=True),
    Story("rejected", 11, "office", words="您已不在该公司任职。换了单位的，请向现在单位的工会申请。"),
    Story("rejected", 6, "food_rider", "scan", words="联系电话三次都没有接通，请核对号码后重新提交。"),
    Story("withdrawn", 4, "ride_driver"),
    Story("signed", 5, "truck_driver", "on_site"),
    Story("on_site", 3, "truck_driver", "on_site"),
    Story("unconfirmed", 0, "truck_driver", "on_site"),
)
# (place, home, scans a day)
PLACES = (
    ("体育西路骑手驿站", "food_rider", 34),
    ("江夏货运场司机之家", "truck_driver", 21),
    ("白云机场网约车蓄车场", "ride_driver", 12),
    ("车陂街道党群服务中心一楼大厅北门劳动者服务窗口", "pool", 5),
    ("天河城快递分拨中心（已搬迁）", "courier", 3),
)
CLOSED = "courier"


@dataclass
class Desk:
    """Who reviews, who goes out to the yards, and where one may join."""

    reviewer: Actor
    second: Actor
    officer: Actor
    homes: dict[str, Union]
    posters: dict[str, JoinPoster] = field(default_factory=dict)
    code: str = ""
    referrer: User | None = None


def build_joining(tree: Tree, staff: dict[str, User], seed: int) -> None:
    """Reviewed by the city's reviewer and administrator; the operator enters what is taken up on the spot."""
    city = tree.by_code[CITY]
    open_pool(actor_of(staff["province"]), union_id=tree.province.pk)
    pool = open_pool(actor_of(staff["guangzhou"]), union_id=city.pk)
    homes = {group: union for union, group in tree.homes if group and union.parent_id == city.pk}
    office = next(union for union, group in tree.homes if not group and union.path.startswith(city.path))
    desk = Desk(
        actor_of(staff["reviewer"]), actor_of(staff["guangzhou"]), actor_of(staff["operator"]), homes | {"pool": pool, "office": office}
    )  # fmt: skip
    _posters(desk)
    desk.referrer = User.objects.unscoped("the demo's members").filter(person__isnull=False).earliest("pk")
    desk.code = introductions.show_code(actor_of(desk.referrer)).code
    people = invented_people(len(STORIES), seed, FIRST_NUMBER)
    for story, one in zip(STORIES, people, strict=True):
        _tell(desk, story, replace(one, name=story.name or one.name))


def _posters(desk: Desk) -> None:
    rng, today = random.Random(15), clock.today()  # noqa: S311
    for place, home, scans in PLACES:
        group = home if home in ("food_rider", "truck_driver", "ride_driver", "courier") else ""
        row = actions.make_poster(desk.officer, union_id=desk.homes[home].pk, place=_(place), group=group)
        desk.posters[home] = row
        PosterDay.objects.bulk_create(
            PosterDay(poster=row, on=today - timedelta(days=back), scans=rng.randrange(scans // 2, scans * 2))
            for back in range(1, SCAN_DAYS)
        )
        actions.count_scan(BUILDER, poster_id=row.pk)
    actions.close_poster(desk.officer, joinposter_id=desk.posters[CLOSED].pk)


def _tell(desk: Desk, story: Story, one: Invented) -> None:
    with ago(story.days):
        row = _on_site(desk, story, one) if story.channel == "on_site" else _applied(desk, story, one)
    if story.is_invited:
        introductions.note_invitation(BUILDER, application_id=row.pk)
    with ago(story.days * 0.6):
        _decided(desk, story, row)


def _told(desk: Desk, story: Story, one: Invented) -> Told:
    facts = {"name": one.name, "id_no": one.id_no}
    if story.home == "pool":
        return Told(region_code=DISTRICT, employer=_("车陂村家政服务点"), **facts)
    group = "" if story.home == "office" else story.home
    return Told(union_id=desk.homes[story.home].pk, group=group, **facts)


def _applied(desk: Desk, story: Story, one: Invented) -> JoinApplication:
    user = User.objects.create(phone=one.phone, display_name=one.name)
    if story.far == "flagged":
        for nth, account in enumerate((user, desk.referrer)):
            record_device(
                actor_of(account),
                user_id=account.pk,
                session_key=f"demo{nth}",
                label=_("手机浏览器"),
                mark="demo",
            )
    poster = desk.posters[story.home].code if story.channel == "scan" else ""
    channel = "h5" if story.channel == "scan" else story.channel
    way = Way(channel, poster, desk.code if story.is_invited else "")
    return actions.apply_to_join(actor_of(user), told=_told(desk, story, one), consent=True, way=way)


def _on_site(desk: Desk, story: Story, one: Invented) -> JoinApplication:
    row = actions.enter_on_site(desk.officer, told=_told(desk, story, one), phone=one.phone)
    if story.far == "unconfirmed":
        return row
    form = _("穗入会字第 {n} 号").format(n=int(one.phone[-4:]) + 100)
    return actions.confirm_by_signature(desk.officer, application_id=row.pk, form_no=form)


def _decided(desk: Desk, story: Story, row: JoinApplication) -> None:
    if story.far in ("submitted", "on_site", "unconfirmed"):
        return
    if story.far == "withdrawn":
        actions.withdraw_application(actor_of(row.user), application_id=row.pk)
        return
    who = desk.second if story.far == "taken" and story.home == "truck_driver" else desk.reviewer
    actions.take_application(who, joinapplication_id=row.pk)
    if story.far == "asked":
        actions.return_application(who, joinapplication_id=row.pk, asked=_(story.words))
    elif story.far == "rejected":
        actions.reject_application(who, joinapplication_id=row.pk, reason=_(story.words))
    elif story.far in ("approved", "flagged", "signed"):
        _approved(who, row)


def _approved(who: Actor, row: JoinApplication) -> None:
    note = _("电话核实了姓名、站点和车牌")
    actions.approve_application(who, joinapplication_id=row.pk, how="phone", note=note)
    if introductions.qualify(BUILDER, application_id=row.pk):
        introductions.reward_waiting(BUILDER)
