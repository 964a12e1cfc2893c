"""News of members: the audiences concerned are asked of them alone, and they come in or leave at once.

One member is asked by the single evaluator; the many of whom triggers told (`following.py`) by the set evaluator, kept to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction

from gonghui.audiences.engine import Ground, fits_ground, portrait_for
from gonghui.audiences.events import AudienceMoved
from gonghui.audiences.models import AudienceNews
from gonghui.audiences.passes import hold_slices
from gonghui.audiences.predicates import SetQuery, tree_of
from gonghui.audiences.predicates.facts import Wrong
from gonghui.audiences.predicates.set_query import SLICE
from gonghui.audiences.predicates.tree import Group
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.events import emit

log = structlog.get_logger("gonghui.audiences")
NEWSMAN = Actor.system("news of a member")
PERSON = "person"
"""The topic of whatever changes who they are or where: all audiences around them are asked."""
FEW = 4
"""So many are asked one by one."""
NEWS_AT_ONCE = 16
"""Rows of at most a thousand members each: one transaction, in which their slices are held."""

# In use and about the news; of these, those of the unions they belong to, and whichever still hold them.
CONCERNED = """
WITH told AS MATERIALIZED (
    SELECT a.id, a.union_id, a.salt, v.predicate, v.uses
      FROM audiences_audience a
      JOIN LATERAL (SELECT predicate, uses, topics FROM audiences_audienceversion
                     WHERE audience_id = a.id ORDER BY number DESC LIMIT 1) v ON TRUE
     WHERE a.state = 'active'
       AND ('person' = ANY (%(topics)s) OR v.topics && %(topics)s::text[] OR cardinality(v.uses) > 0)
), held AS MATERIALIZED ({held}), above AS (
    SELECT DISTINCT unnest(string_to_array(trim(trailing '.' FROM u.path), '.')::bigint[]) AS id
      FROM members_membership m JOIN orgs_union u ON u.id = m.union_id
     WHERE m.person_id = ANY (%(people)s::bigint[]) AND m.status IN ('active', 'transferring', 'retained')
)
SELECT told.id, told.predicate, told.uses, u.path, told.salt, held.people, t.made_at IS NOT NULL
  FROM told
  JOIN orgs_union u ON u.id = told.union_id
  JOIN audiences_audiencetally t ON t.audience_id = told.id
  LEFT JOIN held ON held.audience_id = told.id
 WHERE held.people IS NOT NULL OR told.union_id IN (SELECT id FROM above)
 ORDER BY told.id
"""
HELD_ONE = """
    SELECT audience_id, %(people)s::bigint[] AS people FROM audiences_audienceslice
     WHERE slice_no = ANY (%(slices)s::int[]) AND (%(people)s::bigint[])[1] = ANY (people)
"""
HELD = """
    SELECT audience_id, array_agg(one) AS people
      FROM (SELECT audience_id, unnest(people) AS one FROM audiences_audienceslice
             WHERE slice_no = ANY (%(slices)s::int[]) AND audience_id IN (SELECT id FROM told)) kept
     WHERE one = ANY (%(people)s::bigint[]) GROUP BY 1
