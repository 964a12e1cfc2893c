"""Every component with long names, empty and failing examples, for the eye and for axe."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from gonghui.kit import clock
from gonghui.kit.gallery import samples

PAGES = {
    "components": samples.components,
    "home": samples.home,
    "grab": samples.grab,
    "ticket": samples.ticket,
    "tickets": samples.tickets,
    "messages": samples.messages,
    "me": samples.me,
    "desk": samples.desk,
    "clerk": samples.clerk,
    "plain": samples.plain,
    "error": samples.error,
}


def page(request: HttpRequest, name: str) -> HttpResponse:
    if name not in PAGES:
        raise Http404
    return render(request, f"gallery/{name}.html", PAGES[name](request))


def take_pass(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"pass": "gallery", "expires_at": round(clock.now().timestamp()) + 600})


def live(request: HttpRequest) -> JsonResponse:
    """The gate's words; the opening is kept by the address, as the gallery has no pools."""
    now_ms = round(clock.now().timestamp() * 1000)
    opens_at_ms = int(request.GET.get("opens", now_ms))
    left = {"state": "open", "remaining": samples.REMAINING, "capacity": samples.CAPACITY, "waiting": 0}
    times = {"now_ms": now_ms, "opens_at_ms": opens_at_ms, "closes_at_ms": now_ms + 3_600_000}
    return JsonResponse(left | times)


@csrf_exempt
def claim(request: HttpRequest, answer: str) -> JsonResponse:
    """Answers what the address says; echoes the order, so that a test can see what was sent."""
    title, message, status = samples.ANSWERS.get(answer, ("", "", 404))
    order = json.loads(request.headers.get("X-Grab") or request.body or b"{}")
    return JsonResponse({"answer": answer, "title": title, "message": message, "order": order}, status=status)
