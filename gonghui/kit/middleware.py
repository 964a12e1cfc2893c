"""What every page needs: a request id in the log, strict headers, and refusals in words."""

from __future__ import annotations

import re
import secrets
import time
from urllib.parse import unquote

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode

from gonghui.kit.actions import request_id
from gonghui.kit.errors import BODY_TOO_LARGE, DomainError
from gonghui.kit.scope import UnscopedQuery
from gonghui.kit.tiles import tile_origin

log = structlog.get_logger("gonghui.request")
CALLER_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")

# The largest thing sent to us is a roster, which may have 50 MB.
BODY_BYTES_MAX = 52 * 2**20

MEMBER_CSP = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'"
)
# The back office's theme evaluates Alpine expressions and sets inline styles; members never get these pages.
CONSOLE_CSP = MEMBER_CSP.replace(
    "default-src 'self'",
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline'; style-src 'self' 'unsafe-inline'",
)


class RequestLog:
    """One line a request: id, method, view, status, time. Never a query string, a body or a person."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        token = request_id.set(given if CALLER_ID.match(given) else secrets.token_hex(8))
        request.request_id = request_id.get()
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id.get()
            match = request.resolver_match
            log.info(
                "request",
                method=request.method,
                view=match.view_name if match else "",
                status=response.status_code,
                took_ms=round((time.perf_counter() - started) * 1000, 1),
            )
            return response
        finally:
            request_id.reset(token)


class RequestLimits:
    """Refused before anything is read: bodies nobody may send, and NUL, which no column takes."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdecimal() and int(announced[:18]) > BODY_BYTES_MAX:
            return render_refusal(request, DomainError(BODY_TOO_LARGE, limit_mb=BODY_BYTES_MAX // 2**20))
        asked = [request.path, unquote(request.META.get("QUERY_STRING", "")), *request.COOKIES.values()]
        if any("\x00" in text for text in asked):
            raise BadRequest("NUL in the address or a cookie")
        return self.get_response(request)


class SecurityHeaders:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        console = request.path.startswith("/console/")
        policy = CONSOLE_CSP if console else MEMBER_CSP
        if origin := tile_origin(settings.GONGHUI_MAP_TILES):
            policy = policy.replace("img-src 'self'", f"img-src 'self' {origin}")
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        # Django's own middleware sets these two, but not on what it refuses itself: a host it does not know.
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store" if request.COOKIES else "no-cache")
        return response


class Refusals:
    """A `DomainError` becomes a page, a toast or a redirect to sign-in; the API renders its own."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, UnscopedQuery):
            log.error("unscoped_query", view=request.resolver_match.view_name, detail=str(error))
            return None
        if not isinstance(error, DomainError):
            return None
        if error.status == 401 and request.method == "GET":
            target = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?{target}")
        return render_refusal(request, error)


def render_refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    partial = bool(request.headers.get("HX-Request"))
    template = "kit/includes/refusal.html" if partial else "kit/error.html"
    facts = {
        "code": error.code,
        "title": error.message,
        "advice": error.advice,
        "clause": error.clause,
        "status": error.status,
    }
    return render(request, template, facts, status=error.status)
