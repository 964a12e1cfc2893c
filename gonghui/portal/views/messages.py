"""消息: what happened, newest first."""

from __future__ import annotations

from django.contrib import messages as toasts
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from gonghui.notices.actions import like_message, read_all_messages, read_message
from gonghui.notices.links import token_of
from gonghui.notices.queries import delivery_to, messages_of, unread_of
from gonghui.portal.doors import go, signed_in

PAGE_SIZE = 20
SIGNS = {
    "ticket": "ticket",
    "reminder": "clock",
    "activity": "calendar",
    "survey": "star",
    "security": "shield",
    "points": "money",
    "notice": "org",
}


@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    unread_only = request.GET.get("show") == "unread"
    found = messages_of(actor).filter(read_at=None) if unread_only else messages_of(actor)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    unread = unread_of(actor)
    facts = {
        "tab": "messages",
        "page": page,
        "rows": [(message, SIGNS.get(message.kind, "bell")) for message in page],
        "unread_count": unread,
        "unread_only": unread_only,
        "choices": [
            {"label": _("全部"), "url": request.path, "current": not unread_only, "count": None},
            {"label": _("未读"), "url": "?show=unread", "current": unread_only, "count": unread},
        ],
    }
    return render(request, "portal/account/messages.html", facts)


@never_cache
@require_safe
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """Opening a message reads it."""
    found = read_message(signed_in(request), message_id=message_id)
    delivery = delivery_to(found)
    facts = {
        "tab": "messages",
        "message": found,
        "sign": SIGNS.get(found.kind, "bell"),
        "address": reverse("message_link", args=[token_of(delivery.pk)]) if delivery else found.link,
        "can_be_liked": found.send_id is not None,
    }
    return render(request, "portal/account/message.html", facts)


@require_POST
def message_like(request: HttpRequest, message_id: int) -> HttpResponse:
    is_liked = bool(request.POST.get("on"))
    like_message(signed_in(request), message_id=message_id, is_liked=is_liked)
    return HttpResponseRedirect(reverse("message", args=[message_id]))


@require_POST
def messages_read(request: HttpRequest) -> HttpResponse:
    count = read_all_messages(signed_in(request))
    toasts.success(request, _("{count} 条消息已设为已读。").format(count=count))
    return go("messages")
