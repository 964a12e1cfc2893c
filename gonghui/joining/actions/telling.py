"""What the applicant is told at each decision, in the app."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.joining.models import JoinApplication, JoinEntry
from gonghui.kit.actors import Actor
from gonghui.members.queries import person_id_of
from gonghui.notices.actions import Notice, tell_once


def tell(actor: Actor, row: JoinApplication, entry: JoinEntry) -> None:
    """Once a step; without an account there is nobody to tell here."""
    if row.user_id is None:
        return
    said = {
        "submitted": _("您的入会申请已转交{union}审核，您不用做什么。"),
        "needs_info": _("{union}请您补充：{words}"),
        "approved": _("{union}已经通过您的入会申请，从今天起您是工会会员了。"),
        "rejected": _("{union}没有通过您的入会申请，原因：{words}。您可以改好后重新提交。"),
    }[row.state]
    body = said.format(union=row.union.name, words=entry.words)
    title = {
        "submitted": _("入会申请已转交"),
        "needs_info": _("入会申请需要补充"),
        "approved": _("欢迎加入{union}").format(union=row.union.name[:30]),
        "rejected": _("入会申请没有通过"),
    }[row.state]
    notice = Notice(kind="notice", title=title, body=body, link=f"/join/applications/{row.pk}")
    once = f"join:{row.pk}:{entry.pk}"
    tell_once(actor, once=once, notice=notice, person_id=person_id_of(row.user_id), user_id=row.user_id)
