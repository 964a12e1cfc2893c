"""What the builder can say: its kinds of rows, their choices, ready wishes, and the sentences of its script."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from gonghui.audiences.behaviours import known_behaviours
from gonghui.audiences.models import Audience, PeopleList
from gonghui.audiences.predicates import leaves_of, tree_of
from gonghui.audiences.predicates.facts import Wrong
from gonghui.audiences.predicates.known import SENSITIVE_PURPOSES
from gonghui.kit.actors import Actor
from gonghui.kit.console.listing import SmallNameSearch
from gonghui.kit.search import NameSearch
from gonghui.members.consents import PURPOSES
from gonghui.members.groups import SENSITIVE_GROUPS
from gonghui.members.models import Membership, PersonTag, WorkerGroup
from gonghui.members.models.tags import SENSITIVE
from gonghui.orgs.models import IndustryLine, Union

CHOICES_MAX = 20


def vocabulary(actor: Actor, predicate: str) -> dict[str, Any]:
    return {
        "kinds": kinds(actor),
        "names": names_used(actor, predicate),
        "wishes": wishes(),
        "words": words(),
    }


def kinds(actor: Actor) -> list[dict[str, Any]]:
    """In the order of the list; sensitive choices for who may use them."""
    is_trusted = actor.may_anywhere("members.sensitive")
    groups = [
        [group.code, group.name]
        for group in WorkerGroup.objects.order_by("kind", "id")
        if is_trusted or group.kind not in SENSITIVE_GROUPS
    ]
    lines = [[line.code, line.name] for line in IndustryLine.objects.order_by("id")]
    tags = [[code, str(name)] for code, name in PersonTag.Kind.choices if is_trusted or code not in SENSITIVE]
    purposes = [
        [p.code, str(p.title)] for p in PURPOSES.values() if is_trusted or p.code not in SENSITIVE_PURPOSES
    ]
    live = [
        [code, str(name)]
        for code, name in Membership._meta.get_field("status").flatchoices
        if code in Membership.LIVE
    ]
    done = [[behaviour.code, str(behaviour.title)] for behaviour in known_behaviours()]
    rows: list[tuple[str, str, str, dict[str, Any]]] = [
        ("group", _("职业群体"), "many", {"field": "codes", "choices": groups}),
        ("verified", _("实名"), "flag", {"choices": [["1", _("已实名")], ["", _("还没有实名")]]}),
        ("union", _("所在工会"), "search", {"many": True}),
        ("industry", _("所属产业"), "many", {"field": "codes", "choices": lines}),
        ("age", _("年龄"), "age", {}),
        ("gender", _("性别"), "one", {"field": "is", "choices": [["female", _("女")], ["male", _("男")]]}),
        ("birthday", _("生日"), "birthday", {}),
        ("joined", _("入会时间"), "joined", {}),
        ("status", _("会籍状态"), "many", {"field": "is", "choices": live}),
        ("did", _("做过什么"), "did", {"choices": done}),
        ("tag", _("标签"), "many", {"field": "kinds", "choices": tags}),
        ("consent", _("同意的用途"), "one", {"field": "to", "choices": purposes}),
        ("audience", _("另一个受众"), "search", {"many": False}),
        ("list", _("名单"), "search", {"many": False}),
        ("share", _("随机比例"), "share", {}),
    ]
    return [
        {"kind": kind, "label": label, "input": shape, **facts}
        for kind, label, shape, facts in rows
        if facts.get("choices") != []
    ]


def names_used(actor: Actor, predicate: str) -> dict[str, dict[str, str]]:
    """Of ids that stand in a wording, which may be one that somebody typed: what the actor does not see has no name here."""
    try:
        tree = tree_of(predicate)  # type: ignore[arg-type]
    except Wrong:
        return {}
    asked: dict[str, set[int | str]] = {}
    for leaf in leaves_of(tree):
        for kind, key in leaf.names_used():
            asked.setdefault(kind, set()).add(key)
    return {
        kind: {str(pk): name for pk, name in found.filter(pk__in=asked[kind]).values_list("pk", "name")}
        for kind, found in (
            ("union", Union.objects.visible_to(actor)),
            ("audience", Audience.objects.visible_to(actor)),
            ("list", PeopleList.objects.visible_to(actor)),
        )
        if kind in asked
    }


def wishes() -> list[dict[str, Any]]:
    """Common ones, to begin with."""
    riders = {"kind": "group", "codes": ["food_rider", "ride_driver", "truck_driver", "courier"]}
    lately: dict[str, Any] = {"kind": "did", "what": "claimed", "times": 1, "days": 30}
    verified = {"kind": "verified", "is": True}
    ready = [
        (_("骑手、司机、快递员且已实名"), [riders, verified]),
        (_("本月过生日"), [{"kind": "birthday", "span": "month"}]),
        (_("近 30 天没有领过券"), [verified, {"none": [lately]}]),
        (_("近 30 天新入会"), [{"kind": "joined", "days": 30}]),
        (_("已入会还没有实名"), [{"kind": "verified", "is": False}]),
        (_("劳模、工匠"), [{"kind": "tag", "kinds": ["model_worker", "craftsman"]}]),
        (_("55 周岁以上，不含保留会籍"), [{"kind": "age", "from": 55, "to": None},
                                    {"kind": "status", "is": ["active", "transferring"]}]),
        (_("留一成不发，用来对比效果"), [{"kind": "share", "from": 0, "to": 90}]),
    ]  # fmt: skip
    return [{"title": title, "parts": parts} for title, parts in ready]


def found_by_name(actor: Actor, kind: str, question: str) -> list[tuple[int, str]]:
    if kind == "union":
        seen = Union.objects.visible_to(actor).exclude(status__in=("merged", "dissolved"))
        named = seen.filter(NameSearch("grams", "name", "pinyin").q(question)) if question else seen
        return list(named.order_by("pinyin", "id").values_list("pk", "name")[:CHOICES_MAX])
    if kind == "audience":
        found = Audience.objects.visible_to(actor).filter(state=Audience.State.ACTIVE)
    elif kind == "list":
        found = PeopleList.objects.visible_to(actor)
    else:
        return []
    named = SmallNameSearch("name").narrow(found, question) if question else found
    return list(named.order_by("-id").values_list("pk", "name")[:CHOICES_MAX])


def words() -> dict[str, str]:
    """No sentence stands in the script."""
    return {
        "all": _("同时满足下面每一条"), "any": _("满足下面任意一条"), "none": _("下面一条都不满足"),
        "group": _("这一组"), "is": _("是"), "not": _("不是"), "drop": _("删去"), "drop_group": _("删去这一组"),
        "add": _("加条件"), "add_group": _("加分组"), "kind": _("条件"), "choose": _("请选择"),
        "everybody": _("没有条件：这个工会的全部在籍会员。"), "find": _("输入名称查找"), "nothing_found": _("没有找到"),
        "from_age": _("从几岁"), "to_age": _("到几岁"), "years": _("周岁"), "to": _("到"), "days": _("天"),
        "month": _("本月"), "next": _("今天起几天内"), "between": _("两个日子之间"), "first": _("从"), "last": _("到"),
        "within": _("近几天内"), "on_days": _("两个日期之间"), "times": _("至少几次"), "times_unit": _("次"),
        "ever": _("天内，不填表示从来"), "percent": _("%（同一个人每次都一样）"), "month_day": _("月-日，例如 12-20"),
        "counting": _("正在数…"), "some": _("例如"), "nobody": _("没有人符合。"), "failed": _("没有连上，请稍后再试。"),
        "about": _("人数较多，按抽样估算。"), "days_count": _("天数"), "span": _("哪一段时间"),
    }  # fmt: skip
