"""The list by holiday and kind, and one activity's page."""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gonghui.activities.actions import like_activity, record_read, unlike_activity
from gonghui.activities.models import Activity
from gonghui.activities.queries import likes_it
from gonghui.benefits.actions.draws import token_of
from gonghui.benefits.actions.reminders import subscribe_reminder, unsubscribe_reminder
from gonghui.benefits.errors import NOT_VERIFIED
from gonghui.benefits.models import Draw, Release
from gonghui.feedback.queries import satisfaction_of, shown_comments
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require
from gonghui.portal.offerings import Offering, offerings_of, shared_terms
from gonghui.portal.queries.activity import Marks, group_names, marks_of, public_activity, published_draws
from gonghui.portal.queries.mine import reminded
from gonghui.portal.queries.programme import (
    SEARCH_LENGTH_MIN,
    cards_of,
    found_activities,
    holiday_strip,
    kinds,
)
from gonghui.portal.rules import Stage

PAGE_SIZE = 12
SUBJECT = "activity"
VISITOR = "visitor"
VISITOR_AGE_S = 180 * 24 * 3600
COMMENTS_SHOWN = 5


# --- The list -----------------------------------------------------------------------------------------------


@require_safe
def activities(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip() for name in ("holiday", "kind", "q")}
    holiday = int(asked["holiday"]) if asked["holiday"].isdecimal() and len(asked["holiday"]) < 10 else None
    words = asked["q"][:40]
    too_short = 0 < len(words) < SEARCH_LENGTH_MIN
    found = found_activities(holiday, asked["kind"], "" if too_short else words)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    strip = holiday_strip()
    facts = {
        "tab": "activities",
        "cards": sorted(cards_of(page.object_list), key=lambda card: card.rank),
        "page_obj": page,
        "words": words,
        "too_short": too_short,
        "asked": asked,
        "holiday": next((h for h in strip if h.pk == holiday), None),
        "holidays": [_holiday_link(h, holiday, asked) for h in strip],
        "kind_links": _kind_links(asked),
        "is_filtered": bool(holiday or asked["kind"] or words),
    }
    return render(request, "portal/activities.html", facts)


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


@require_safe
def activity(request: HttpRequest, activity_id: str) -> HttpResponse:
    shown, sessions = public_activity(int(activity_id))
    offerings = offerings_of(sessions, group_names())
    releases = [o.release.pk for o in offerings]
    marks = marks_of(request.actor, shown.pk, releases)
    has_draw = any(o.release.mode == Release.Mode.DRAW for o in offerings)
    facts = {
        "tab": "activities",
        "activity": shown,
        "details": _details(shown),
        "sessions": sessions,
        "venues": _venues(sessions),
        "offerings": offerings,
        "focus": _focus(offerings),
        "terms": shared_terms(offerings),
        "marks": marks,
        "draws": published_draws(tuple(releases)) if has_draw else {},
        "cover_key": shown.cover,
        "is_over": shown.state not in ("announced", "open"),
    }
    facts |= _own(facts["focus"], marks)
    facts["own_token"] = _own_token(request.actor, facts)
    return render(request, "portal/activity.html", facts)


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


def _own(focus: Offering | None, marks: Marks) -> dict:
    if focus is None:
        return {}
    pk = focus.release.pk
    entries = [
        marks.entries[row.pool.pk] | {"row": row} for row in focus.rows if row.pool.pk in marks.entries
    ]
    return {
        "own_ticket": marks.ticket_of(pk),
        "is_waiting": pk in marks.waits,
        "is_reminded": pk in marks.reminders,
        "own_entry": next(iter(entries), None),
        "can_remind": focus.state == Stage.SOON,
    }


def _own_token(actor: Actor, facts: dict) -> str:
    """The pseudonym under which the reader stands in the published list, once there is one."""
    entry = facts.get("own_entry")
    draw = entry and facts["draws"].get(entry["pool"])
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
    if found.mode == Release.Mode.GRAB and found.state in ("announced", "open"):
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
    shown, _sessions = public_activity(int(activity_id))
    before, now = request.POST.get("on", "1") != "1", likes_it(request.actor, shown.pk)
    facts = {
        "activity": shown,
        "is_liked": now,
        "likes": max(shown.likes_total + int(now) - int(before), int(now)),
    }
    return render(request, "portal/parts/like.html", facts)


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
