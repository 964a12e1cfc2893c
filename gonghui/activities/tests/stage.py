"""An announced activity to play on, and clocks set to its times."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from gonghui.activities import actions
from gonghui.activities.actions import ActivityText
from gonghui.activities.models import Activity, Session
from gonghui.activities.rules import Place
from gonghui.benefits.actions.releases import CostSplit, ReleaseTerms
from gonghui.benefits.models import Release
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept

SYSTEM = Actor.system("test")
FILM = {"film": "望海", "length_min": 118}


def in_minutes(minutes: float) -> dt.datetime:
    return clock.now() + dt.timedelta(minutes=minutes)


def terms(**fields: Any) -> ReleaseTerms:
    """Announced now, open in ten minutes, for a day."""
    facts = {
        "title": "国庆电影专场",
        "announce_at": in_minutes(0),
        "opens_at": in_minutes(10),
        "closes_at": in_minutes(24 * 60),
        "party_max": 3,
    } | fields
    return ReleaseTerms(**facts)


@kept
def written(cast, name: str = "city_admin", union: str = "city", **fields: Any) -> Activity:
    text = ActivityText(**({"kind": "film", "title": "国庆电影专场", "details": FILM} | fields))
    split = CostSplit(merchant_fen=1000, union_fen=2600, worker_fen=400)
    return actions.write_activity(cast.actor(name), union=cast.unions[union], text=text, split=split)


def with_session(
    cast, activity: Activity, *, seats: int = 3, day: int = 2, name: str = "city_admin"
) -> Session:
    starts_at = in_minutes(day * 24 * 60)
    place = Place(cast.store.pk, cast.store.name, seats)
    return actions.add_session(
        cast.actor(name),
        activity_id=activity.pk,
        place=place,
        label=f"第{day}天 {seats}座",
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(hours=2),
    )


def planned(cast, activity: Activity, sessions: list[Session], **fields: Any) -> Release:
    return actions.plan_release(
        cast.actor("city_admin"),
        activity_id=activity.pk,
        session_ids=[s.pk for s in sessions],
        terms=terms(**fields),
    )


@kept
def reviewed(cast, *, seats: int = 3, **fields: Any) -> tuple[Activity, Session, Release]:
    """Written by the city, reviewed by the province."""
    activity = written(cast)
    session = with_session(cast, activity, seats=seats)
    release = planned(cast, activity, [session], **fields)
    actions.review_activity(cast.actor("province_admin"), activity_id=activity.pk)
    return fresh(activity), fresh(session), fresh(release)


@kept
def announced(cast, *, seats: int = 3, **fields: Any) -> tuple[Activity, Session, Release]:
    activity, session, release = reviewed(cast, seats=seats, **fields)
    actions.announce_activity(cast.actor("city_admin"), activity_id=activity.pk)
    return fresh(activity), fresh(session), fresh(release)


def fresh(row):
    """The row as the database has it now."""
    return type(row).objects.unscoped("test").get(pk=row.pk)


def open_at_once(release: Release) -> Release:
    """Open since a minute by the database's clock, which no test can set."""
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        announce_at=in_minutes(-60), opens_at=in_minutes(-1), state="open"
    )
    return fresh(release)


def key():
    """A claim's key, fresh each time."""
    return uuid4()
