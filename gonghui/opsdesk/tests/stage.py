"""Administrators of every level, a technical team, and a question on its way.

province_admin, team (province) · city_admin, operator, second_operator, reviewer (city) · district_admin · factory_admin, who
asks · sister_admin, riders_admin (the sister city)
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from gonghui.funds.tests.stage import new_staff
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import Answer, BroadcastRecipient, Escalation, OperatorGroup, Question
from gonghui.opsdesk.tasks import deliver_broadcast

SYSTEM = Actor.system("test")
TITLE = "名册导入后有三个人显示不在册"
ANSWER = "名册里身份证号前面有空格的行会被略过，请在表格里去掉空格再导入一次。"
POSTS = {
    "operator": ("operator", "city"), "second_operator": ("operator", "city"), "reviewer": ("reviewer", "city"),
    "district_admin": ("org_admin", "district"), "factory_admin": ("org_admin", "factory"),
    "riders_admin": ("org_admin", "riders"), "team": ("technical_team", "province"),
}  # fmt: skip


@dataclass
class Stage:
    cast: object

    def actor(self, who: str) -> Actor:
        return self.cast.actor(who)

    def user(self, who: str) -> int:
        return self.cast.users[who].pk

    def union(self, name: str) -> int:
        return self.cast.unions[name].pk


@kept
def build_stage(cast) -> Stage:
    for who, (role, union) in POSTS.items():
        new_staff(cast, who, role, union)
    return Stage(cast)


def opened(
    stage: Stage,
    name: str = "东江工作群",
    union: str = "city",
    rule: str = "direct",
    who: str = "city_admin",
    **facts,
):
    return actions.open_group(stage.actor(who), new=actions.NewGroup(stage.union(union), name, rule, **facts))


def sent(
    stage: Stage,
    *groups: OperatorGroup,
    who: str = "city_admin",
    union: str = "city",
    below: str = "",
    **facts,
):
    """Broadcast and delivered."""
    to = actions.Address(
        tuple(group.pk for group in groups),
        stage.union(below) if below else None,
        facts.pop("roles", ("org_admin", "operator")),
    )
    key = facts.pop("key", None) or uuid4()
    words = actions.Words(
        **({"title": "新版本今晚上线", "body": "名册导入改为后台进行，可以关掉页面。"} | facts)
    )
    row = actions.send_broadcast(stage.actor(who), key=key, union_id=stage.union(union), to=to, words=words)
    deliver_broadcast(row.pk)
    return row


def recipients(row) -> set[str]:
    found = BroadcastRecipient.objects.unscoped("test").filter(broadcast=row)
    return set(found.values_list("user__login", flat=True))


def asked(
    stage: Stage, title: str = TITLE, who: str = "factory_admin", union: str = "factory", key=None, **facts
) -> Question:
    new = actions.Asked(facts.pop("category", "consult"), title, **facts)
    return actions.ask_question(stage.actor(who), key=key or uuid4(), union_id=stage.union(union), asked=new)


def taken(stage: Stage, *args, officer: str = "operator", **facts) -> Question:
    return actions.take_question(stage.actor(officer), question_id=asked(stage, *args, **facts).pk)


def answered(stage: Stage, *args, words: str = ANSWER, officer: str = "operator", **facts) -> Question:
    row = taken(stage, *args, officer=officer, **facts)
    return actions.answer_question(stage.actor(officer), question_id=row.pk, words=words)


def confirmed(stage: Stage, *args, who: str = "factory_admin", **facts) -> Question:
    row = answered(stage, *args, who=who, **facts)
    return actions.confirm_answer(stage.actor(who), question_id=row.pk)


def published(stage: Stage, title: str = TITLE, text: str = ANSWER, union: str = "city", **facts) -> Answer:
    """In the knowledge list of the city."""
    row = confirmed(stage, title, words=text, **facts)
    said = actions.Published(title, text)
    officer = facts.get("officer", "operator")
    return actions.publish_answer(
        stage.actor(officer), question_id=row.pk, union_id=stage.union(union), said=said
    )


def escalated(stage: Stage, *args, officer: str = "operator", **facts) -> Escalation:
    row = taken(stage, *args, officer=officer, **facts)
    return actions.escalate_question(
        stage.actor(officer), question_id=row.pk, summary="导入程序请按去掉空格处理"
    )


def five(stage: Stage, count: int = 5, **facts) -> list[Answer]:
    return [published(stage, f"{TITLE}之{n}", **facts) for n in range(1, count + 1)]


def again(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def said(row: Question) -> list[tuple[str, str]]:
    return list(row.entries.order_by("id").values_list("verb", "state"))
