"""Audit that code cannot forget: one trigger on every table records who changed what from what.

The trigger reads `gonghui.actor`, `gonghui.channel`, `gonghui.request` and `gonghui.reason`, which `kit.actions` sets for
the transaction. Sealed columns are recorded as they stand, sealed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from django.apps import apps
from django.db import connection

from gonghui.kit.actors import Actor

REASON_LENGTH_MIN = 4  # of a reason somebody types


@dataclass(frozen=True, slots=True)
class Audit:
    ALL: ClassVar[Audit]
    CHANGES: ClassVar[Audit]

    events: tuple[str, ...]
    reason: str = ""

    @classmethod
    def no(cls, reason: str) -> Audit:
        if not reason:
            raise ValueError("a table without audit needs a reason")
        return cls((), reason)


# Class attributes, so that models read `audit = Audit.ALL`.
Audit.ALL = Audit(("INSERT", "UPDATE", "DELETE"))
# For rows whose insertion is itself the record (vouchers, messages).
Audit.CHANGES = Audit(("UPDATE", "DELETE"))

TRIGGER = "CREATE OR REPLACE TRIGGER zz_audit AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION kit_audit_row()"


def audited_models() -> list:
    """Every concrete model of ours; a model of ours without `audit` fails the system check."""
    return [m for m in apps.get_models() if hasattr(m, "audit") and not m._meta.proxy and m._meta.managed]


def install_triggers(**_signal) -> None:
    """After each migrate: every table has the trigger its model declares, and no other."""
    wanted = {m._meta.db_table: m.audit.events for m in audited_models()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('kit_audit_row')")
        if cursor.fetchone()[0] is None:
            return
        existing = set(connection.introspection.table_names(cursor))
        for table, events in wanted.items():
            if table in existing:
                cursor.execute(_trigger_sql(table, events))


def _trigger_sql(table: str, events: tuple[str, ...]) -> str:
    quoted = connection.ops.quote_name(table)
    if not events:
        return f"DROP TRIGGER IF EXISTS zz_audit ON {quoted}"
    return TRIGGER.format(events=" OR ".join(events), table=quoted)


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
