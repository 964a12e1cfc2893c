"""Moving a subtree: what it costs with many members in it, and with many unions.

`python -m benchmarks.moves UNIONS MEMBERS` builds two cities and a district with so many unions and members below one of them,
in the database of a run, moves the district to and fro, and prints what a move took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.db import connection

from benchmarks.table import Row, say

FEW, MANY = 1_000, 10_000  # unions
TURNS = 5
TIMES_MAX = 2
PEOPLE = """
INSERT INTO members_person (token, name, pinyin, grams, id_type, gender, groups, verification, verified_by)
SELECT gen_random_uuid(), '会员', '', '{}', 'resident_id', '', '{}', 'none', '' FROM generate_series(1, %(members)s)
"""
MEMBERSHIPS = """
INSERT INTO members_membership (person_id, union_id, status, source)
SELECT id, (%(homes)s::bigint[])[1 + id %% cardinality(%(homes)s::bigint[])], 'active', 'batch' FROM members_person p
 WHERE NOT EXISTS (SELECT FROM members_membership m WHERE m.person_id = p.id)
"""


def move_rows(postgres_folder: Path, keys: str, *, members: tuple[int, int]) -> list[Row]:
    """Thirty times the members are to cost nothing; ten times the unions cost ten times the paths."""
    from benchmarks.pages import run, world_environment

    env = world_environment(postgres_folder, keys, "moves")
    run(env, "gonghui", "manage", "migrate")
    few, crowded, wide = (
        asked(env, *size) for size in ((FEW, members[0]), (FEW, members[1]), (MANY, members[0]))
    )
    times = crowded["move_ms"] / few["move_ms"]
    note = f"{times:.2f} × the time with {members[0]:,} members, wanted ≤ {TIMES_MAX}"
    growth = wide["move_ms"] / few["move_ms"]
    return [
        row_of(FEW, members[0], few),
        row_of(FEW, members[1], crowded, note, good=times <= TIMES_MAX),
        row_of(MANY, members[0], wide, f"{growth:.1f} × the time of {FEW:,} unions"),
    ]


def row_of(
    unions: int, members: int, seen: dict[str, float], note: str = "", good: bool | None = None
) -> Row:
    took_ms = seen["move_ms"]
    what = f"a move of {unions:,} unions, {members:,} members"
    return Row(what, f"{unions / took_ms * 1000:,.0f}/s", f"{took_ms:.0f} ms", note=note, good=good)


def asked(env: dict[str, str], unions: int, members: int) -> dict[str, float]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.moves", str(unions), str(members)],
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(made.stdout.splitlines()[-1])


# --- in a process of its own --------------------------------------------------------------------------------


def measure(unions: int, members: int) -> dict[str, float]:
    from gonghui.kit.actors import Actor
    from gonghui.orgs.actions.unions import move_union

    say(f"{unions:,} unions, {members:,} members")
    actor, district, cities = Actor.system("bench"), *stage(unions, members)
    took = []
    for turn in range(TURNS):
        started = time.perf_counter()
        moved = move_union(actor, union_id=district.pk, parent_id=cities[(turn + 1) % 2].pk)
        took.append((time.perf_counter() - started) * 1000)
        assert moved == unions + 1, moved
    return {"move_ms": sorted(took)[TURNS // 2]}


def stage(unions: int, members: int) -> tuple[Any, list[Any]]:
    """A province of its own each time, with its members counted and folded."""
    from gonghui.config.world.tree import new_union, save_unions

    mark = f"{unions}-{members}"
    province = new_union(f"南粤省总工会 {mark}", "province", None)
    save_unions([province])
    cities = [new_union(f"第{n}市总工会", "city", province) for n in range(2)]
    save_unions(cities)
    district = new_union("江口区总工会", "district", cities[0])
    save_unions([district])
    homes = [new_union(f"第{n}机械厂工会", "enterprise", district) for n in range(unions)]
    save_unions(homes)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(PEOPLE, {"members": members})
        cursor.execute(MEMBERSHIPS, {"homes": [home.pk for home in homes]})
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("SELECT members_mend_headcounts(), members_mark_all(), members_name_all()")
        cursor.execute("ANALYZE")
    return district, cities


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
