"""The room races are run in: own connections, own processes, one moment for all. Nothing here sleeps to prove anything.

A barrier alone proves little: threads that start together still pass a short window one after the other. So where a race has
a lock to wait for, another connection holds it first (`held`), everybody comes as far as that and no further, with all they
read before in hand, and only then it opens.
"""

from __future__ import annotations

import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection

from gonghui.benefits.tests.servers import environment
from gonghui.kit.errors import DomainError

PATIENCE_S = 90  # of a wait that ends by itself; a crowded machine takes its time
WAITING = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND wait_event_type = 'Lock'
"""
AT_WORK = """
SELECT pid, state, wait_event_type, wait_event, now() - state_change, left(query, 90) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend'
"""
BACKENDS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
   AND application_name = %s
"""


Lock = tuple
"""A statement that locks something until its transaction ends, and its facts."""


def own_connection(**options: Any) -> psycopg.Connection:
    """To the test's database, past Django and its pool."""
    facts = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    known = {name: connection.settings_dict[key] or None for name, key in facts.items()}
    return psycopg.connect(**known, **options)


# --- Waiting for what is, never for time ------------------------------------------------------------------------


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.005)


def wait_for_waiting(number: int, rivals: Sequence[Rival] = ()) -> None:
    """Until so many backends of this database stand before a lock; seen from a connection of its own."""
    with own_connection(autocommit=True) as watcher:
        try:
            wait_until(lambda: watcher.execute(WAITING).fetchone()[0] >= number, f"{number} waiting")
        except AssertionError as error:
            for said in (*watcher.execute(AT_WORK), *(rival.said for rival in rivals)):
                error.add_note(f"{said}")
            raise


@contextmanager
def holding(lock: Lock) -> Iterator[None]:
    """Another connection holds what the statement locks, until the block ends."""
    statement, *facts = lock
    with own_connection() as holder:
        holder.execute(statement, facts)
        yield


def lock_on(row: Any) -> Lock:
    return f"SELECT 1 FROM {row._meta.db_table} WHERE id = %s FOR UPDATE", row.pk


# --- Rivals in this process -------------------------------------------------------------------------------------


@dataclass
class Rival:
    """One call in its own thread, and so in its own connection; an exception is an answer too."""

    call: Callable[[], Any]
    thread: threading.Thread = field(init=False)
    said: Any = None

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.said = self.call()
        except Exception as error:
            self.said = error
        finally:
            connection.close()

    def answer(self) -> Any:
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive(), "never answered"
        return self.said


def past_the_check(lock: Lock, *calls: Callable[[], Any]) -> list[Any]:
    """Every call has read what it reads and stands before `lock`; then it opens for all of them."""
    with holding(lock):
        rivals = [Rival(call) for call in calls]
        wait_for_waiting(len(calls), rivals)
    return [rival.answer() for rival in rivals]


def in_turn(lock: Lock, *calls: Callable[[], Any]) -> list[Any]:
    """As `past_the_check`, and they queue up in this very order: of three and more at a row the first alone is sure to keep its
    place, for those behind it meet again at the row's next version."""
    with holding(lock):
        rivals = []
        for number, call in enumerate(calls, 1):
            rivals.append(Rival(call))
            wait_for_waiting(number, rivals)
    return [rival.answer() for rival in rivals]


def codes(answers: Sequence[Any]) -> list[str]:
    """What each said: the code of a refusal, the name of anything else."""
    return sorted(a.code if isinstance(a, DomainError) else type(a).__name__ for a in answers)


# --- Processes that are killed ----------------------------------------------------------------------------------

PREFACE = """
import django
django.setup()
from django.db import connection, transaction
from gonghui.kit.actors import Actor
SYSTEM = Actor.system("test")
"""
NAME = "gonghui-race-child"


class Child:
    """A real process of ours on the test's database, to be killed with -9."""

    def __init__(self, program: str, **facts: object) -> None:
        lines = [PREFACE, *(f"{name} = {value!r}" for name, value in facts.items()), program]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "\n".join(lines)],
            env=environment() | {"PGAPPNAME": NAME},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def kill(self) -> None:
        """-9; and until the database has noticed, for it takes back only then."""
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(PATIENCE_S) == -signal.SIGKILL
        with own_connection(autocommit=True) as watcher:
            wait_until(lambda: not watcher.execute(BACKENDS, [NAME]).fetchone()[0], "the backend is gone")

    def said(self) -> str:
        """Its next line: it has come that far, and stands there."""
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        assert readable, "the child said nothing"
        return self.process.stdout.readline().strip()


@contextmanager
def child(program: str, **facts: object) -> Iterator[Child]:
    started = Child(program, **facts)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.kill()
        started.process.stdout.close()
        started.process.stdin.close()


def killed_inside(program: str, **facts: object) -> None:
    """The program runs in one transaction to its end, says so, stands there, and is killed with -9."""
    body = "\n".join(f"    {line}" for line in program.strip().splitlines())
    standing = f'with transaction.atomic():\n{body}\n    print("inside", flush=True)\n    input()'
    with child(standing, **facts) as standing_there:
        assert standing_there.said() == "inside"
        standing_there.kill()


def killed_at(lock: Lock, program: str, **facts: object) -> None:
    """The program runs until it stands before `lock`, half-way through what it writes, and is killed with -9 there."""
    with child(program, **facts) as half_way:
        with holding(lock):
            wait_for_waiting(1)
            half_way.process.send_signal(signal.SIGKILL)
            half_way.process.wait(PATIENCE_S)
        half_way.kill()


# --- Last bytes at once -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    status: int
    body: bytes


def request_of(method: str, path: str, body: bytes, **headers: str) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "host: 127.0.0.1",
        "connection: close",
        f"content-length: {len(body)}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def last_bytes_at_once(
    port: int, requests: Sequence[bytes], *, between: Callable[[], None] | None = None
) -> list[Heard]:
    """Each request on a connection of its own, whole but for its last byte; then all last bytes in one breath.

    Last-byte synchronisation: as many packets as requests, sent one straight after the other. The single-packet attack proper
    ends many HTTP/2 requests in one packet; our server speaks HTTP/1.1 only, where a packet is of one connection. The server
    holds them all ready by then, so nothing of the network lies between them but the breath itself; a test that must not depend
    on it holds a lock as well. `between` runs after that breath, before the answers are read.
    """
    lines = [socket.create_connection(("127.0.0.1", port), PATIENCE_S) for _request in requests]
    try:
        for line, request in zip(lines, requests, strict=True):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(request[:-1])
        for line, request in zip(lines, requests, strict=True):
            line.send(request[-1:])
        if between:
            between()
        return [_answer_on(line) for line in lines]
    finally:
        for line in lines:
            line.close()


def _answer_on(line: socket.socket) -> Heard:
    with closing(line.makefile("rb")) as reader:
        heard = reader.read()
    head, _blank, body = heard.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        body = _dechunked(body)
    return Heard(int(head[9:12]), body)


def _dechunked(raw: bytes) -> bytes:
    whole = b""
    while raw:
        size, _, rest = raw.partition(b"\r\n")
        length = int(size, 16)
        whole, raw = whole + rest[:length], rest[length + 2 :]
    return whole


def signed_in(client: Any) -> dict[str, str]:
    """Headers of a browser that this test client is signed in with, its token against forgery included."""
    token = "r" * 32
    cookies = {name: morsel.value for name, morsel in client.cookies.items()} | {"csrftoken": token}
    return {
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "x_csrftoken": token,
        "accept": "application/json",
    }
