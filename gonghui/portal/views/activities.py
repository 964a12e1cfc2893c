"""The list by holiday and kind, and one activity's page."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gonghui.activities.actions import like_activity, record_read, unlike_activity
from gonghui.activities.models import Activity, Like
from gonghui.activities.queries import likes_it
from gonghui.benefits.actions.draws import token_of
from gonghui.benefits.actions.reminders import subscribe_reminder, unsubscribe_reminder
from gonghui.benefits.errors import NOT_VERIFIED
from gonghui.benefits.models import Draw, Release
from gonghui.feedback.queries import satisfaction_of, shown_comments
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require
from gonghui.kit.identifiers import row_id
from gonghui.kit.templatetags.kit import server_now
from gonghui.notices.queries import unread_of
from gonghui.portal.offerings import Offering, offerings_of, shared_terms
from gonghui.portal.queries.activity import (
    Marks,
    PublishedDraw,
    group_names,
    marks_of,
    public_activity,
    published_draws,
)
from gonghui.portal.queries.fresh import FRESH_S, fresh_for
from gonghui.portal.queries.mine import reminded
from gonghui.portal.queries.programme import (
    RUNNING_STATES,
    SEARCH_LENGTH_MIN,
    cards_of,
    found_activities,
    holiday_strip,
    kinds,
)
from gonghui.portal.shells import answer, badge

LIST, PAGE = "portal/activities.html", "portal/activity.html"
WORDS_MAX = 40
PAGE_SIZE = 12
PAGES_KEPT = 3
SUBJECT = "activity"
VISITOR = "visitor"
VISITOR_AGE_S = 180 * 24 * 3600
COMMENTS_SHOWN = 5


# --- The list -----------------------------------------------------------------------------------------------


@require_safe
def activities(request: HttpRequest) -> HttpResponse:
    """Kept for a moment for all who follow the same link of ours; a search or an address made up is answered anew."""
    asked = {name: request.GET.get(name, "").strip()[:WORDS_MAX] for name in ("holiday", "kind", "q", "page")}
    values = {"now": server_now(), "unread_count": badge(unread_of(request.actor))}
    key = f"activities:{urlencode(asked)}" if _is_offered(asked) else None
    return answer(request, key, LIST, lambda: _list_facts(asked), values)


def _is_offered(asked: dict[str, str]) -> bool:
    """The list shows this link itself: nobody fills the store with addresses of his own."""
    return (
        not asked["q"]
        and asked["page"] in ("", *map(str, range(1, PAGES_KEPT + 1)))
        and asked["kind"] in ("", *(code for code, _name in kinds()))
        and asked["holiday"] in ("", *(str(h.pk) for h in holiday_strip()))
    )


def _list_facts(asked: dict[str, str]) -> dict[str, Any]:
    holiday = row_id(asked["holiday"])
    words, kind = asked["q"], asked["kind"]
    too_short = 0 < len(words) < SEARCH_LENGTH_MIN
    found = found_activities(holiday, kind, "" if too_short else words)
    page = Paginator(found, PAGE_SIZE).get_page(asked["page"])
    strip = holiday_strip()
    filters = {name: asked[name] for name in ("holiday", "kind", "q")}
    return {
        "tab": "activities",
        "cards": sorted(cards_of(page.object_list), key=lambda card: card.rank),
        "page_obj": page,
        "prev_url": page.has_previous() and _address(filters, page=page.previous_page_number()),
        "next_url": page.has_next() and _address(filters, page=page.next_page_number()),
        "words": words,
        "too_short": too_short,
        "asked": filters,
        "holiday": next((h for h in strip if h.pk == holiday), None),
        "holidays": [_holiday_link(h, holiday, filters) for h in strip],
        "kind_links": _kind_links(filters),
        "is_filtered": bool(holiday or kind or words),
    }


def _address(asked: dict, **changes: object) -> str:
    kept = {name: value for name, value in (asked | changes).items() if value}
    return reverse("activities") + (f"?{urlencode(kept)}" if kept else "")


def _holiday_link(holiday, chosen: int | None, asked: dict) -> dict:
    """Chosen once more, the holiday is let go."""
    current = holiday.pk == chosen
    return {
        "name": holiday.name,
        "date": holiday.date,
        "days_left": holiday.days_left,
        "past": holiday.past,
        "is_running": holiday.is_running,
        "current": current,
        "url": _address(asked, holiday=None if current else holiday.pk),
    }


def _kind_links(asked: dict) -> list[dict]:
    chosen = [("", _("全部")), *kinds()]
    return [
        {"label": name, "url": _address(asked, kind=code), "current": code == asked["kind"]}
        for code, name in chosen
    ]


# --- One activity -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outline:
    """What must be known of an activity to say what is the reader's own: a few numbers, not the whole page."""

    likes: int
    releases: tuple[int, ...]
    release_id: int
    mode: str
    state: str
    pools: dict[int, str]
    draws: dict[int, PublishedDraw]


