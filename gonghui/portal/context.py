"""What every page's shell needs."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from gonghui.notices.queries import unread_of


def shell(request: HttpRequest) -> dict:
    return {
        "elder": request.COOKIES.get("elder") == "1",
        "in_wechat": "MicroMessenger" in request.headers.get("User-Agent", ""),
        # Counted only where the tab bar asks, and where the view has not counted already.
        "unread_count": SimpleLazyObject(
            lambda: unread_of(request.actor) if hasattr(request, "actor") else 0
        ),
    }
