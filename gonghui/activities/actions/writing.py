"""Drafting: the activity, its sessions in one go, and how their places go out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db import IntegrityError, transaction

from gonghui.activities import errors
from gonghui.activities.models import Activity, ActivityKind, Session
from gonghui.activities.rules import SESSIONS_AT_ONCE_MAX, Place, Slot, clean_details, timetable
from gonghui.benefits.actions.releases import (
    CostSplit,
    DrawWeights,
    PoolPlan,
    ReleaseTerms,
    draft_release,
    write_offer,
)
from gonghui.benefits.models import Offer, Pool, Release
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, DomainError, Refusal, require
from gonghui.orgs.models import Union
from gonghui.partners.models import Hall, Store

BY_CONSTRAINT: dict[str, Refusal] = {
    "activities_hall_holds_one_at_a_time": errors.HALL_TAKEN,
    "activities_session_fits_hall": errors.HALL_TOO_SMALL,
    "activities_session_label_once": errors.LABEL_TAKEN,
}


@dataclass(frozen=True, slots=True)
class ActivityText:
    """What an organiser writes; `details` are the kind's own fields."""

    kind: str
    title: str
    summary: str = ""
    body: str = ""
    cover: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    holiday_id: int | None = None
    partner_id: int | None = None


@action
def write_activity(
    actor: Actor, *, union: Union, text: ActivityText, split: CostSplit | None = None, terms: str = ""
) -> Activity:
    """A draft with the offer that says what a place costs and who pays."""
    require(actor.user_id and actor.may("activities.write", union.path))
    kind = _kind(text.kind)
    offer = write_offer(actor, union=union, title=text.title, kind=kind.code, split=split, terms=terms)
    return Activity.objects.create(union=union, offer=offer, maker_id=actor.user_id, **_fields(kind, text))


@action
def change_activity(
    actor: Actor, *, activity_id: int, text: ActivityText, split: CostSplit | None = None, terms: str = ""
) -> Activity:
    """Drafts only: what was reviewed is what is announced. The maker is who wrote last."""
    activity = activity_for(actor, activity_id, "activities.write")
    _require_draft(activity)
    for name, value in _fields(_kind(text.kind), text).items():
        setattr(activity, name, value)
    activity.maker_id = actor.user_id
    activity.save()
    changes = {"title": text.title, "kind": text.kind, "terms": terms}
    if split is not None:
        changes |= {name: getattr(split, name) for name in CostSplit.__dataclass_fields__}
        changes["list_price_fen"] = split.list_price_fen
    Offer.objects.unscoped("the offer of a fetched activity").filter(pk=activity.offer_id).update(**changes)
    activity.offer.refresh_from_db()
    return activity


def _kind(code: str) -> ActivityKind:
    kind = ActivityKind.objects.filter(code=code).first()
    require(kind, BAD_INPUT, detail=code)
    return kind


def _fields(kind: ActivityKind, text: ActivityText) -> dict[str, Any]:
    details, problems = clean_details(kind.fields, text.details)
    require(not problems, BAD_INPUT, detail=" ".join(problems))
    return {
        "kind": kind,
        "title": text.title,
        "summary": text.summary,
        "body": text.body,
        "cover": text.cover,
        "details": details,
        "holiday_id": text.holiday_id,
        "partner_id": text.partner_id,
    }


def activity_for(actor: Actor, activity_id: int, verb: str, *, for_update: bool = False) -> Activity:
    """Fetched and allowed in one call; `for_update` where its state decides whether anything is to be done."""
    found = Activity.objects.visible_to(actor).select_related("union", "kind", "offer", "holiday")
    if for_update:
        found = found.select_for_update(of=("self",))
    activity = found.filter(pk=activity_id).first()
    require(activity, NOT_FOUND)
    require(actor.may(verb, activity.union.path))
    return activity


def _require_draft(activity: Activity) -> None:
    require(activity.state == Activity.State.DRAFT, BAD_INPUT, detail=activity.get_state_display())


# --- Sessions -----------------------------------------------------------------------------------------------


@action
def add_session(
    actor: Actor, *, activity_id: int, place: Place, label: str, starts_at: datetime, ends_at: datetime
) -> Session:
    activity = activity_for(actor, activity_id, "activities.write")
    return _write_sessions(actor, activity, [Slot(place, label, starts_at, ends_at)])[0]