"""
MOVED = """
WITH moved AS (
    SELECT * FROM unnest(%(audiences)s::bigint[], %(people)s::bigint[], %(ways)s::boolean[]) AS m (audience_id, person_id, is_in)
), told AS (
    SELECT audience_id, (person_id / 4096)::int AS slice_no, array_agg(person_id) FILTER (WHERE is_in) AS came,
           array_agg(person_id) FILTER (WHERE NOT is_in) AS went
      FROM moved GROUP BY 1, 2
), made AS MATERIALIZED (
    SELECT t.audience_id, t.slice_no,
           ARRAY(SELECT unnest(s.people) UNION SELECT unnest(t.came) EXCEPT SELECT unnest(t.went) ORDER BY 1) AS people
      FROM told t LEFT JOIN audiences_audienceslice s ON s.audience_id = t.audience_id AND s.slice_no = t.slice_no
), emptied AS (
    DELETE FROM audiences_audienceslice s USING made m
     WHERE m.people = '{}' AND s.audience_id = m.audience_id AND s.slice_no = m.slice_no
), kept AS (
    INSERT INTO audiences_audienceslice (audience_id, slice_no, people)
    SELECT audience_id, slice_no, people FROM made WHERE people <> '{}'
    ON CONFLICT (audience_id, slice_no) DO UPDATE SET people = EXCLUDED.people, updated_at = now()
)
INSERT INTO audiences_audiencemove (audience_id, person_id, has_entered)
SELECT audience_id, person_id, is_in FROM moved WHERE audience_id = ANY (%(noting)s::bigint[]) ORDER BY 1, 2
"""
# Also before the first build is finished, which counts anew: it may finish between our look and this.
TALLIED = """
UPDATE audiences_audiencetally SET count = GREATEST(count + %s, 0), updated_at = now() WHERE audience_id = %s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    audience_id: int
    tree: Group
    uses: frozenset[int]
    ground: Ground
    held: frozenset[int]
    """Of the members asked about, those it holds."""
    is_made: bool
    """Not so: its first build is on the way, which is nobody's coming."""


@dataclass(frozen=True, slots=True)
class Moved:
    asked: Asked
    person_id: int
    is_in: bool


def reconsider(person_id: int, topic: str = PERSON) -> dict[int, bool]:
    """Audience → whether they are in it now, of those that changed. For jobs and reactions, after the fact is written."""
    return reconsider_member(NEWSMAN, person_id=person_id, topic=topic)


