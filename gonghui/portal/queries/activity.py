"""Everything one activity's page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Q
from django.db.models.functions import JSONObject

from gonghui.activities.models import PUBLIC_STATES, Activity, Like, Session
from gonghui.activities.queries import activity_to_read, likes_it
from gonghui.benefits.draws.document import fingerprint
from gonghui.benefits.models import DrawEntry, DrawPage, Reminder, Voucher, WaitEntry
from gonghui.benefits.models.vouchers import GONE_STATES
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.members.models import Person, WorkerGroup
from gonghui.portal.queries.fresh import FRESH_S, fresh_for


@fresh_for(FRESH_S)
def public_activity(activity_id: int) -> tuple[Activity, list[Session]]:
    """Two queries for whoever reads it in these two seconds."""
    activity = activity_to_read(ANONYMOUS, activity_id)
    require(activity.state in PUBLIC_STATES, NOT_FOUND)
    return activity, sessions_with_pools(activity_id)


def sessions_with_pools(activity_id: int) -> list[Session]:
    found = Session.objects.visible_to(ANONYMOUS).filter(activity_id=activity_id)
    with_places = found.select_related(
        "store", "hall", "pool__release__union", "pool__release__audience_union"
    )
    return list(with_places.order_by("starts_at", "id"))


@fresh_for(60)
def group_names() -> dict[str, str]:
    return dict(WorkerGroup.objects.values_list("code", "name"))


@dataclass(frozen=True, slots=True)
class PublishedDraw:
    """What was published of one draw; the whole file is a link away."""

    pk: int
    pool_id: int
    release_id: int
    state: str
    seed_hash: str
    announced: str
    entries_root: str
    entries_count: int
    revealed_seed: str

    @property
    def url(self) -> str:
        return f"/draws/{self.release_id}/{self.pool_id}/document.json"


@fresh_for(5)
def published_draws(release_ids: tuple[int, ...]) -> dict[int, PublishedDraw]:
    """Pool → its draw. The drawn stage, which lists every entry, stays in the database."""
    pages = (
        DrawPage.objects.filter(draw__release_id__in=release_ids)
        .exclude(draw__state="voided")
        .select_related("draw")
        .defer("closed", "drawn", "draw__seed")
    )
    return {page.draw.pool_id: _published(page) for page in pages}


def _published(page: DrawPage) -> PublishedDraw:
    draw = page.draw
    return PublishedDraw(
        pk=draw.pk,
        pool_id=draw.pool_id,
        release_id=draw.release_id,
        state=draw.state,
        seed_hash=draw.seed_hash,
        announced=fingerprint(page.announced),
        entries_root=draw.entries_root,
        entries_count=draw.entries_count,
        revealed_seed=draw.revealed_seed,
    )


@dataclass(frozen=True, slots=True)
class Marks:
    """What the reader has to do with an activity: likes it, is to be reminded, holds, waits, takes part."""

    is_liked: bool = False
    reminders: frozenset[int] = frozenset()
    tickets: tuple[dict, ...] = ()
    waits: frozenset[int] = frozenset()
    entries: dict[int, dict] = field(default_factory=dict)

    def ticket_of(self, release_id: int) -> dict | None:
        return next((t for t in self.tickets if t["release"] == release_id), None)


def marks_of(actor: Actor, activity_id: int, release_ids: Sequence[int]) -> Marks:
    """One query, whatever the reader has."""
    if actor.user_id is None:
        return Marks()
    if actor.person_id is None:
        return Marks(is_liked=likes_it(actor, activity_id))
    me = actor.person_id
    own = Q(person_id=me) | Q(booked_by_id=me)
    told = Reminder.objects.unscoped("one's own").filter(person_id=me, release_id__in=release_ids)
    held = (
        Voucher.objects.unscoped("one's own")
        .filter(own, release_id__in=release_ids)
        .exclude(state__in=GONE_STATES)
    )
    lines = WaitEntry.objects.unscoped("one's own").filter(own, release_id__in=release_ids, state="waiting")
    drawn = DrawEntry.objects.unscoped("one's own").filter(person_id=me, release_id__in=release_ids)
    row = (
        Person.objects.visible_to(actor)
        .filter(pk=me)
        .values_list(
            Exists(Like.objects.unscoped("one's own").filter(user_id=actor.user_id, activity_id=activity_id)),
            ArraySubquery(told.values("release_id")),
            ArraySubquery(held.values(facts=JSONObject(release="release_id", code="code", state="state"))),
            ArraySubquery(lines.values("release_id")),
            ArraySubquery(
                drawn.values(facts=JSONObject(pool="pool_id", seats="seats", outcome="outcome", rank="rank"))
            ),
        )
        .first()
    )
    # A subquery over no releases at all is NULL.
    liked, *lists = row or (False, None, None, None, None)
    reminders, tickets, waits, entries = ([] if found is None else found for found in lists)
    found = {entry["pool"]: entry for entry in entries}
    return Marks(liked, frozenset(reminders), tuple(tickets), frozenset(waits), found)
