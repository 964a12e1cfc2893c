"""Who is told at each step: the asker of what was done, the desk and the team when it is their turn."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.kit.actors import Actor
from gonghui.kit.templatetags.kit import cn_day
from gonghui.notices.actions import Notice
from gonghui.notices.actions.staff import tell_staff
from gonghui.opsdesk.models import Question, QuestionEntry
from gonghui.opsdesk.people import desk_of, team_of

FOR_THE_DESK = ("ask", "reopen", "put_back", "reply", "return", "fix", "withdraw")
FOR_THE_ASKER = (
    "take",
    "ask_back",
    "escalate",
    "work",
    "fix",
    "return",
    "answer",
    "lapse",
    "close",
    "silence",
    "digest",
)
FOR_THE_TEAM = ("escalate",)


def address_of(row: Question) -> str:
    return f"/console/opsdesk/questions/{row.pk}"


def tell(actor: Actor, row: Question, entry: QuestionEntry) -> None:
    """Of a word in the thread; each account once a word."""
    if entry.verb in FOR_THE_ASKER:
        _say(actor, row, entry, "asker", said_to_asker(row, entry), [row.asker_id])
    if entry.verb in FOR_THE_DESK:
        desk = [row.officer_id] if row.officer_id else desk_of(row.union.path, but=row.asker_id)
        _say(
            actor, row, entry, "desk", said_to_desk(row, entry), [one for one in desk if one != actor.user_id]
        )
    if entry.verb in FOR_THE_TEAM:
        _say(actor, row, entry, "team", said_to_team(row), team_of(row.union.path))


def _say(
    actor: Actor, row: Question, entry: QuestionEntry, whom: str, said: str, user_ids: list[int]
) -> None:
    title = _("{number}：{title}").format(number=row.number, title=row.title)
    notice = Notice("notice", title[:80], said, address_of(row))
    tell_staff(actor, occasion=f"question:{entry.pk}:{whom}", user_ids=user_ids, notice=notice)


def said_to_asker(row: Question, entry: QuestionEntry) -> str:
    day = cn_day(row.due_on) if row.due_on else ""
    said = {
        "take": _("答疑台已受理，最迟 {day} 答复。"),
        "ask_back": _("答疑台请您补充：{words}。请在 {day} 前回复，到期没有回复就先结束。"),
        "escalate": _("已转省平台技术团队，最迟 {day} 有结果。"),
        "work": _("技术团队正在处理。"),
        "fix": _("技术团队已修复：{words}。答疑台会再答复您。"),
        "return": _("技术团队退回答疑台：{words}"),
        "answer": _("已答复：{words}。请在 {day} 前确认；没有解决的，可以重新提出一次。"),
        "lapse": _("到期没有再提，按已解决了结。"),
        "close": _("已结束：{words}"),
        "silence": _("没有收到补充，先结束；需要时可以重新提问。"),
        "digest": _("您的问题选入了五问五答（不带姓名）。"),
    }[entry.verb]
    return said.format(day=day, words=entry.words[:120])


def said_to_desk(row: Question, entry: QuestionEntry) -> str:
    day = cn_day(row.due_on) if row.due_on else ""
    said = {
        "ask": _("{union}提问（{kind}），最迟 {day} 答复。"),
        "reopen": _("提问人认为没有解决，重新提出：{words}。最迟 {day} 答复。"),
        "put_back": _("已放回待受理，最迟 {day} 答复。"),
        "reply": _("提问人已补充：{words}。最迟 {day} 答复。"),
        "return": _("技术团队退回：{words}。最迟 {day} 答复。"),
        "fix": _("技术团队已修复：{words}。请在 {day} 前答复提问人。"),
        "withdraw": _("提问人已撤回。"),
    }[entry.verb]
    facts = {"union": row.union.name, "kind": row.get_category_display(), "words": entry.words[:120]}
    return said.format(day=day, **facts)


def said_to_team(row: Question) -> str:
    return _("{union}的问题等技术团队处理，最迟 {day}。").format(union=row.union.name, day=cn_day(row.due_on))