@fresh_for(FRESH_S)
def _outline(activity_id: int) -> Outline:
    shown, sessions = public_activity(activity_id)
    offerings = offerings_of(sessions, group_names())
    releases = tuple(o.release.pk for o in offerings)
    has_draw = any(o.release.mode == Release.Mode.DRAW for o in offerings)
    focus = _focus(offerings)
    return Outline(
        likes=shown.likes_total,
        releases=releases,
        release_id=focus.release.pk if focus else 0,
        mode=focus.release.mode if focus else "",
        state=focus.state if focus else "",
        pools={row.pool.pk: row.pool.label for row in focus.rows} if focus else {},
        draws=published_draws(releases) if has_draw else {},
    )


@require_safe
def activity(request: HttpRequest, activity_id: str) -> HttpResponse:
    """The frame is the same for all; who likes it, holds a ticket, waits or takes part is filled in."""
    pk = int(activity_id)
    outline = _outline(pk)
    marks = marks_of(request.actor, pk, outline.releases)
    own = _own(request.actor, outline, marks) | {"path": request.path, "activity_id": pk}
    own |= {"csrf_token": get_token(request), "is_signed_in": request.actor.user_id is not None}
    values = {
        "now": server_now(),
        "csrf_token": own["csrf_token"],
        "like": render_to_string("portal/parts/like.html", own | {"likes": outline.likes}),
        "own": render_to_string("portal/parts/own.html", own),
        "action": render_to_string("portal/parts/activity_action.html", own),
        "unread_count": badge(unread_of(request.actor)),
    }
    return answer(request, f"activity:{pk}", PAGE, lambda: _facts(pk), values)


def _facts(activity_id: int) -> dict[str, Any]:
    """Everything on the page that is nobody's own."""
    shown, sessions = public_activity(activity_id)
    offerings = offerings_of(sessions, group_names())
    return {
        "tab": "activities",
        "activity": shown,
        "details": _details(shown),
        "sessions": sessions,
        "venues": _venues(sessions),
        "offerings": offerings,
        "focus": _focus(offerings),
        "terms": shared_terms(offerings),
        "draws": _outline(activity_id).draws,
        "is_over": shown.state not in RUNNING_STATES,
    }


def _details(shown: Activity) -> list[tuple[str, str]]:
    """The kind's own fields, in their order, as far as they were filled in."""
    said = {True: _("是"), False: _("否")}
    given = [(f["name"], shown.details.get(f["code"])) for f in shown.kind.fields]
    return [(name, said.get(v, v) if isinstance(v, bool) else v) for name, v in given if v not in (None, "")]


def _venues(sessions: list) -> list:
    found = {s.store_id: s.store for s in sessions if s.store and s.state != "cancelled"}
    return list(found.values())


def _focus(offerings: list[Offering]) -> Offering | None:
    """The release the main button is about."""
    return min(offerings, key=lambda o: o.supply.rank, default=None)


