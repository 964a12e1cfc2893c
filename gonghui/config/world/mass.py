"""The members beyond the demo's own: millions, written by COPY from several processes into tables without indexes.

What is to be done stands in the database beside what is done (`world_plan`, `world_indexes`, `world_chunks`), each chunk with
its rows in one transaction. So whoever starts again goes on where it stopped, be it killed, and nobody comes twice. The audit
trail holds none of these rows; the counts of unions are computed at the end.
"""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from multiprocessing import get_context
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from gonghui.config.cli import setup_django
from gonghui.config.world.names import invented_people
from gonghui.config.world.people import PERSON_COLUMNS, membership_rows, person_rows
from gonghui.config.world.tree import GROUPS
from gonghui.kit.actors import Actor
from gonghui.kit.ahead import begin_in_pool
from gonghui.kit.copying import copy_lines
from gonghui.members.actions.headcounts import fold_headcounts

FOLDER = Actor.system("the counts of a world just built")
CHUNK = 20_000
LINES = 2_000
WEIGHT_MAX = 3_000
TABLES = ("members_person", "members_membership")
PLAN = """
CREATE TABLE world_plan (members bigint, first bigint, base_id bigint, seed bigint, chunk bigint);
CREATE TABLE world_chunks (number bigint PRIMARY KEY);
CREATE TABLE world_indexes (place serial PRIMARY KEY, name text, made text, undone text);
INSERT INTO world_plan
SELECT %(members)s, %(first)s, nextval(pg_get_serial_sequence('members_person', 'id')), %(seed)s, %(chunk)s;
SELECT setval(pg_get_serial_sequence('members_person', 'id'), (SELECT base_id + members FROM world_plan));
"""
# Constraints that stand on an index bring it along; the primary key stays, others refer to it.
NOTED = """
INSERT INTO world_indexes (name, made, undone)
SELECT c.relname, pg_get_indexdef(i.indexrelid), format('DROP INDEX %%I', c.relname)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = %(table)s::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid
       AND contype IN ('p', 'u', 'x') AND conrelid = i.indrelid) ORDER BY c.relname;
INSERT INTO world_indexes (name, made, undone)
SELECT conname, format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
       format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname)
  FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype IN ('u', 'f') AND NOT EXISTS (
       SELECT FROM pg_constraint other WHERE other.conindid = pg_constraint.conindid AND other.contype = 'f'
       AND pg_constraint.contype = 'u') ORDER BY contype DESC, conname;
"""
MEMBERSHIP = "COPY members_membership (person_id, union_id, status, joined_on, source) FROM STDIN"


@dataclass(frozen=True)
class Plan:
    """`members` more people, the first of them with this number of the seed's, and ids from `base_id` on."""

    members: int
    first: int
    base_id: int
    seed: int
    chunk: int

    @property
    def chunks(self) -> int:
        return -(-self.members // self.chunk)


def draw_plan(members: int, *, first: int, seed: int, chunk: int = CHUNK) -> None:
    """In the transaction that builds what they come to; indexes and triggers are set aside with it."""
    with connection.cursor() as cursor:
        for statement in PLAN.strip().removesuffix(";").split(";\n"):
            cursor.execute(statement, {"members": members, "first": first, "seed": seed, "chunk": chunk})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in NOTED.strip().removesuffix(";").split(";\n"):
                cursor.execute(statement, {"table": table})
        cursor.execute("SELECT undone FROM world_indexes ORDER BY place DESC")
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)


def plan_left() -> Plan | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('world_plan') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return None
        cursor.execute("SELECT members, first, base_id, seed, chunk FROM world_plan")
        return Plan(*cursor.fetchone())


def carry_out(plan: Plan, progress: Any) -> None:
    """To the end, from wherever it stopped."""
    progress.start(_("会员"), plan.members)
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM world_chunks")
        done = {row[0] for row in cursor.fetchall()}
    progress.advance(sum(chunk_size(plan, number) for number in done))
    for count in _written(plan, [number for number in range(plan.chunks) if number not in done]):
        progress.advance(count)
    _make_indexes(progress)
    _finish(progress)


def chunk_size(plan: Plan, number: int) -> int:
    return min(plan.chunk, plan.members - number * plan.chunk)


def _written(plan: Plan, numbers: list[int]) -> Iterator[int]:
    """A few chunks a process are under way at a time, so that millions need no more memory than thousands."""
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes, get_context("spawn"), begin_in_pool, (setup_django,)) as pool:
        waiting: set[Future] = set()
        walk = iter(numbers)
        while True:
            waiting |= {pool.submit(write_chunk, plan, n) for n in islice(walk, 2 * processes - len(waiting))}
            if not waiting:
                return
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in ready)


def write_chunk(plan: Plan, number: int) -> int:
    """All of it or nothing. The same chunk is the same people, whoever writes it."""
    count, start = chunk_size(plan, number), number * plan.chunk
    rng = random.Random(f"{plan.seed}:{number}")  # noqa: S311
    people = invented_people(count, plan.seed, start=plan.first + start)
    homes, weights = _homes(plan.seed)
    now = dt.datetime.now(dt.UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO world_chunks VALUES (%s)", [number])
        joined: list[tuple] = []
        with cursor.copy(f"COPY members_person ({', '.join(PERSON_COLUMNS)}) FROM STDIN") as copy:
            for at in range(0, count, LINES):
                batch = list(islice(people, LINES))
                chosen = rng.choices(homes, cum_weights=weights, k=len(batch))
                ids = list(range(plan.base_id + start + at, plan.base_id + start + at + len(batch)))
                copy.write(copy_lines(person_rows(batch, ids, chosen, now, rng)))
                joined += membership_rows(ids, [home for home, _group in chosen], rng)
        with cursor.copy(MEMBERSHIP) as copy:
            copy.write(copy_lines(joined))
    return count


@cache
def _homes(seed: int) -> tuple[list[tuple[int, str]], list[float]]:
    """Unions that hold members, with their group, and their weights: federations large, workshops small, as in life."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, name FROM orgs_union WHERE kind IN ('enterprise', 'federation') ORDER BY id"
        )
        rows = cursor.fetchall()
    homes, weights = [], []
    for pk, kind, name in rows:
        group = next((code for code, title in GROUPS if title in name), "") if kind == "federation" else ""
        homes.append((pk, group))
        weight = random.Random(f"{seed}:{pk}").paretovariate(1.2) * (4 if group else 1)  # noqa: S311
        weights.append(min(weight, WEIGHT_MAX))
    return homes, list(accumulate(weights))


def _make_indexes(progress: Any) -> None:
    """As they were, each in a transaction of its own; a constraint is proven over all rows when it comes back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT place, made FROM world_indexes ORDER BY place")
        left = cursor.fetchall()
        progress.start(_("索引和约束"), len(left))
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for place, made in left:
            with transaction.atomic():
                cursor.execute(made)
                cursor.execute("DELETE FROM world_indexes WHERE place = %s", [place])
            progress.advance(1)


def _finish(progress: Any) -> None:
    progress.start(_("统计"), 2)
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
        progress.advance(1)
        with transaction.atomic():
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute("SELECT members_mend_headcounts(), members_mark_all(), members_name_all()")
            fold_headcounts(FOLDER)
            cursor.execute("DROP TABLE world_plan, world_chunks, world_indexes")
        cursor.execute("VACUUM ANALYZE members_membermark, members_membername, members_headcountdelta")
    progress.advance(1)
