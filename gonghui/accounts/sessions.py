"""Between a request and the actions of sign-in: sessions, addresses, devices."""

from __future__ import annotations

import ipaddress
import re
import secrets

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse

from gonghui.accounts.actions import devices
from gonghui.accounts.models import User
from gonghui.accounts.proofs import device_key
from gonghui.accounts.rules import DEVICE_KEY_LIFE, STAFF_SESSION_LIFE, device_label
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now

SEEN = "seen_at"
PENDING, PENDING_SINCE = "staff_pending", "staff_pending_since"
KNOWN, BROWSER = "known", "browser"
AGENT = "agent"
"""What machine and browser a staff session was opened on: it goes on nowhere else."""
MARK = re.compile(r"[0-9a-f]{32}")


def open_session(request: HttpRequest, user: User, *, second_factor: bool = False) -> None:
    """Signs `user` in under a new session key (a key planted before is worth nothing) and records the device.

    The key then stays the same until sign-out: passes of the grab are bound to it.
    """
    auth.login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    for key in (PENDING, PENDING_SINCE):
        request.session.pop(key, None)
    if second_factor:
        request.session["second_factor"] = True
        request.session[AGENT] = agent_of(request)
        request.session.set_expiry(now() + STAFF_SESSION_LIFE)
    request.session[SEEN] = int(now().timestamp())
    request.session.save()
    label = agent_of(request)
    actor = Actor(user_id=user.pk, channel="web")
    request.browser_mark = _mark_of(request)
    devices.record_device(
        actor,
        user_id=user.pk,
        session_key=request.session.session_key,
        label=label,
        mark=request.browser_mark,
    )


def agent_of(request: HttpRequest) -> str:
    """Machine and browser without their versions, which change by night."""
    return device_label(request.headers.get("User-Agent", ""))


def _mark_of(request: HttpRequest) -> str:
    """By chance, the same for whoever signs in on this browser; it tells nothing else of it."""
    return browser_mark(request) or secrets.token_hex(16)


def browser_mark(request: HttpRequest) -> str:
    """Empty where nobody has signed in on this browser yet, and for tokens."""
    held = request.COOKIES.get(BROWSER, "")
    return held if MARK.fullmatch(held) else ""


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> HttpResponse:
    """After `open_session`: by which account this browser is known, and its own mark."""
    for name, value in ((KNOWN, device_key(user)), (BROWSER, request.browser_mark)):
        response.set_cookie(
            name,
            value,
            max_age=int(DEVICE_KEY_LIFE.total_seconds()),
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def is_through_both_steps(request: HttpRequest) -> bool:
    """Staff with password and time-based code; the password may still be one to change at once."""
    user = request.user
    return user.is_active and user.is_staff and bool(request.session.get("second_factor"))


def close_session(request: HttpRequest, actor: Actor) -> None:
    if key := request.session.session_key:
        devices.sign_out(actor, session_key=key)
    auth.logout(request)


def renew_session(request: HttpRequest) -> None:
    """After every session was ended: the one in hand goes on, under a new key and as a new device."""
    user = User.objects.unscoped("the session's own user").get(pk=request.user.pk)
    has_second_factor, until = bool(request.session.get("second_factor")), request.session.get_expiry_date()
    open_session(request, user, second_factor=has_second_factor)
    if has_second_factor:  # the eight hours run on: they count from the second factor
        request.session.set_expiry(until)
        request.session.save()


def client_address(request: HttpRequest) -> str:
    """For lock-outs. Behind our own proxy its last hop counts; an IPv6 household counts as one address."""
    raw = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        raw = request.headers.get("X-Forwarded-For", raw).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(raw)
    except ValueError:
        return ""
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(getattr(address, "ipv4_mapped", None) or address)
