"""Reads and likes: cheap, and the same twice."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from gonghui.activities.models import Activity, Like, Read
from gonghui.activities.models.attention import READER_LENGTH_MAX
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require

COUNT = """
INSERT INTO activities_readday (activity_id, day, readers)
SELECT activity_id, day, count(*) FROM activities_read WHERE day >= %s GROUP BY activity_id, day
ON CONFLICT (activity_id, day) DO UPDATE SET readers = EXCLUDED.readers, updated_at = statement_timestamp()
 WHERE activities_readday.readers <> EXCLUDED.readers
"""


def record_read(actor: Actor, *, activity_id: int, visitor: str = "") -> bool:
    """A reader once a day; `visitor` is a random token for those not signed in. One INSERT, no lock; False if known or hidden."""
    reader = f"u{actor.user_id}" if actor.user_id else visitor[:READER_LENGTH_MAX]
    if not reader:
        return False
    public = Activity.objects.unscoped("may it be read?").filter(pk=activity_id, announced_at__isnull=False)
    if not public.exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO activities_read (activity_id, day, reader) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [activity_id, clock.today(), reader],
        )
        return cursor.rowcount == 1


@action
def count_reads(actor: Actor) -> int:
    """Counts today and yesterday afresh; days before them can no longer change. Returns the days that moved."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [clock.today() - timedelta(days=1)])
        return cursor.rowcount


@action
def like_activity(actor: Actor, *, activity_id: int) -> None:
    require(actor.user_id, SIGN_IN_FIRST)
    activity = Activity.objects.visible_to(actor).filter(pk=activity_id).first()
    require(activity and activity.is_public, NOT_FOUND)
    Like.objects.bulk_create([Like(activity=activity, user_id=actor.user_id)], ignore_conflicts=True)


@action
def unlike_activity(actor: Actor, *, activity_id: int) -> None:
    require(actor.user_id, SIGN_IN_FIRST)
    Like.objects.visible_to(actor).filter(activity_id=activity_id).delete()


@action
def forget_reads(actor: Actor, *, before_days: int = 40) -> int:
    """Counted long ago: only the counts stay."""
    old = Read.objects.unscoped("reads counted long ago").filter(
        day__lt=clock.today() - timedelta(days=before_days)
    )
    return old.delete()[0]
