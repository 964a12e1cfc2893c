"""A roster of a million rows, from the uploaded sheet to members, beside a bare COPY of the very rows it wrote.

Ours is everything between the upload and the last committed row: the sheet is sealed, read and checked twice (once to show,
once to apply), every number proven, sealed and indexed, every row looked for among those there, names made findable, and all
of it audited. Bare is COPY of the same final column values, sealed bytes included, into copies of the two tables with the
same indexes, keys and checks, once without the audit trigger and once with it.

`python -m benchmarks.imports ROWS` works in the database of a run, empty but for its tables, and prints what it measured.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import psutil
from django.db import connection

from benchmarks.table import Row, say

TIMES_MAX = 8
MEMORY_MAX_MB = 1024
CITIES, UNIONS = 21, 2_000
REFUSED_EVERY, REPEATED_EVERY = 1_000, 1_500
SAMPLE_S = 0.1
SAID_EVERY = 50_000
PLAIN, AUDITED = "bare", "audited"
TABLES = ("members_person", "members_membership")
HEADINGS = ("姓名", "身份证号", "手机号", "所属工会", "职业群体", "入会时间")
GROUPS = ("", "", "", "", "骑手", "网约车司机", "货车司机", "快递员")

COPIED = "CREATE TABLE {kind}_{table} (LIKE {table} INCLUDING ALL)"
FOREIGN_KEYS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass
"""
AUDIT = "CREATE TRIGGER zz_audit AFTER INSERT ON {kind}_{table} FOR EACH ROW EXECUTE FUNCTION kit_audit_row()"


