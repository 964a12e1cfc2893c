"""kill -9 in the middle of a grab, and a disk that is really full: every answered win exists, no seat lost or doubled.

Real Granian processes, a real PostgreSQL of this test's own, real members who press again until they are answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import psycopg
import pytest

from benchmarks.servers import environment, new_world, own_postgres, wait_for_port
from gonghui.benefits.gate.passes import Passes, binding_of
from gonghui.config.launcher import cluster, postgres
from gonghui.kit.crypto import Keyring
from gonghui.kit.tests.ports import free_port
from tests.databases import lay_tables

pytestmark = pytest.mark.faults

KEYS = Keyring.generate()
PEOPLE, PLACES = 700, 300
GRAB_S = 3.0  # people arrive within
PATIENCE_S = 60


class Gates:
    """Gate processes of this test, to be killed and started again at their ports."""

    def __init__(self, url: str, number: int) -> None:
        self._env = environment(url, KEYS.to_json())
        self.ports: list[int] = []
        self._processes: dict[int, subprocess.Popen] = {}
        for _ in range(number):
            self.ports.append(free_port())
            self.start(self.ports[-1])

    def start(self, port: int) -> None:
        command = [sys.executable, "-m", "gonghui.config.launcher.serve", "127.0.0.1", str(port), "1"]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._processes[port] = subprocess.Popen(command, env=self._env, **silent)
        wait_for_port(port, self._processes[port])

    def kill(self, port: int) -> None:
        """-9, the main process and its worker."""
        process = psutil.Process(self._processes[port].pid)
        for each in (*process.children(recursive=True), process):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        self._processes[port].wait()

    def stop(self) -> None:
        for port in self.ports:
            self.kill(port)


@pytest.fixture(scope="module")
def database(tmp_path_factory, django_db_setup, django_db_blocker):
    """Folder and address of a PostgreSQL nobody else uses, with the tables in it."""
    folder = tmp_path_factory.mktemp("crash") / "pg"
    with own_postgres(folder) as url:
        with django_db_blocker.unblock():
            lay_tables(url)
        new_world(url, KEYS.to_json(), people=0, pools=[])
        yield folder, url


@pytest.fixture
def world(database, request):
    facts = {"capacity": PLACES, "waitlist_max": 0} | getattr(request, "param", {})
    return new_world(database[1], KEYS.to_json(), people=PEOPLE, pools=[facts], migrate=False)


@pytest.fixture
def two_gates(database):
    gates = Gates(database[1], 2)
    yield gates
    gates.stop()


def request_of(pool: int, person: int) -> bytes:
    session = f"session-of-{person}"
    token = Passes(KEYS).issue(
        person_id=person,
        pool_id=pool,
        max_seats=1,
        expires_at=time.time() + 600,
        binding=binding_of(session),
    )
    body = json.dumps({"pass": token}).encode()
    head = f"POST /grab/{pool} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: sessionid={session}\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


async def post(port: int, request: bytes) -> tuple[int, dict]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        heard = await reader.read()
    finally:
        writer.close()
    head, _blank, body = heard.partition(b"\r\n\r\n")
    if not body:
        raise ConnectionError("hung up")
    return int(head[9:12]), json.loads(body)


class Told:
    """What members saw on the way: answers, and how often they had to press again."""

    def __init__(self) -> None:
        self.answers: dict[int, dict] = {}
        self.again: Counter[str] = Counter()


async def grab_until_answered(told: Told, ports: list[int], pool: int, person: int, after_s: float) -> None:
    """The same pass again and again, at this gate or that one, as a page does that lost its answer."""
    await asyncio.sleep(after_s)
    request, tries = request_of(pool, person), 0
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        tries += 1
        try:
            status, answer = await post(ports[(person + tries) % len(ports)], request)
        except OSError:
            told.again["hung up"] += 1
        else:
            if status == 200:
                told.answers[person] = answer
                return
            assert (status, answer["answer"]) == (503, "try_again")
            told.again["503"] += 1
        await asyncio.sleep(0.05)


async def whole_grab(world, ports: list[int], disturb) -> Told:
    told, pool = Told(), world["pools"][0]["pool"]
    gap = GRAB_S / len(world["people"])
    members = [
        grab_until_answered(told, ports, pool, person, n * gap) for n, person in enumerate(world["people"])
    ]
    await asyncio.gather(asyncio.to_thread(disturb), *members)
    return told


def assert_kept(url: str, world, told: Told, places: int = PLACES) -> None:
    """Every win that was told exists with its code; every voucher was told to its holder; the counts agree."""
    pool = world["pools"][0]["pool"]
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT person_id, code, serial FROM benefits_voucher WHERE pool_id = %s", [pool]
        ).fetchall()
        remaining = connection.execute("SELECT remaining FROM benefits_pool WHERE id = %s", [pool]).fetchone()
    assert len(told.answers) == PEOPLE
    assert Counter(a["answer"] for a in told.answers.values()) == {"won": places, "sold_out": PEOPLE - places}
    promised = {person: a["code"] for person, a in told.answers.items() if a["answer"] == "won"}
    assert promised == {person: code for person, code, _serial in rows}
    assert len({person for person, *_ in rows}) == len(rows) == places
    assert remaining == (0,)


def test_gates_killed_in_the_middle_lose_and_double_nothing(database, world, two_gates):
    def disturb() -> None:
        for n in range(4):
            time.sleep(GRAB_S / 6)
            port = two_gates.ports[n % 2]
            two_gates.kill(port)
            two_gates.start(port)

    told = asyncio.run(whole_grab(world, two_gates.ports, disturb))
    assert told.again["hung up"], "nobody was disturbed: the test tested nothing"
    assert_kept(database[1], world, told)


def test_database_killed_in_the_middle_loses_and_doubles_nothing(database, world, two_gates):
    folder, url = database

    def disturb() -> None:
        for _ in range(2):
            time.sleep(GRAB_S / 6)
            kill_postgres(folder)
            time.sleep(0.3)
            postgres.start_server(folder)

    told = asyncio.run(whole_grab(world, two_gates.ports, disturb))
    assert told.again["503"], "nobody was disturbed: the test tested nothing"
    assert_kept(url, world, told)


def kill_postgres(folder: Path) -> None:
    """-9, the postmaster and every backend: what a power cut leaves is what was synced."""
    server = psutil.Process(cluster.postmaster(folder).pid)
    backends = server.children(recursive=True)
    os.kill(server.pid, signal.SIGKILL)
    for backend in backends:
        with contextlib.suppress(psutil.NoSuchProcess):
            backend.kill()


# --- A disk that is really full -----------------------------------------------------------------------------


@contextlib.contextmanager
def tiny_disk(place: Path, size_kb: int):
    """A file system of its own, so small that it fills; None where this machine lets nobody mount one."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k,mode=0777", "tmpfs", str(place)]
    is_ours = (
        bool(shutil.which("mount"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )
    try:
        yield place if is_ours else None
    finally:
        if is_ours:
            subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(url: str, disk: Path | None, owner: os.stat_result) -> None:
    """No room for one more page of vouchers: for real, or, where nobody may mount, by the same error."""
    with psycopg.connect(url, autocommit=True) as connection:
        if disk is None:
            connection.execute(
                "CREATE FUNCTION test_full() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE 'no space left on device' USING ERRCODE = 'disk_full'; END $$"
            )
            connection.execute(
                "CREATE TRIGGER test_full AFTER INSERT ON benefits_voucher EXECUTE FUNCTION test_full()"
            )
            return
        inside = disk / "cluster"
        inside.mkdir(mode=0o700)
        os.chown(inside, owner.st_uid, owner.st_gid)
        connection.execute(f"CREATE TABLESPACE tiny LOCATION '{inside}'")
        connection.execute("ALTER TABLE benefits_voucher SET TABLESPACE tiny")
        connection.execute("CHECKPOINT")
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"\0" * 4096)


def make_room(url: str, disk: Path | None) -> None:
    if disk is not None:
        (disk / "filler").unlink()
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP FUNCTION test_full() CASCADE")


def restore(url: str, disk: Path | None) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if disk is not None:
            connection.execute("ALTER TABLE benefits_voucher SET TABLESPACE pg_default")
            connection.execute("DROP TABLESPACE tiny")


def test_full_disk_is_try_again_and_never_a_win(database, world, two_gates, tmp_path):
    folder, url = database
    pool, people = world["pools"][0]["pool"], world["people"][:PLACES]
    requests = [request_of(pool, person) for person in people]

    async def everybody() -> list[tuple[int, dict]]:
        port = two_gates.ports[0]
        return await asyncio.gather(*(post(port, request) for request in requests))

    with tiny_disk(tmp_path / "disk", 4096) as disk:
        fill(url, disk, folder.stat())
        try:
            first = asyncio.run(everybody())
            with psycopg.connect(url) as connection:
                query = "SELECT person_id FROM benefits_voucher WHERE pool_id = %s"
                written = {row[0] for row in connection.execute(query, [pool])}
            make_room(url, disk)
            second = asyncio.run(everybody())
        finally:
            restore(url, disk)
    refused = [answer["answer"] for status, answer in first if status == 503]
    won = {p for p, (_status, answer) in zip(people, first, strict=True) if answer["answer"] == "won"}
    assert set(refused) == {"try_again"}, "the disk was not full: the test tested nothing"
    assert won == written
    assert {(status, answer["answer"]) for status, answer in second} == {(200, "won")}
