"""受众 of the demo: who a city speaks to, worded, reworded, counted and counted again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.audiences import actions
from gonghui.audiences.actions import Wording
from gonghui.audiences.models import Audience, AudienceRun
from gonghui.config.actors import actor_of
from gonghui.config.world.tree import Tree
from gonghui.members.models import Membership
from gonghui.orgs.models import Union

CITY, DISTRICT = "4401", "440106"
RIDERS = ("food_rider", "courier")
HOURLY, DAILY = Audience.Rule.HOURLY, Audience.Rule.DAILY


def tree_of(*parts: dict[str, Any], word: str = "all") -> dict[str, Any]:
    return {"version": 1, "tree": {word: list(parts)}}


GROUPS = {"kind": "group", "codes": list(RIDERS)}
VERIFIED = {"kind": "verified", "is": True}
DRIVERS = {"kind": "group", "codes": ["ride_driver", "truck_driver"]}
BIRTHDAY = {"kind": "birthday", "span": "month"}
CLAIMED = {"kind": "did", "what": "claimed", "times": 1, "days": 90}
OLDER = {"kind": "age", "from": 50, "to": None}


def build_audiences(tree: Tree, staff: dict[str, User]) -> dict[str, Audience]:
    """Saved by the city's administrator; each stands as it would after a few days of use. By key, for the sends."""
    city, district = tree.by_code[CITY], tree.by_code[DISTRICT]
    writer = actor_of(staff["guangzhou"])

    def saved(
        name: str, *parts: dict[str, Any], word: str = "all", union: Union = city, **facts: Any
    ) -> Audience:
        wording = Wording(union.pk, _(name), tree_of(*parts, word=word), **facts)
        return actions.save_audience(writer, wording=wording)

    found = {
        "riders": saved("骑手和快递员", GROUPS, rule=HOURLY, note=_("外卖、快递，含还没有实名的")),
        "birthday": saved("本月过生日的会员", BIRTHDAY, VERIFIED),
        "older": saved("50 岁以上会员", OLDER, note=_("体检名额优先")),
        "drivers": saved("司机（网约车、货车）", DRIVERS, VERIFIED),
        "district": saved("天河区职工", {"kind": "union", "ids": [district.pk]}, union=district),
    }
    actions.rebuild_waiting()
    _aged(6)
    riders = {"kind": "audience", "id": found["riders"].pk}
    pasted = _pasted(staff, city)
    found |= {
        "quiet": saved("骑手里三个月没有领过券的", riders, {"none": [CLAIMED]}, rule=HOURLY),
        "tenth": saved("对照组（一成）", VERIFIED, {"kind": "share", "from": 0, "to": 10}),
        "pasted": saved("劳模和先进座谈名单", {"kind": "list", "id": pasted}, {"kind": "age", "from": 60, "to": None}, word="any"),
        "old": saved("去年中秋慰问对象", OLDER, {"kind": "gender", "is": "female"}),
    }  # fmt: skip
    actions.save_audience(writer, audience_id=found["riders"].pk, wording=Wording(
        city.pk, _("骑手和快递员"), tree_of(GROUPS, VERIFIED), HOURLY, _("外卖、快递，已实名")
    ))  # fmt: skip
    actions.rebuild_waiting()
    _aged(2)
    actions.retire_audience(writer, audience_id=found.pop("old").pk)
    return found


def build_counts(staff: dict[str, User], audiences: dict[str, Audience]) -> None:
    """Once more, after members came and went."""
    for audience in audiences.values():
        actions.ask_rebuild(actor_of(staff["guangzhou"]), audience_id=audience.pk)
    actions.rebuild_waiting()


def _aged(days: int) -> None:
    """What has just been counted was counted so many days earlier."""
    back = timedelta(days=days)
    runs = AudienceRun.objects.unscoped("demo world").filter(state="done")
    runs.update(started_at=F("started_at") - back, ended_at=F("ended_at") - back)


def _pasted(staff: dict[str, User], city: Union) -> int:
    """Forty telephones, three of them nobody's."""
    people = Membership.objects.unscoped("demo world").filter(union__path__startswith=city.path)
    phones = [row.person.phone for row in people.select_related("person").order_by("id")[:37]]
    text = "\n".join([*phones, "19800000001", "19800000002", "19800000003"])
    kept = actions.keep_list(
        actor_of(staff["guangzhou"]), union_id=city.pk, name=_("劳模座谈会签到"), text=text
    )
    return kept.people_list.pk
