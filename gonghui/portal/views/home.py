"""The front page, and what works without a network."""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gonghui.portal.queries import mine
from gonghui.portal.queries.programme import Card, holidays_ahead, kinds, running_cards
from gonghui.portal.rules import Stage
from gonghui.portal.tickets import ticket_of

OPENINGS_SHOWN = 4
CARDS_SHOWN = 8
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
    cards = running_cards()
    hero = _hero(cards)
    actor = request.actor
    standing, unread = mine.standing_and_news(actor, hero.release_id if hero else None)
    ticket = mine.next_ticket(actor)
    facts = {
        "tab": "home",
        "hero": hero,
        "openings": [c for c in cards if c.state == Stage.SOON and c is not hero][:OPENINGS_SHOWN],
        "cards": [c for c in cards if c is not hero][:CARDS_SHOWN],
        "holidays": holidays_ahead(),
        "kinds": kinds(),
        "standing": standing,
        "ticket": ticket and ticket_of(ticket),
        "news": unread and unread[0] | {"sign": SIGNS.get(unread[0]["kind"], "bell")},
        "unread_count": len(unread),
    }
    return render(request, "portal/home.html", facts)


def _hero(cards: list[Card]) -> Card | None:
    """What opens soonest; where nothing is to open, what can be had now."""
    soon = [c for c in cards if c.state == Stage.SOON and c.mode != "grant"]
    return next(iter(soon), None) or next((c for c in cards if c.state in (Stage.OPEN, Stage.DRAW)), None)


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