@action
def reconsider_member(actor: Actor, *, person_id: int, topic: str) -> dict[int, bool]:
    """Their slices' lock first, then the look: of a rebuild and this, the later one has seen all the other saw."""
    hold_slices([person_id // SLICE])
    moves = decided(concerned([person_id], [topic]), person_id)
    write_moves(moves)
    return {move.asked.audience_id: move.is_in for move in moves}


def look_at_news() -> int:
    """All that was told and nobody is at. Run it twice, at once, or after a crash: all the same. How many rows."""
    seen = 0
    while rows := look_at_some_news(NEWSMAN):
        seen += rows
    return seen


@action
def look_at_some_news(actor: Actor) -> int:
    """The news is gone with the transaction that wrote what came of it."""
    free = AudienceNews.objects.visible_to(actor).select_for_update(skip_locked=True)
    rows = list(free.order_by("id")[:NEWS_AT_ONCE])
    if rows:
        people = {pk for row in rows for pk in row.people}
        reconsider_members(people, {row.topic for row in rows})
        AudienceNews.objects.visible_to(actor).filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def reconsider_members(people: Collection[int], topics: Collection[str]) -> None:
    """All in the caller's transaction; of several, audience by audience whoever asks another comes after it."""
    hold_slices({pk // SLICE for pk in people})
    audiences = concerned(people, topics)
    if len(people) <= FEW:
        for pk in sorted(people):
            write_moves(decided([_of_one(asked, pk) for asked in audiences], pk))
        return
    for level in in_levels({asked.audience_id: asked for asked in audiences}):
        write_moves(decided_of_many(level, people))


def _of_one(asked: Asked, person_id: int) -> Asked:
    return replace(asked, held=asked.held & {person_id})


def concerned(people: Collection[int], topics: Collection[str]) -> list[Asked]:
    """Whoever asks another comes after it."""
    facts = {
        "people": sorted(people),
        "slices": sorted({pk // SLICE for pk in people}),
        "topics": sorted(topics),
    }
    with connection.cursor() as cursor:
        cursor.execute(CONCERNED.replace("{held}", HELD_ONE if len(people) == 1 else HELD), facts)
        rows = cursor.fetchall()
    found = {}
    for pk, predicate, uses, path, salt, held, is_made in rows:
        try:
            tree = tree_of(predicate)
        except Wrong:  # its next run fails and says so; the others are asked all the same
            log.exception("audience_not_read", audience=pk)
            continue
        ground = Ground(path, bytes(salt))
        found[pk] = Asked(pk, tree, frozenset(uses), ground, frozenset(held or ()), is_made)
    return [asked for level in in_levels(found) for asked in level]


def in_levels(found: dict[int, Asked]) -> list[list[Asked]]:
    """Whoever asks another comes a level later."""
    left, levels = dict(found), list[list[Asked]]()
    while left:
        level = [asked for pk, asked in sorted(left.items()) if not asked.uses & left.keys()]
        assert level, "the database keeps them from asking each other in a circle"
        levels.append(level)
        for asked in level:
            del left[asked.audience_id]
    return levels


def decided(audiences: Iterable[Asked], person_id: int) -> list[Moved]:
    """Where the answer is another than before; each sees what was decided of those it asks."""
    audiences = list(audiences)
    portrait = portrait_for(person_id, [asked.tree for asked in audiences])
    changed = []
    for asked in audiences:
        is_in = fits_ground(asked.tree, asked.ground, portrait)
        if is_in == (person_id in asked.held):
            continue
        changed.append(Moved(asked, person_id, is_in))
        if portrait is not None:
            known = (
                portrait.audiences | {asked.audience_id}
                if is_in
                else portrait.audiences - {asked.audience_id}
            )
            portrait = replace(portrait, audiences=frozenset(known))
    return changed


def decided_of_many(level: list[Asked], people: Collection[int]) -> list[Moved]:
    """In one query; where that fails, each alone, and the one that fails is left to its next run, which says so."""
    try:
        fitting = _fitting(level, people)
    except DatabaseError:
        log.exception("audience_news_failed", audiences=[asked.audience_id for asked in level])
        fitting = {}
        for asked in level:
            try:
                fitting |= _fitting([asked], people)
            except DatabaseError:
                fitting[asked.audience_id] = asked.held
    return [
        Moved(asked, pk, pk not in asked.held)
        for asked in level
        for pk in sorted(fitting[asked.audience_id] ^ asked.held)
    ]


def _fitting(level: list[Asked], people: Collection[int]) -> dict[int, frozenset[int]]:
    """Audience → who of these fits."""
    query = SetQuery(clock.today(), people=people)
    conditions = ", ".join(
        f"({query.below(asked.ground.path)} AND ({asked.tree.sql(query, asked.ground.salt)}))"
        for asked in level
    )
    text = f"SELECT p.id, {conditions} {query.source()} WHERE {query.where()}"
    with transaction.atomic(), connection.cursor() as cursor:
        rows = cursor.execute(text, query.params).fetchall()
    return {
        asked.audience_id: frozenset(row[0] for row in rows if row[place])
        for place, asked in enumerate(level, 1)
    }


def write_moves(moves: list[Moved]) -> None:
    """Slices, who came and went, how many there are, and the news of it."""
    if not moves:
        return
    made = sorted({move.asked.audience_id for move in moves if move.asked.is_made})
    facts: dict[str, Any] = {
        "audiences": [move.asked.audience_id for move in moves],
        "people": [move.person_id for move in moves],
        "ways": [move.is_in for move in moves],
        "noting": made,
    }
    more: dict[int, int] = {}
    for move in moves:
        more[move.asked.audience_id] = more.get(move.asked.audience_id, 0) + (1 if move.is_in else -1)
    with connection.cursor() as cursor:
        cursor.execute(MOVED, facts)
        cursor.executemany(TALLIED, [(count, pk) for pk, count in sorted(more.items())])
    for move in moves:
        if move.asked.is_made:
            emit(
                AudienceMoved(
                    audience_id=move.asked.audience_id, person_id=move.person_id, has_entered=move.is_in
                )
            )
