"""Posters: made for one place, counted when somebody comes by them, closed and opened again."""

from __future__ import annotations

import secrets

from django.db import connection

from gonghui.joining import errors, queries
from gonghui.joining.models import JoinPoster
from gonghui.joining.models.posters import CODE, CODE_LENGTH
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.identifiers import plain_text

COUNT = """
INSERT INTO joining_posterday (poster_id, "on", scans, created_at, updated_at) VALUES (%s, %s, 1, now(), now())
    ON CONFLICT ON CONSTRAINT join_poster_day_once DO UPDATE SET scans = joining_posterday.scans + 1, updated_at = now()
"""


@action
def make_poster(actor: Actor, *, union_id: int, place: str, group: str = "") -> JoinPoster:
    union = queries.joinable_union(union_id)
    require(union, errors.NOT_JOINABLE)
    require(actor.user_id and actor.may("joining.write", union.path))
    where = plain_text(place)[:40]
    require(where, errors.BAD_PLACE)
    require(not group or group in queries.groups(), errors.UNKNOWN_GROUP)
    code = "".join(secrets.choice(CODE) for _ in range(CODE_LENGTH))
    return JoinPoster.objects.create(code=code, union=union, place=where, group=group, maker_id=actor.user_id)


@action
def close_poster(actor: Actor, *, joinposter_id: int) -> JoinPoster:
    """Whoever scans it from now on is led to the plain page."""
    return _switched(actor, joinposter_id, is_active=False)


@action
def open_poster(actor: Actor, *, joinposter_id: int) -> JoinPoster:
    return _switched(actor, joinposter_id, is_active=True)


def _switched(actor: Actor, poster_id: int, *, is_active: bool) -> JoinPoster:
    found = JoinPoster.objects.visible_to(actor).filter(pk=poster_id).select_related("union")
    row = found.select_for_update(of=("self",), no_key=True).first()
    require(row is not None, NOT_FOUND)
    require(actor.may("joining.write", row.union.path))
    row.is_active = is_active
    row.save(update_fields=["is_active", "updated_at"])
    return row


@action
def count_scan(actor: Actor, *, poster_id: int) -> None:
    """One more on its day, however many scan at once."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [poster_id, clock.today()])
