"""The front page, and what works without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.html import escape
from django.views.decorators.http import require_safe

from gonghui.kit.templatetags.kit import ago, cn_day, cn_time, cn_when, server_now, short_code
from gonghui.portal.queries.glance import Glance, glance_of
from gonghui.portal.queries.programme import Card, holidays_ahead, kinds, running_cards
from gonghui.portal.rules import Stage
from gonghui.portal.shells import answer, badge, filled, frame

PAGE = "portal/home.html"
OPENINGS_SHOWN = 4
CARDS_SHOWN = 8
SHAPE = ("is_held", "state", "state_label", "kind", "cover_key", "is_coupon")  # of a ticket
SIGNS = {
    "reminder": "bell",
    "ticket": "ticket",
    "survey": "star",
    "security": "shield",
    "activity": "calendar",
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What opens next and when; then what is the reader's own; then everything else."""
    hero = _hero(running_cards())
    glance = glance_of(request.actor, hero.release_id if hero else None)
    values = {"now": server_now(), "own": _own(glance), "unread_count": badge(glance.unread)}
    if glance.standing.is_signed_in:
        values["csrf_token"] = get_token(request)
        values["remind"] = _remind(hero, glance.is_reminded, values["csrf_token"]) if hero else None
    return answer(request, "home", PAGE, _facts, values)


def _facts() -> dict[str, Any]:
    """The same for everybody."""
    cards = running_cards()
    hero = _hero(cards)
    return {
        "tab": "home",
        "hero": hero,
        "openings": [c for c in cards if c.state == Stage.SOON and c is not hero][:OPENINGS_SHOWN],
        "cards": [c for c in cards if c is not hero][:CARDS_SHOWN],
        "holidays": holidays_ahead(),
        "kinds": kinds(),
    }


def _hero(cards: Sequence[Card]) -> Card | None:
    """What opens soonest; where nothing is to open, what can be had now."""
    soon = [c for c in cards if c.state == Stage.SOON and c.mode not in ("grant", "pack")]
    return next(iter(soon), None) or next((c for c in cards if c.state in (Stage.OPEN, Stage.DRAW)), None)


def _own(glance: Glance) -> str:
    """The step still missing, the next ticket, the newest message: alike for many in shape, in words for nobody else."""
    ticket, news, step = glance.ticket, glance.news, glance.standing.step
    if not (ticket or news or step):
        return ""
    facts: dict[str, Any] = {"step": step}
    words: dict[str, str] = {}
    if ticket:
        facts["ticket"] = {name: ticket[name] for name in SHAPE}
        words |= _words_of_ticket(ticket)
    if news:
        facts["news"] = {"sign": SIGNS.get(news["kind"], "bell")}
        words |= {
            "news_title": news["title"],
            "news_text": news["body"],
            "news_since": ago(news["created_at"]),
        }
    pieces = frame(f"own:{facts}", "portal/parts/home_own.html", lambda: facts, words)
    return filled(pieces, {name: escape(text) for name, text in words.items()})


def _words_of_ticket(ticket: dict[str, Any]) -> dict[str, str]:
    until = ticket["good_until"]
    return ({"ticket_until": cn_when(until)} if until else {}) | {
        "ticket_url": ticket["url"],
        "ticket_title": ticket["title"],
        "ticket_day": cn_day(ticket["starts_at"]),
        "ticket_time": cn_time(ticket["starts_at"]),
        "ticket_place": ticket["place"],
        "ticket_seats": str(ticket["seats"]),
        "ticket_code": short_code(ticket["code"]),
    }


def _remind(hero: Card, is_reminded: bool, csrf_token: str) -> str:
    facts = {"release_id": hero.release_id, "is_reminded": is_reminded}
    key = f"remind:{hero.release_id}:{is_reminded}"
    pieces = frame(key, "portal/parts/remind_form.html", lambda: facts, ("csrf_token",))
    return filled(pieces, {"csrf_token": csrf_token})


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Kept by the service worker and shown where a page can be had neither from the network nor from the store."""
    return render(request, "portal/offline.html")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, so that its scope is every page; never from a cache, so that a new one is found."""
    script = Path(finders.find("kit/js/sw.js")).read_bytes()
    headers = {"Service-Worker-Allowed": "/", "Cache-Control": "no-cache"}
    return HttpResponse(script, content_type="text/javascript; charset=utf-8", headers=headers)