def import_rows(postgres_folder: Path, keys: str, *, rows: int) -> list[Row]:
    """In a database of their own. A tenth first, so that what grows with the number of rows shows."""
    from benchmarks.pages import run as run_module
    from benchmarks.pages import world_environment

    env = world_environment(postgres_folder, keys, "imports")
    run_module(env, "gonghui", "manage", "migrate")
    small, large = (measured(env, count) for count in (rows // 10, rows))
    times = {kind: large["ours_s"] / large[f"{kind}_s"] for kind in (PLAIN, AUDITED)}
    growth = (large["ours_s"] / large["rows"]) / (small["ours_s"] / small["rows"])
    good = times[PLAIN] <= TIMES_MAX and large["peak_mb"] < MEMORY_MAX_MB
    note = (
        f"{times[PLAIN]:.1f} × a bare COPY of the same rows, wanted ≤ {TIMES_MAX} ({times[AUDITED]:.1f} × with the audit"
        f" trigger on both); check {large['check_s']:.0f} s, apply {large['apply_s']:.0f} s, COPY {large[PLAIN + '_s']:.0f} s;"
        f" a row costs {growth:.2f} × what it does among {small['rows']:,}; memory {large['peak_mb']:,.0f} MB, wanted < 1 GB"
    )
    return [
        Row(f"a roster of {rows:,} rows", f"{large['rows'] / large['ours_s']:,.0f}/s", note=note, good=good)
    ]


def measured(env: dict[str, str], rows: int) -> dict[str, Any]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.imports", str(rows)], env=env, stdout=subprocess.PIPE, check=True
    )
    return json.loads(made.stdout.splitlines()[-1])


# --- in a process of its own --------------------------------------------------------------------------------


def measure(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        union, user, names = stage()
        sheet = Path(folder) / "roster.xlsx"
        say(f"a sheet of {rows:,} rows")
        good = write_sheet(sheet, rows, names)
        size_mb = sheet.stat().st_size / 2**20
        with peak_of_children() as peak:
            ours = subprocess.run(
                [sys.executable, "-m", "benchmarks.imports", "run", str(union.pk), str(user.pk), str(sheet)],
                stdout=subprocess.PIPE,
                check=True,
            )
        seen = json.loads(ours.stdout.splitlines()[-1])
        assert seen["new"] == good, (seen, good)
        say("the same rows by COPY")
        bare = {f"{kind}_s": bare_s(kind, Path(folder)) for kind in (PLAIN, AUDITED)}
    empty()
    seen["ours_s"] = seen["upload_s"] + seen["check_s"] + seen["apply_s"]
    return seen | bare | {"rows": rows, "sheet_mb": size_mb, "peak_mb": peak["mb"]}


def stage() -> tuple[Any, Any, list[str]]:
    """A province with cities and enterprises, and its administrator."""
    from benchmarks.grants import staff
    from gonghui.config.world.tree import new_union, save_unions

    province = new_union("南粤省总工会", "province", None)
    save_unions([province])
    cities = [new_union(f"第{n}市总工会", "city", province) for n in range(CITIES)]
    save_unions(cities)
    homes = [new_union(f"第{n}机械厂工会", "enterprise", cities[n % CITIES]) for n in range(UNIONS)]
    save_unions(homes)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orgs_union")
    return province, staff("org_admin", province), [home.name for home in homes]


def write_sheet(target: Path, rows: int, unions: list[str]) -> int:
    """A heading and `rows` lines as a union sends them, some of them wrong or twice; how many are to be imported."""
    from gonghui.kit.sheets import Column, write_xlsx

    with target.open("wb") as stream:
        write_xlsx(stream, [Column(title) for title in HEADINGS], sheet_rows(rows, unions))
    places = range(rows)
    return sum(not (is_refused(n) or is_repeated(n)) for n in places)


def is_refused(n: int) -> bool:
    return n % REFUSED_EVERY == 7


def is_repeated(n: int) -> bool:
    return n % REPEATED_EVERY == 11 and not is_refused(n) and not is_refused(n - 1)


def sheet_rows(rows: int, unions: list[str]) -> Iterator[tuple[str, ...]]:
    from gonghui.config.world.names import invented_people

    before: tuple[str, ...] = ()
    # A number that ends in 000 is refused in a sheet: spreadsheets end numbers so that they have cut off.
    invented = (one for one in invented_people(rows * 2, 2017) if not one.id_no.endswith("000"))
    for n, one in enumerate(islice(invented, rows)):
        number = one.id_no[:-1] + "?" if is_refused(n) else one.id_no
        joined = dt.date(2012, 1, 1) + dt.timedelta(days=n * 31 % 4000)
        row = (
            one.name,
            number,
            one.phone,
            unions[n * 13 % len(unions)],
            GROUPS[n % len(GROUPS)],
            str(joined),
        )
        if is_repeated(n):
            row = before
        yield row
        before = row


def run(union_id: int, user_id: int, sheet: Path) -> dict[str, Any]:
    """What `gonghui members import` does."""
    from gonghui.accounts.models import User
    from gonghui.config.actors import actor_of
    from gonghui.members.actions import roster_runs, rosters
    from gonghui.members.models import RosterImport

    actor = actor_of(User.objects.unscoped("bench").get(pk=user_id))
    clock = Clock()
    facts = {"union_id": union_id, "file_name": sheet.name, "in_background": False}
    roster = rosters.upload_roster(actor, content=sheet.read_bytes(), **facts)
    clock.lap("upload_s")
    roster_runs.check_roster(roster.pk, told("checked"))
    clock.lap("check_s")
    rosters.apply_roster(actor, roster_id=roster.pk, in_background=False)
    roster_runs.apply_roster(roster.pk, told("applied"))
    clock.lap("apply_s")
    done = RosterImport.objects.unscoped("bench").get(pk=roster.pk)
    assert done.state == "applied", (done.state, done.problem)
    return clock.laps | {"new": done.count_new, "refused": done.count_refused}


def told(what: str) -> Callable[[int], None]:
    """Says how far a run has come, batch by batch."""
    done = 0

    def tell(rows: int) -> None:
        nonlocal done
        if (done + rows) // SAID_EVERY > done // SAID_EVERY:
            say(f"{what}: {done + rows:,}")
        done += rows

    return tell


class Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._at = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self._at = now - self._at, now


@contextlib.contextmanager
def peak_of_children() -> Iterator[dict[str, float]]:
    """The most memory that the processes below this one held together."""
    peak, done, me = {"mb": 0.0}, threading.Event(), psutil.Process()

    def watch() -> None:
        while not done.wait(SAMPLE_S):
            held = 0
            for child in me.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    held += child.memory_info().rss
            peak["mb"] = max(peak["mb"], held / 2**20)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def bare_s(kind: str, folder: Path) -> float:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {kind}_{table} CASCADE")
        for table in TABLES:
            cursor.execute(COPIED.format(kind=kind, table=table))
            cursor.execute(FOREIGN_KEYS, [table])
            for name, text in cursor.fetchall():
                own = re.sub(r"REFERENCES members_person\b", f"REFERENCES {kind}_members_person", text)
                cursor.execute(f"ALTER TABLE {kind}_{table} ADD CONSTRAINT {name} {own}")
            if kind == AUDITED:
                cursor.execute(AUDIT.format(kind=kind, table=table))
        took_s = 0.0
        for table in TABLES:
            file = folder / table
            if not file.exists():
                with file.open("wb") as out, cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    out.writelines(copy)
            took_s += copied_in(cursor, f"{kind}_{table}", file)
            cursor.execute(f"SELECT (SELECT count(*) FROM {kind}_{table}) = (SELECT count(*) FROM {table})")
            assert cursor.fetchone()[0]
        for table in reversed(TABLES):
            cursor.execute(f"DROP TABLE {kind}_{table}")
    return took_s


def copied_in(cursor: Any, table: str, file: Path) -> float:
    started = time.perf_counter()
    with file.open("rb") as stream, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for chunk in chunks_of(stream):
            copy.write(chunk)
    return time.perf_counter() - started


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(1 << 18):
        yield chunk


def empty() -> None:
    """As it was: the next size starts from nothing too."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("TRUNCATE members_person, members_membership, members_rosterimport, orgs_grant, orgs_union,"
                       " accounts_user, kit_audit CASCADE")  # fmt: skip
        cursor.execute("SET session_replication_role = DEFAULT")


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "run":
        print(json.dumps(run(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))))
    else:
        print(json.dumps(measure(int(sys.argv[1]))))
