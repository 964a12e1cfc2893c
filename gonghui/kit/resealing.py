"""After a rotation: every sealed column and blind index under the current keys, while everybody goes on reading and writing.

A batch is read without locks and written by one statement that changes only what is still as it was read, so a concurrent write
wins. How far each table has come is kept; a killed run goes on from there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from gonghui.kit import clock
from gonghui.kit.crypto import LAYOUT_VERSION, ROW_LAYOUT_VERSION, ROW_SECRET_BYTES, Keyring, get_keyring
from gonghui.kit.fields import BlindIndexField, RowSealedTextField, SealedField, secret_field
from gonghui.kit.models import Resealing

BATCH_ROWS = 200
RESEALING = "SELECT set_config('gonghui.resealing', 'on', true)"
Progress = Callable[[str, int], None]


@dataclass(slots=True)
class Table:
    """One table: what of it is sealed, and by which columns it is found."""

    model: type[models.Model]
    contexts: dict[str, str] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    indexes: dict[str, BlindIndexField] = field(default_factory=dict)
    secret: str = ""

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> list[str]:
        return [*self.contexts, *self.indexes]


def tables() -> list[Table]:
    """A model says by hand what it seals itself: `sealed_by_hand = {"content": context}`."""
    found = []
    for model in apps.get_models():
        if model._meta.proxy or not model._meta.managed:
            continue
        table = Table(model, dict(getattr(model, "sealed_by_hand", {})))
        for column in model._meta.concrete_fields:
            if isinstance(column, SealedField):
                table.contexts[column.column] = column.context
            if isinstance(column, RowSealedTextField):
                table.bound.add(column.column)
            if isinstance(column, BlindIndexField) and column.of:
                table.indexes[column.column] = column
        if own := secret_field(model):
            table.secret = own.column
        if table.contexts:
            found.append(table)
    return found


def passing_indexes() -> list[tuple[type[models.Model], str]]:
    """Blind indexes of nothing that is kept: they cannot be made anew, and go by themselves within days."""
    return [
        (model, column.column)
        for model in apps.get_models()
        if not model._meta.proxy and model._meta.managed
        for column in model._meta.concrete_fields
        if isinstance(column, BlindIndexField) and not column.of
    ]


def progress_of(table: Table, ring: Keyring) -> Resealing:
    """Where this table's run stands; a further rotation begins it anew."""
    keys = {"seal_key": ring.current_id("seal"), "index_key": ring.current_id("index")}
    run, _made = Resealing.objects.unscoped("the run's own note").get_or_create(
        table=table.name, defaults={**keys, "started_at": clock.now()}
    )
    if (run.seal_key, run.index_key) != (keys["seal_key"], keys["index_key"]):
        run.seal_key, run.index_key = keys["seal_key"], keys["index_key"]
        run.upto, run.rows_seen, run.rows_done, run.rows_refused = 0, 0, 0, 0
        run.started_at, run.finished_at = clock.now(), None
        run.save()
    return run


def reseal_all(
    on_progress: Progress = lambda _table, _rows: None, *, until: Any = None, anew: bool = False
) -> bool:
    """True when every table is done; stops at `until` and goes on there the next time. `anew` looks at what is done again."""
    ring = get_keyring()
    for table in tables():
        run = progress_of(table, ring)
        if anew and run.finished_at is not None:
            run.upto, run.rows_seen, run.finished_at = 0, 0, None
        while run.finished_at is None:
            if until is not None and clock.now() >= until:
                return False
            seen = reseal_batch(table, run, ring)
            on_progress(table.name, seen)
    return True


def reseal_batch(table: Table, run: Resealing, ring: Keyring) -> int:
    """The next rows after `run.upto`; the note moves in the transaction that writes them."""
    rows = _read(table, run.upto)
    changes = [change for row in rows if (change := _change(table, row, ring))]
    with transaction.atomic():
        done, refused = _write(table, changes)
        run.rows_seen += len(rows)
        run.rows_done, run.rows_refused = run.rows_done + done, run.rows_refused + refused
        run.rows_lost += len(changes) - done - refused
        run.upto = rows[-1]["id"] if rows else run.upto
        if len(rows) < BATCH_ROWS:
            _end_pass(run)
        run.save()
    return len(rows)


def _end_pass(run: Resealing) -> None:
    if run.rows_lost:
        run.upto, run.rows_lost, run.rows_refused = 0, 0, 0
    else:
        run.finished_at = clock.now()


def _read(table: Table, upto: int) -> list[dict[str, Any]]:
    columns = ["id", *table.columns, *([table.secret] if table.secret else [])]
    columns = list(dict.fromkeys(columns))
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT {", ".join(columns)} FROM "{table.name}" WHERE id > %s ORDER BY id LIMIT %s',  # noqa: S608
            [upto, BATCH_ROWS],
        )
        return [
            {
                name: value if name == "id" or value is None else bytes(value)
                for name, value in zip(columns, row, strict=True)
            }
            for row in cursor.fetchall()
        ]


@dataclass(slots=True)
class Change:
    row_id: int
    before: dict[str, bytes | None]
    after: dict[str, bytes | None]


