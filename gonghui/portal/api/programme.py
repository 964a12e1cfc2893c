"""What there is: holidays, kinds, activities, their releases; likes and reminders. Readable without sign-in."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Query, Router, Status

from gonghui.activities.actions.attention import like_activity, unlike_activity
from gonghui.benefits.actions.reminders import subscribe_reminder, unsubscribe_reminder
from gonghui.kit.actors import ANONYMOUS
from gonghui.portal.api import schemas
from gonghui.portal.offerings import Offering, Row, offerings_of
from gonghui.portal.queries import programme
from gonghui.portal.queries.activity import group_names, marks_of, public_activity

router = Router(tags=["programme"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 20


@router.get("/holidays", response={200: list[schemas.HolidayOut], **REFUSALS}, auth=None)
def holidays(request: HttpRequest):
    return programme.holiday_strip()


@router.get("/kinds", response={200: list[schemas.KindOut], **REFUSALS}, auth=None)
def kinds(request: HttpRequest):
    return [{"code": code, "name": name} for code, name in programme.kinds()]


@router.get("/activities", response={200: schemas.CardsOut, **REFUSALS}, auth=None)
def activities(
    request: HttpRequest,
    holiday: schemas.Id | None = None,
    kind: str = Query("", max_length=24),
    q: str = Query("", max_length=40),
    page: int = Query(1, ge=1, le=10_000),
):
    """Running ones first; `q` finds by two characters."""
    words = q.replace("\x00", "").strip()
    found = programme.found_activities(holiday, kind.replace("\x00", ""), words)
    pages = Paginator(found, PAGE_SIZE)
    return {"items": programme.cards_of(pages.get_page(page)), "count": pages.count}


@router.get("/activities/{activity_id}", response={200: schemas.ActivityOut, **REFUSALS}, auth=None)
def activity(request: HttpRequest, activity_id: schemas.Id):
    shown, sessions = public_activity(activity_id)
    releases = offerings_of(sessions, group_names())
    actor = request.actor if request.actor.user_id else ANONYMOUS
    marks = marks_of(actor, activity_id, [o.release.pk for o in releases])
    return {
        "activity_id": shown.pk,
        "title": shown.title,
        "summary": shown.summary,
        "body": shown.body,
        "kind": shown.kind.code,
        "details": shown.details,
        "organiser": shown.union.name,
        "partner": shown.partner.name if shown.partner else "",
        "price_fen": shown.offer.worker_fen,
        "is_liked": marks.is_liked,
        "reminders": sorted(marks.reminders),
        "releases": [_release(offering) for offering in releases],
    }


def _release(offering: Offering) -> dict:
    release = offering.release
    return {
        "release_id": release.pk,
        "title": release.title,
        "mode": release.mode,
        "state": offering.state,
        "pause_reason": offering.pause_reason,
        "party_max": release.party_max,
        "names_required": release.names_required,
        "rules": [(str(name), str(text)) for name, text in offering.terms],
        "pools": [_pool(row) for row in offering.rows],
    }


def _pool(row: Row) -> dict:
    pool = row.pool
    return {
        "pool_id": pool.pk,
        "label": pool.label,
        "place": row.place,
        "state": row.state,
        "opens_at": pool.opening,
        "closes_at": pool.closing,
        "capacity": pool.capacity,
        "remaining": pool.remaining,
        "live_url": f"/grab/{pool.pk}/live",
        "claim_url": f"/grab/{pool.pk}",
    }


@router.put("/activities/{activity_id}/like", response={204: None, **REFUSALS})
def like(request: HttpRequest, activity_id: schemas.Id):
    like_activity(request.actor, activity_id=activity_id)
    return Status(204, None)


@router.delete("/activities/{activity_id}/like", response={204: None, **REFUSALS})
def unlike(request: HttpRequest, activity_id: schemas.Id):
    unlike_activity(request.actor, activity_id=activity_id)
    return Status(204, None)


@router.put("/releases/{release_id}/reminder", response={204: None, **REFUSALS})
def remind(request: HttpRequest, release_id: schemas.Id):
    """A message shortly before it opens."""
    subscribe_reminder(request.actor, release_id=release_id)
    return Status(204, None)


@router.delete("/releases/{release_id}/reminder", response={204: None, **REFUSALS})
def forget_reminder(request: HttpRequest, release_id: schemas.Id):
    unsubscribe_reminder(request.actor, release_id=release_id)
    return Status(204, None)
