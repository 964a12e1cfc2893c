"""消息: what staff are told, in the console; the bell is the number of those unread."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.actors import Actor
from gonghui.kit.console import Figure, console_page, page_facts, waiting
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.notices.actions import read_all_messages, read_message
from gonghui.notices.queries import messages_of, unread_of
from gonghui.opsdesk.admin.asking import page_of
from gonghui.opsdesk.scopes import ASK


@console_page(
    "opsdesk/messages", name="opsdesk_messages", needs=ASK, title=gettext_lazy("消息"), icon="notifications",
    group="opsdesk", order=3,
)  # fmt: skip
def messages_page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        read_all_messages(request.actor)
        return HttpResponseRedirect(reverse("admin:opsdesk_messages"))
    found = messages_of(request.actor)
    unread_only = request.GET.get("unread") == "1"
    if unread_only:
        found = found.filter(read_at=None)
    facts = {
        "page_obj": page_of(request, found),
        "unread": unread_of(request.actor),
        "unread_only": unread_only,
    }
    return render(request, "opsdesk/messages.html", page_facts(request, _("消息"), **facts))


@console_page("opsdesk/messages/<int:message_id>", name="opsdesk_message", needs=ASK)
def message_page(request: HttpRequest, message_id: int) -> HttpResponse:
    """Read from now on, and on to what it is about."""
    known = messages_of(request.actor).filter(pk=message_id).exists()
    require(known, NOT_FOUND)
    row = read_message(request.actor, message_id=message_id)
    return HttpResponseRedirect(row.link or reverse("admin:opsdesk_messages"))


@waiting(needs=ASK, order=10)
def unread(actor: Actor) -> Figure | None:
    count = unread_of(actor)
    link = reverse("admin:opsdesk_messages") + "?unread=1"
    return Figure(_("未读消息"), count, icon="notifications", link=link) if count else None
