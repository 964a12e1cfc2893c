"""运营台: what waits for the reader, in one place."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.actors import Actor
from gonghui.kit.console import Figure, console_page, page_facts
from gonghui.notices.queries import unread_of
from gonghui.opsdesk.models import OperatorGroup
from gonghui.opsdesk.queries import (
    issues_seen,
    late,
    open_escalations,
    own_questions,
    received,
    to_acknowledge,
    waiting_questions,
)
from gonghui.opsdesk.scopes import ANSWER, ASK, MEND, InGroup

SHOWN = 8


@console_page(
    "opsdesk",
    name="opsdesk",
    needs=ASK,
    title=gettext_lazy("运营台"),
    icon="support_agent",
    group="opsdesk",
    order=1,
)
def desk_page(request: HttpRequest) -> HttpResponse:
    actor = request.actor
    facts: dict[str, Any] = {
        "figures": list(figures(actor)),
        "to_acknowledge": list(to_acknowledge(actor)[:SHOWN]),
        "received": list(received(actor)[:5]),
        "own": list(own_questions(actor)[:5]),
        "groups": list(groups_of(actor)[:SHOWN]),
        "latest": issues_seen(actor).prefetch_related("entries").first(),
        "is_desk": actor.may_anywhere(ANSWER),
        "waiting": list(waiting_questions(actor)[:SHOWN]),
    }
    return render(request, "opsdesk/desk.html", page_facts(request, _("运营台"), **facts))


def groups_of(actor: Actor):
    """Those the actor belongs to."""
    found = OperatorGroup.objects.visible_to(actor).filter(InGroup().condition(actor), ended_at=None)
    return found.select_related("union").order_by("union__path", "id")


def figures(actor: Actor):
    yield Figure(
        _("未读消息"), unread_of(actor), "notifications", reverse("admin:opsdesk_messages") + "?unread=1"
    )
    yield Figure(_("待您确认"), to_acknowledge(actor).count(), "task_alt", "#acknowledge")
    own = own_questions(actor)
    to_say = own.filter(state__in=("asked_back", "answered")).count()
    note = _("其中 %d 个等您回话") % to_say if to_say else ""
    yield Figure(_("我的提问"), own.filter(closed_at=None).count(), "live_help", "#own", note)
    if actor.may_anywhere(ANSWER):
        found = waiting_questions(actor)
        overdue = late(found).count()
        note = _("其中 %d 个已过期") % overdue if overdue else _("没有过期的")
        yield Figure(_("问题待答复"), found.count(), "help", "#waiting", note)
    if actor.may_anywhere(ANSWER) or actor.may_anywhere(MEND):
        found = open_escalations(actor)
        link = reverse("admin:opsdesk_escalation_changelist")
        overdue = late(found).count()
        note = _("其中 %d 项已过期") % overdue if overdue else ""
        yield Figure(_("技术团队手上"), found.count(), "engineering", link, note)