@action
def add_sessions(
    actor: Actor,
    *,
    activity_id: int,
    places: Sequence[Place],
    days: Sequence[date],
    showings: Sequence[tuple[time, time]],
) -> list[Session]:
    """Every place × day × showing, all or none: three halls, two showings, seven days are 42 sessions."""
    activity = activity_for(actor, activity_id, "activities.write")
    slots = list(timetable(places, days, showings))
    require(slots, errors.NO_SESSIONS)
    require(len(slots) <= SESSIONS_AT_ONCE_MAX, BAD_INPUT, detail=f"{len(slots)} > {SESSIONS_AT_ONCE_MAX}")
    return _write_sessions(actor, activity, slots)


def _write_sessions(actor: Actor, activity: Activity, slots: Sequence[Slot]) -> list[Session]:
    """More sessions may follow an announced activity; they go out with a release of their own."""
    require(activity.state not in ENDED, BAD_INPUT, detail=activity.get_state_display())
    _require_places(actor, {slot.place for slot in slots})
    with refused_by_constraint():
        return [
            Session.objects.create(
                activity=activity,
                store_id=slot.place.store_id,
                hall_id=slot.place.hall_id,
                label=slot.label,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                seats=slot.place.seats,
            )
            for slot in slots
        ]


ENDED = (
    Activity.State.ENDED,
    Activity.State.EVALUATED,
    Activity.State.KEPT,
    Activity.State.RETIRED,
)


def _require_places(actor: Actor, places: Iterable[Place]) -> None:
    stores = {place.store_id for place in places}
    halls = {place.hall_id for place in places if place.hall_id}
    require(Store.objects.visible_to(actor).filter(pk__in=stores).count() == len(stores), NOT_FOUND)
    require(Hall.objects.visible_to(actor).filter(pk__in=halls).count() == len(halls), NOT_FOUND)


@contextmanager
def refused_by_constraint() -> Iterator[None]:
    """What the database refused, in words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name not in BY_CONSTRAINT:
            raise
        raise DomainError(BY_CONSTRAINT[name]) from None


@action
def drop_session(actor: Actor, *, session_id: int) -> None:
    """One that has no release yet; later it can only be cancelled."""
    session = session_for(actor, session_id, "activities.write")
    require(session.pool_id is None, errors.SESSION_RELEASED, label=session.label)
    session.delete()


def session_for(actor: Actor, session_id: int, verb: str) -> Session:
    found = Session.objects.visible_to(actor).select_related("activity__union", "store", "hall")
    session = found.filter(pk=session_id).first()
    require(session, NOT_FOUND)
    require(actor.may(verb, session.activity.union.path))
    return session


# --- Releases -----------------------------------------------------------------------------------------------


@action
def plan_release(
    actor: Actor,
    *,
    activity_id: int,
    session_ids: Sequence[int],
    terms: ReleaseTerms,
    honour_by: str = "",
    weights: DrawWeights | None = None,
) -> Release:
    """One pool a session. Several releases of one activity open one after the other: the staged opening."""
    activity = activity_for(actor, activity_id, "activities.write")
    sessions = list(
        Session.objects.visible_to(actor)
        .filter(activity=activity, pk__in=session_ids)
        .exclude(state="cancelled")
        .select_related("store", "hall__store")
        .select_for_update(of=("self",))
    )
    require(sessions and len(sessions) == len(set(session_ids)), NOT_FOUND)
    for session in sessions:
        require(session.pool_id is None, errors.SESSION_RELEASED, label=session.label)
    release = draft_release(actor, offer_id=activity.offer_id, terms=terms, weights=weights)
    honour_by = honour_by or activity.kind.defaults.get("honour_by", Pool.HonourBy.GATE)
    for session in sessions:
        plan = _pool_plan(session, release, honour_by)
        session.pool = Pool.objects.create(release=release, **asdict(plan))
        session.save(update_fields=["pool", "updated_at"])
    return release


def _pool_plan(session: Session, release: Release, honour_by: str) -> PoolPlan:
    """Tickets are good from the morning of the day, for people come early, to the end of the session; a session that is
    over before its release closes takes no more claims."""
    morning = datetime.combine(session.starts_at.astimezone(CHINA).date(), time(0), CHINA)
    return PoolPlan(
        label=session.label,
        capacity=session.seats,
        valid_from=morning,
        valid_until=session.ends_at,
        place=session.place,
        store_id=session.store_id,
        honour_by=honour_by,
        closes_at=session.ends_at if session.ends_at < release.closes_at else None,
    )
