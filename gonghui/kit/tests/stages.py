"""A stage of rows, built once by its actions and then laid down row by row.

Thousands of tests begin with the same people, hundreds with the same money. Whoever asks first has it built, by its actions and
under every constraint. What that did to the database is kept for minutes, and everybody, the first one too, is given those rows
and objects of their own. Only where the database is as it was for the first: nothing written since the stage below was laid, and
a moved clock moved to the same instant.
"""

from __future__ import annotations

import functools
import io
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, is_dataclass
from typing import Any, TypeVar

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import Model
from psycopg.sql import quote
from time_machine import traveller_stack

KEPT_S = 180  # what begins now and ends in ten minutes is still so
# What a stage below can have been asked since it was laid, without being another.
ASKING = (
    'SELECT "',
    '(SELECT "',
    "SELECT 1 AS",
    "SELECT COUNT(",
    "SELECT NOT EXISTS",
    "SAVEPOINT",
    "RELEASE",
)
BARE = "SELECT NOT EXISTS (SELECT FROM accounts_user) AND NOT EXISTS (SELECT FROM orgs_union)"
ACTOR = ("gonghui.actor", "gonghui.channel", "gonghui.request", "gonghui.reason")

T = TypeVar("T")


@dataclass
class Kept:
    """What a stage does to the database, and its objects, pickled: those it changed by their number, and what it returns."""

    at: float
    sql: str
    objects: bytes


class Ground:
    """What stands in the database of this process's test: names of stages, one on the other; None when somebody wrote since."""

    def __init__(self) -> None:
        self.laid: tuple | None = None
        self.kept: dict[tuple, Kept] = {}

    def forget(self) -> None:
        """Between tests: whoever builds now builds for many."""
        self.laid = None

    def stand(self, laid: tuple) -> None:
        self.laid = laid
        if self._watch not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._watch)

    def _watch(self, execute, sql, params, many, context):
        if not (isinstance(sql, str) and sql.startswith(ASKING)):
            self.laid = None
            connection.execute_wrappers.remove(self._watch)
        return execute(sql, params, many, context)

    def known(self) -> bool:
        if self.laid is None or threading.current_thread() is not threading.main_thread():
            return False
        return _may_lay() and (self.laid != () or _one(BARE))


GROUND = Ground()


@pytest.fixture(autouse=True)
def bare_ground():
    """A test begins with nothing, and what it laid is gone when it ends."""
    GROUND.stand(())
    yield
    GROUND.forget()


def kept(build: Callable[..., T]) -> Callable[..., T]:
    """Of a function that writes rows and nothing else; what it is given are rows, stages and plain words."""

    @functools.wraps(build)
    def lay(*args: Any, **kwargs: Any) -> T:
        if not GROUND.known():
            return build(*args, **kwargs)
        given = list(_parts((args, kwargs)))
        key = (*GROUND.laid, (build.__module__, build.__qualname__, _moved_to(), tuple(map(_shape, given))))
        found = GROUND.kept.get(key)
        if found is None or time.monotonic() - found.at > KEPT_S:
            found = GROUND.kept[key] = _build(build, args, kwargs, given)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(found.sql)
        GROUND.stand(key)
        return _load(found.objects, given)

    return lay


def _build(build: Callable, args: tuple, kwargs: dict, given: list) -> Kept:
    """Built, looked at, and taken back."""
    GROUND.laid = None  # stages below this one are built with it
    before_objects = [_dump(_state(part), []) for part in given]
    alone = not connection.in_atomic_block
    with transaction.atomic():
        if alone:  # no row of another process is ours
            _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        before = _rows()
        with _still():
            result = build(*args, **kwargs)
        sql = _difference(before, _rows())
        transaction.set_rollback(True)
    changed = {
        nth: _state(part) for nth, part in enumerate(given) if _dump(_state(part), []) != before_objects[nth]
    }
    return Kept(time.monotonic(), sql, _dump((changed, result), given))


