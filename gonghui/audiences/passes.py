"""Many audiences in one pass over a range of persons: read once, compared with what is kept, written where it differs.

Whoever writes slices holds their locks from before the facts are read until the end: a fact that comes later waits with its
`reconsider`, which then reads it. So the later truth wins, whichever of the two is faster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from gonghui.audiences.engine import Ground
from gonghui.audiences.predicates import SetQuery
from gonghui.audiences.predicates.set_query import SLICE, Span
from gonghui.audiences.predicates.tree import Group

CHUNK = 16 * SLICE
"""Persons whose slices one transaction holds: half a second with twenty audiences."""
SMALL = 8 * SLICE
"""A union with no more members is made whole, without going through all persons."""
SLICES, WHOLE = 730_101, 730_102  # classes of advisory locks
PASS_MS = 120_000
WORK_MEM = "64MB"

BUILD = """
WITH seen AS MATERIALIZED (
    SELECT p.id, p.id / 4096 AS slice_no, {conditions}
    {source}
     WHERE {where} AND ({below})
     ORDER BY p.id
), held AS MATERIALIZED (
    SELECT slice_no, {gathered} FROM seen GROUP BY slice_no
), fresh AS MATERIALIZED (
    SELECT t.audience_id, h.slice_no, t.people FROM held h CROSS JOIN LATERAL (VALUES {listed}) t (audience_id, people)
     WHERE t.people IS NOT NULL
), changed AS MATERIALIZED (
    SELECT COALESCE(f.audience_id, s.audience_id) AS audience_id, COALESCE(f.slice_no, s.slice_no)::int AS slice_no,
           f.people AS now_in, s.people AS was_in
      FROM fresh f FULL JOIN (SELECT audience_id, slice_no, people FROM audiences_audienceslice
                               WHERE audience_id = ANY ({ids}::bigint[]) AND {slices}) s
        ON s.audience_id = f.audience_id AND s.slice_no = f.slice_no
     WHERE f.people IS DISTINCT FROM s.people
), gone AS (
    DELETE FROM audiences_audienceslice s USING changed c
     WHERE c.now_in IS NULL AND s.audience_id = c.audience_id AND s.slice_no = c.slice_no
), put AS (
    INSERT INTO audiences_audienceslice (audience_id, slice_no, people)
    SELECT audience_id, slice_no, now_in FROM changed WHERE now_in IS NOT NULL
    ON CONFLICT (audience_id, slice_no) DO UPDATE SET people = EXCLUDED.people, updated_at = now()
), moved AS MATERIALIZED (
    SELECT c.audience_id, m.person_id, m.has_entered
      FROM changed c CROSS JOIN LATERAL (
           SELECT person_id, bool_or(is_now) AS has_entered
             FROM (SELECT unnest(c.now_in) AS person_id, TRUE AS is_now
                   UNION ALL SELECT unnest(c.was_in), FALSE) both_ways
            GROUP BY person_id HAVING count(*) = 1) m
     WHERE c.audience_id = ANY ({noting}::bigint[])
), noted AS (
    INSERT INTO audiences_audiencemove (audience_id, run_id, person_id, has_entered)
    SELECT m.audience_id, r.run_id, m.person_id, m.has_entered
      FROM moved m JOIN (SELECT * FROM unnest({ids}::bigint[], {runs}::bigint[])) r (audience_id, run_id)
        ON r.audience_id = m.audience_id
     ORDER BY m.audience_id, m.person_id
)
SELECT audience_id, count(*) FILTER (WHERE has_entered), count(*) FILTER (WHERE NOT has_entered) FROM moved GROUP BY 1
"""

# Slices of persons who are no more are looked at too.
RANGES = """
WITH ends AS (
    SELECT min(low) AS low, max(high) AS high FROM (
        SELECT min(id) / %(size)s AS low, max(id) / %(size)s AS high FROM members_person
         UNION ALL
        SELECT min(slice_no) / %(slices)s, max(slice_no) / %(slices)s FROM audiences_audienceslice) both_kinds
)
SELECT n FROM ends, generate_series(low, high) n
 WHERE EXISTS (SELECT FROM members_person WHERE id >= n * %(size)s AND id < (n + 1) * %(size)s)
    OR EXISTS (SELECT FROM audiences_audienceslice
                WHERE slice_no >= n * %(slices)s AND slice_no < (n + 1) * %(slices)s)
 ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class Target:
    """One audience in a pass. The first build of all notes nobody's coming."""

    audience_id: int
    run_id: int
    tree: Group
    ground: Ground
    notes_moves: bool


def pass_sql(targets: list[Target], today: date, span: Span | None) -> tuple[str, dict]:
    query = SetQuery(today, span)
    belows = {target.ground.path: query.below(target.ground.path) for target in targets}
    asked = [
        f"({belows[target.ground.path]} AND ({target.tree.sql(query, target.ground.salt)})) AS a{place}"
        for place, target in enumerate(targets)
    ]
    ids = [target.audience_id for target in targets]
    text = BUILD.format(
        conditions=", ".join(asked),
        where=query.where(),
        below=" OR ".join(belows.values()),
        gathered=", ".join(f"array_agg(id) FILTER (WHERE a{place}) AS a{place}" for place in range(len(ids))),
        listed=", ".join(f"({pk}::bigint, h.a{place})" for place, pk in enumerate(ids)),
        ids=query.bind(ids),
        runs=query.bind([target.run_id for target in targets]),
        noting=query.bind([target.audience_id for target in targets if target.notes_moves]),
        slices=query.slices(),
        source=query.source(),
    )
    return text, query.params


def make_slices(targets: list[Target], today: date, span: Span | None) -> dict[int, tuple[int, int]]:
    """Audience → how many came and went. The caller holds the locks, in its transaction."""
    text, params = pass_sql(targets, today, span)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('work_mem', %s, true)",
            [str(PASS_MS), WORK_MEM],
        )
        return {pk: (entered, left) for pk, entered, left in cursor.execute(text, params)}


def hold_slices(slice_numbers: Iterable[int]) -> None:
    """Beside others that hold other slices."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, 0)", [WHOLE])
        # In one order, so that two who hold several never wait in a circle.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, number) FROM unnest(%s::int[]) AS number",
            [SLICES, sorted(slice_numbers)],
        )


def hold_all_slices() -> None:
    """Alone: for what is small wherever it lies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [WHOLE])


def chunks() -> list[Span]:
    """All ranges of `CHUNK` ids in which a person is or was; one index probe for each of them and each gap between."""
    with connection.cursor() as cursor:
        rows = cursor.execute(RANGES, {"size": CHUNK, "slices": CHUNK // SLICE}).fetchall()
    return [Span(number * CHUNK, (number + 1) * CHUNK) for (number,) in rows]


def is_small(path: str) -> bool:
    counted = """
    SELECT count(*) FROM (SELECT FROM members_membership m JOIN orgs_union u ON u.id = m.union_id
     WHERE u.path LIKE %s AND m.status IN ('active', 'transferring', 'retained') LIMIT %s) found"""
    with connection.cursor() as cursor:
        return cursor.execute(counted, [path + "%", SMALL + 1]).fetchone()[0] <= SMALL