def _change(table: Table, row: dict[str, Any], ring: Keyring) -> Change | None:
    """What of a row is not yet as the current keys would write it; None when all is."""
    sealed = {name: row[name] for name in table.contexts if row[name] is not None and name != table.secret}
    held = row.get(table.secret) if table.secret else None
    secret = ring.open(table.contexts[table.secret], held) if held else None
    if table.secret and secret is None and any(raw[0] == ROW_LAYOUT_VERSION for raw in sealed.values()):
        return None  # forgotten: nobody opens it
    after: dict[str, bytes | None] = {}
    is_new = bool(table.secret) and secret is None and any(name in table.bound for name in sealed)
    if is_new:
        secret = secrets.token_bytes(ROW_SECRET_BYTES)
    if secret is not None and (is_new or not ring.is_current(held or b"")):
        after[table.secret] = ring.seal(table.contexts[table.secret], secret)
    plain: dict[str, bytes] = {}
    for name, raw in sealed.items():
        own = secret if name in table.bound else None
        wanted = LAYOUT_VERSION if own is None else ROW_LAYOUT_VERSION
        is_asked = any(index.of == name for index in table.indexes.values())
        if is_asked or raw[0] != wanted or not ring.is_current(raw):
            plain[name] = ring.open(table.contexts[name], raw, row_secret=own)
        if raw[0] != wanted or not ring.is_current(raw):
            after[name] = ring.seal(table.contexts[name], plain[name], row_secret=own)
    for name, index in table.indexes.items():
        if (
            index.of in plain
            and (found := ring.blind_index(index.context, plain[index.of].decode())) != row[name]
        ):
            after[name] = found
    if not after:
        return None
    # An index stands and falls with what it is of: both are compared, whichever changes.
    asked = {*after, *(table.indexes[name].of for name in after if name in table.indexes)}
    return Change(row["id"], {name: row[name] for name in asked}, after)


def _write(table: Table, changes: list[Change]) -> tuple[int, int]:
    """In one statement for each set of columns; row by row where a guard of the table refuses one of them."""
    done = refused = 0
    kinds: dict[tuple, list[Change]] = {}
    for change in changes:
        kinds.setdefault((tuple(sorted(change.after)), tuple(sorted(change.before))), []).append(change)
    for (written, compared), group in kinds.items():
        try:
            with transaction.atomic():
                done += _set(table, written, compared, group)
        except DatabaseError:
            for change in group:
                try:
                    with transaction.atomic():
                        done += _set(table, written, compared, [change])
                except DatabaseError:
                    refused += 1
    return done, refused


def _set(table: Table, written: tuple, compared: tuple, group: list[Change]) -> int:
    sets = ", ".join(f'"{name}" = c.new_{name}' for name in written)
    still = " AND ".join(f't."{name}" IS NOT DISTINCT FROM c.old_{name}' for name in compared)
    names = ["id", *(f"new_{name}" for name in written), *(f"old_{name}" for name in compared)]
    arrays = ["%s::bigint[]", *["%s::bytea[]"] * (len(names) - 1)]
    values: list[Iterable] = [[change.row_id for change in group]]
    values += [[change.after[name] for change in group] for name in written]
    values += [[change.before[name] for change in group] for name in compared]
    with connection.cursor() as cursor:
        cursor.execute(RESEALING)
        cursor.execute(
            f'UPDATE "{table.name}" t SET {sets} FROM unnest({", ".join(arrays)}) AS c ({", ".join(names)})'  # noqa: S608
            f" WHERE t.id = c.id AND {still}",
            values,
        )
        return cursor.rowcount


def still_needed(purpose: str, number: int) -> dict[str, int]:
    """Table → rows that only this key opens, or finds; empty when it may be retired."""
    ring, found = get_keyring(), {}
    if purpose == "seal":
        for table in tables():
            if count := _sealed_under(table, number):
                found[table.name] = count
        return found
    for table in tables():
        run = progress_of(table, ring)
        if table.indexes and (run.finished_at is None or run.rows_refused):
            found[table.name] = run.rows_refused or table.model._base_manager.count()
    for model, column in passing_indexes():
        runs = Resealing.objects.unscoped("the run's own note").filter(index_key=ring.current_id("index"))
        began = runs.order_by("started_at").values_list("started_at", flat=True).first() or clock.now()
        rows = model._base_manager.filter(updated_at__lt=began).exclude(**{f"{column}__isnull": True})
        if count := rows.count():
            found[model._meta.db_table] = count
    return found


def _sealed_under(table: Table, number: int) -> int:
    header = number.to_bytes(2, "big")
    asked = " OR ".join(f'substring("{name}" FROM 2 FOR 2) = %s' for name in table.contexts)
    if table.secret:  # what was forgotten opens under no key
        forgotten = f'"{table.secret}" IS NULL AND ' + " AND ".join(
            f'coalesce(get_byte("{name}", 0), 2) = 2' for name in table.bound
        )
        asked = f"({asked}) AND NOT ({forgotten})"
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table.name}" WHERE {asked}', [header] * len(table.contexts))  # noqa: S608
        return cursor.fetchone()[0]
