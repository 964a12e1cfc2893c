"""Audit that code cannot forget: one trigger on every table records who changed what from what.

The trigger reads `gonghui.actor`, `gonghui.channel`, `gonghui.request` and `gonghui.reason`, which `kit.actions` sets for
the transaction. The trail cannot be taken back, so it keeps nothing that would outlive a person who is forgotten: of sealed
columns only what opens with the secret of their row, of blind indexes and of what a model hides only that it changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from django.apps import apps
from django.db import connection, transaction

from gonghui.kit.actors import Actor

UNTOLD = "…"
"""What the trail says of a value it does not keep."""
REASON_LENGTH_MIN = 4  # of a reason somebody types


@dataclass(frozen=True, slots=True)
class Audit:
    ALL: ClassVar[Audit]
    CHANGES: ClassVar[Audit]

    events: tuple[str, ...]
    reason: str = ""
    hidden: tuple[str, ...] = ()

    def hiding(self, *columns: str) -> Audit:
        """The trail says that these changed, never what they were."""
        return replace(self, hidden=(*self.hidden, *columns))

    @classmethod
    def no(cls, reason: str) -> Audit:
        if not reason:
            raise ValueError("a table without audit needs a reason")
        return cls((), reason)


# Class attributes, so that models read `audit = Audit.ALL`.
Audit.ALL = Audit(("INSERT", "UPDATE", "DELETE"))
# For rows whose insertion is itself the record (vouchers, messages).
Audit.CHANGES = Audit(("UPDATE", "DELETE"))

TRIGGER = "CREATE OR REPLACE TRIGGER zz_audit AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION kit_audit_row({arguments})"
TAKEN_OUT = """
WITH told AS (SELECT %s::text[] AS hidden, %s::text[] AS sealed),
     line AS (SELECT a.id, kit_audit_leaf(a) AS leaf, kit_audit_all_told(before, hidden, sealed) AS before,
                     kit_audit_all_told(after, hidden, sealed) AS after
                FROM kit_audit a, told
               WHERE table_name = %s AND op IN ('INSERT', 'UPDATE', 'DELETE')
                 AND (before ?| (hidden || sealed) OR after ?| (hidden || sealed))),
     kept AS (INSERT INTO kit_trailredaction (entry_id, leaf) SELECT id, leaf FROM line ON CONFLICT DO NOTHING)
UPDATE kit_audit a SET before = line.before, after = line.after, nonce = NULL FROM line WHERE line.id = a.id
"""


def audited_models() -> list:
    """Every concrete model of ours; a model of ours without `audit` fails the system check."""
    return [m for m in apps.get_models() if hasattr(m, "audit") and not m._meta.proxy and m._meta.managed]


def install_triggers(**_signal) -> None:
    """After each migrate: every table has the trigger its model declares, and no other."""
    wanted = {m._meta.db_table: m for m in audited_models()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('kit_audit_row')")
        if cursor.fetchone()[0] is None:
            return
        existing = set(connection.introspection.table_names(cursor))
        told = _arguments_in_use(cursor)
        for table, model in wanted.items():
            if table in existing:
                cursor.execute(_trigger_sql(model))
                if model.audit.events and _arguments(model) not in ("", told.get(table)):
                    _take_out_of_trail(cursor, model)


def _trigger_sql(model) -> str:
    table, events = connection.ops.quote_name(model._meta.db_table), model.audit.events
    if not events:
        return f"DROP TRIGGER IF EXISTS zz_audit ON {table}"
    return TRIGGER.format(events=" OR ".join(events), table=table, arguments=_arguments(model))


def _arguments(model) -> str:
    """What it hides, what of it is sealed, and what a change of keys alone may rewrite without a line."""
    hidden, sealed = hidden_columns(model), sealed_columns(model)
    keyed = sorted({*sealed, *hidden} - {model._meta.get_field(name).column for name in model.audit.hidden})
    told = (hidden, sealed, keyed)
    return ", ".join(f"'{{{','.join(columns)}}}'" for columns in told) if hidden or sealed else ""


def _arguments_in_use(cursor) -> dict[str, str]:
    """Table → what its trigger is told, in the same words."""
    cursor.execute(
        "SELECT tgrelid::regclass::text, array_to_string(array_remove(string_to_array("
        "encode(tgargs, 'escape'), %s), ''), %s) FROM pg_trigger WHERE tgname = 'zz_audit'",
        [r"\000", "', '"],
    )
    return {table: f"'{said}'" if said else "" for table, said in cursor.fetchall()}


def _take_out_of_trail(cursor, model) -> None:
    """What a table hides from now on goes from what was written before, by the owner of the trail: nobody else may."""
    with transaction.atomic():
        cursor.execute("ALTER TABLE kit_audit DISABLE TRIGGER kit_audit_rows_stay")
        cursor.execute(TAKEN_OUT, [hidden_columns(model), sealed_columns(model), model._meta.db_table])
        cursor.execute("ALTER TABLE kit_audit ENABLE TRIGGER kit_audit_rows_stay")


def hidden_columns(model) -> list[str]:
    """Of which the trail keeps only that they changed."""
    from gonghui.kit.fields import BlindIndexField, RowSecretField

    named = {model._meta.get_field(name).column for name in model.audit.hidden}
    own = {f.column for f in model._meta.concrete_fields if isinstance(f, BlindIndexField | RowSecretField)}
    return sorted(named | own)


def sealed_columns(model) -> list[str]:
    """Of which the trail keeps what only the secret of the row opens."""
    from gonghui.kit.fields import SealedField

    return sorted(
        {f.column for f in model._meta.concrete_fields if isinstance(f, SealedField)}
        - {*hidden_columns(model)}
    )


def record_unmask(actor: Actor, rows: Iterable, *, fields: Iterable[str], reason: str) -> None:
    """Somebody looked at unmasked personal data: who, whose, which fields, why."""
    from gonghui.kit.models import AuditEntry

    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor_id=actor.user_id,
            channel=actor.channel,
            reason=reason,
            op="UNMASK",
            table_name=row._meta.db_table,
            row_id=row.pk,
            after={"fields": sorted(fields)},
        )
        for row in rows
    )


def trail_of(row):
    """The audit trail of one object its reader has already been allowed to fetch, newest first."""
    from gonghui.kit.models import AuditEntry

    return (
        AuditEntry.objects.unscoped("trail of one fetched object")
        .filter(table_name=row._meta.db_table, row_id=row.pk)
        .order_by("-id")
    )
