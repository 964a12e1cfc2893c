"""`/m/<token>` of a message: counts that its reader came, and leads to a page of ours. And the door for what WeChat pushes."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.ports import PortFailed
from gonghui.notices.actions import note_click
from gonghui.notices.actions.events import event_door, hear
from gonghui.notices.links import delivery_of
from gonghui.notices.ports.wechat_events import Unreadable

EVENT_BYTES_MAX = 64 * 1024
LOOKING_AHEAD = ("prefetch", "preview", "prerender")


@never_cache
@require_safe
def message_link(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the link: an SMS is opened by somebody who has not signed in. It leads to own pages only."""
    delivery_id = delivery_of(token)
    require(delivery_id, NOT_FOUND)
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    is_reader = request.method == "GET" and not any(word in purpose for word in LOOKING_AHEAD)
    leads_to = note_click(
        Actor.system("a link in a message was opened"), delivery_id=delivery_id, is_reader=is_reader
    )
    require(leads_to, NOT_FOUND)
    return HttpResponseRedirect(leads_to)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def wechat_events(request: HttpRequest) -> HttpResponse:
    """Signed by WeChat instead of by a session. What we cannot read it pushes no second time for our saying so."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal() or int(announced[:18]) > EVENT_BYTES_MAX:
        return said(413)
    query = request.GET.dict()
    try:
        if request.method == "GET":
            return said(200, event_door().greet(query))
        hear(query, request.body, address=request.META.get("REMOTE_ADDR", ""))
    except DomainError as refused:
        return said(refused.status)
    except Unreadable:
        return said(200)
    except PortFailed:
        return said(401)
    return said(200)


def said(status: int, words: str = "") -> HttpResponse:
    usual = "success" if status == HTTPStatus.OK else "fail"
    return HttpResponse(words or usual, status=status, content_type="text/plain; charset=utf-8")
