"""What became of an application, step by step, in plain words, and whose turn it is."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from gonghui.joining.models import JoinApplication
from gonghui.kit.templatetags.kit import cn_day

CHIPS = {
    "draft": "", "submitted": "amber", "under_review": "blue", "needs_info": "red", "approved": "green", "rejected": "red",
    "withdrawn": "",
}  # fmt: skip


def timeline_of(row: JoinApplication, *, is_own: bool = True) -> list[dict[str, Any]]:
    """For kit/includes/timeline.html; the last is what is waited for."""
    steps = [
        {"label": _said(one.verb, one.by, is_own), "at": one.at, "note": one.words, "state": "done"}
        for one in row.entries.all()
    ]
    if waited := _waited_for(row, is_own):
        steps.append({"label": waited, "at": None, "note": "", "state": "now"})
    return steps


def _said(verb: str, by: str, is_own: bool) -> str:
    who = _("您") if is_own else _("申请人")
    said = {
        "submit": _("经办人现场提交了申请") if by == "officer" else _("{who}提交了申请"),
        "withdraw": _("{who}撤回了申请"),
        "take": _("工会开始审核"),
        "release": _("放回待审"),
        "redirect": _("转交别的工会审核"),
        "ask": _("工会请{who}补充"),
        "approve": _("审核通过，成为工会会员"),
        "reject": _("没有通过"),
    }[verb]
    return said.format(who=who)


def _waited_for(row: JoinApplication, is_own: bool) -> str:
    if row.due_on:
        said = _("等{union}审核，最迟 {day}")
        if row.is_overdue:
            said = _("{union}的审核已经超过 {day} 的期限，上级工会会催办")
        return said.format(union=row.union.name, day=cn_day(row.due_on))
    if row.state == "needs_info":
        return (_("等您补充") if is_own else _("等申请人补充")) + _("，补充后重新审核")
    return ""
