"""What every page's shell needs."""

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict:
    return {
        "elder": request.COOKIES.get("elder") == "1",
        "in_wechat": "MicroMessenger" in request.headers.get("User-Agent", ""),
    }