def _moved_to() -> int | None:
    """The instant this test moved the clock to; None where it is the time of day."""
    return traveller_stack[-1]._destination_timestamp_ns if traveller_stack else None


def _still() -> AbstractContextManager:
    """A moved clock that goes on stands where it was moved to: whoever is given these rows comes there no earlier."""
    if not traveller_stack or not traveller_stack[-1]._tick:
        return nullcontext()
    return time_machine.travel(_moved_to() // 10**9, tick=False)


def _parts(found: Any) -> Iterator[Any]:
    """Rows, stages and words, in order; not what hangs on a row."""
    if isinstance(found, dict):
        found = [part for pair in found.items() for part in pair]
    if isinstance(found, (list, tuple, set, frozenset)):
        yield len(found)
        for part in found:
            yield from _parts(part)
        return
    yield found
    if is_dataclass(found):
        yield from _parts(vars(found))


def _shape(part: Any) -> Any:
    if isinstance(part, Model):
        return type(part), part.pk
    return type(part) if is_dataclass(part) else part


def _state(part: Any) -> dict:
    return vars(part) if _is_ours(part) else {}


def _is_ours(part: Any) -> bool:
    return isinstance(part, Model) or is_dataclass(part)


def _dump(value: Any, given: list) -> bytes:
    numbers = {id(part): nth for nth, part in enumerate(given) if _is_ours(part)}

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> int | None:
            return numbers.get(id(obj))

    out = io.BytesIO()
    Pickler(out).dump(value)
    return out.getvalue()


def _load(objects: bytes, given: list) -> Any:
    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: int) -> Any:
            return given[pid]

    changed, result = Unpickler(io.BytesIO(objects)).load()
    for nth, state in changed.items():
        vars(given[nth]).clear()
        vars(given[nth]).update(state)
    return result


def _run(statement: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@functools.cache
def _may_lay() -> bool:
    """Rows are laid past keys and triggers: a superuser's right. On a server that gives none, every stage is built live."""
    return _one("SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND NOT rolsuper)")


@functools.cache
def _columns() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in _run(
        "SELECT c.oid::regclass::text, quote_ident(a.attname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
        " AND a.attgenerated = '' ORDER BY c.oid::regclass::text, a.attnum"
    ):
        found.setdefault(table, []).append(column)
    return found


def _rows() -> dict[str, dict[str, str]]:
    """By table: each row as text, and as values to insert."""
    known = _columns()
    filled = [
        t for (t,) in _run(" UNION ALL ".join(f"SELECT '{t}' WHERE EXISTS (SELECT FROM {t})" for t in known))
    ]
    found = {}
    for table in filled:
        values = ", ".join(f"quote_nullable({column}::text)" for column in known[table])
        found[table] = dict(_run(f"SELECT t::text, '(' || concat_ws(', ', {values}) || ')' FROM {table} t"))
    return found


def _difference(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> str:
    """From the one to the other, without keys and triggers: they have spoken when it was built."""
    lines = ["SET LOCAL session_replication_role = replica"]
    for table in sorted(before | after):
        was, now = before.get(table, {}), after.get(table, {})
        gone, new = was.keys() - now.keys(), [values for row, values in now.items() if row not in was]
        if gone:
            rows = ", ".join(_quoted(row) for row in sorted(gone))
            lines.append(f"DELETE FROM {table} t WHERE t::text IN ({rows})")
        if new:
            columns = ", ".join(_columns()[table])
            lines.append(f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES {', '.join(new)}")
    lines.append("SET LOCAL session_replication_role = origin")
    if connection.in_atomic_block:  # the actions of a stage leave their actor behind
        lines += [f"SELECT set_config('{name}', {_quoted(value)}, true)" for name, value in _actor()]
    return "; ".join(lines)


def _actor() -> list[tuple[str, str]]:
    return [(name, _one(f"SELECT coalesce(current_setting('{name}', true), '')")) for name in ACTOR]


def _quoted(text: str) -> str:
    return quote(text, connection.connection)