def _own(actor: Actor, outline: Outline, marks: Marks) -> dict[str, Any]:
    entries = [
        marks.entries[pk] | {"label": label} for pk, label in outline.pools.items() if pk in marks.entries
    ]
    entry = next(iter(entries), None)
    return {
        "focus": outline if outline.release_id else None,
        "is_liked": marks.is_liked,
        "own_ticket": marks.ticket_of(outline.release_id),
        "is_waiting": outline.release_id in marks.waits,
        "is_reminded": outline.release_id in marks.reminders,
        "own_entry": entry,
        "own_token": _own_token(actor, outline, entry),
    }


def _own_token(actor: Actor, outline: Outline, entry: dict | None) -> str:
    """The pseudonym under which the reader stands in the published list, once there is one."""
    draw = outline.draws.get(entry["pool"]) if entry else None
    return (
        token_of(Draw(pk=draw.pk), actor.person_id) if draw and draw.state in ("published", "drawn") else ""
    )


@require_safe
def release(request: HttpRequest, release_id: str) -> HttpResponse:
    """Where messages lead: to the waiting page while something is to be had there, else to the activity."""
    found = (
        Release.objects.visible_to(ANONYMOUS)
        .filter(pk=int(release_id))
        .select_related("offer__activity")
        .first()
    )
    require(found, NOT_FOUND)
    if found.mode == Release.Mode.GRAB and found.state in ("announced", "open", "paused"):
        return redirect("waiting_page", found.pk)
    require(hasattr(found.offer, "activity"), NOT_FOUND)
    return redirect("activity", found.offer.activity.pk)


@require_safe
def opinions(request: HttpRequest, activity_id: str) -> HttpResponse:
    """What those who came said; fetched when the reader gets there."""
    found = satisfaction_of(SUBJECT, [int(activity_id)])[int(activity_id)]
    comments = shown_comments(SUBJECT, int(activity_id), limit=COMMENTS_SHOWN) if found.is_enough else []
    return render(request, "portal/parts/opinions.html", {"satisfaction": found, "comments": comments})


# --- Reads, likes, reminders --------------------------------------------------------------------------------


@require_POST
def read(request: HttpRequest, activity_id: str) -> HttpResponse:
    """Once a day and reader; asked for by the page once it has been looked at for a moment."""
    visitor = request.COOKIES.get(VISITOR) or secrets.token_urlsafe(12)
    record_read(request.actor, activity_id=int(activity_id), visitor=visitor)
    response = HttpResponse(status=204)
    if request.actor.user_id is None:
        response.set_cookie(VISITOR, visitor, max_age=VISITOR_AGE_S, httponly=True, samesite="Lax")
    return response


@require_POST
def like(request: HttpRequest, activity_id: str) -> HttpResponse:
    """`on` says which way, so that the same tap twice is one like."""
    verb = like_activity if request.POST.get("on", "1") == "1" else unlike_activity
    verb(request.actor, activity_id=int(activity_id))
    if not request.headers.get("HX-Request"):
        return redirect("activity", int(activity_id))
    likes = Like.objects.unscoped("counted").filter(activity_id=int(activity_id)).count()
    facts = {
        "activity_id": int(activity_id),
        "likes": likes,
        "is_liked": likes_it(request.actor, int(activity_id)),
    }
    facts |= {"is_signed_in": True, "csrf_token": get_token(request)}
    return HttpResponse(render_to_string("portal/parts/like.html", facts))


@require_POST
def reminder(request: HttpRequest, release_id: str) -> HttpResponse:
    """On or off as `on` says; without it, the other way than now."""
    actor: Actor = request.actor
    require(actor.user_id, SIGN_IN_FIRST)
    require(actor.person_id, NOT_VERIFIED)
    pk = int(release_id)
    on = request.POST["on"] == "1" if "on" in request.POST else pk not in reminded(actor, [pk])
    if on:
        subscribe_reminder(actor, release_id=pk)
        messages.success(request, _("设好了，开抢前 5 分钟会提醒您。"))
    else:
        unsubscribe_reminder(actor, release_id=pk)
        messages.success(request, _("已取消提醒。"))
    return redirect(_back(request, reverse("release", args=[pk])))


def _back(request: HttpRequest, default: str) -> str:
    """To the page of ours the reader came from."""
    came_from = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return came_from if safe else default
