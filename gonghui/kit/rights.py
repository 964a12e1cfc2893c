"""What the services may do in the database: read and write rows. They own nothing.

Whoever migrates owns the tables and may do anything with them. Pages, gate and worker connect as `gonghui_app`, which cannot
change or remove what `kit_append_only` keeps (transfers, blocks, the audit trail), nor write a column that the database keeps
itself (`kept_by_database` of the model), nor empty a table, set a trigger aside or alter anything.
docs/decisions/0014-services-own-nothing.md
"""

from __future__ import annotations

from typing import Any

ROLE = "gonghui_app"

ROLE_MADE = """
DO $$ BEGIN
    IF to_regrole('gonghui_app') IS NULL
       AND (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('CREATE ROLE gonghui_app LOGIN PASSWORD %L', nullif(current_setting('gonghui.secret'), ''));
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server was quicker
END $$
"""
GRANTED = f"""
GRANT USAGE ON SCHEMA public TO {ROLE};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}
"""
REFUSED_BY_TRIGGER = """
SELECT DISTINCT tgrelid::regclass::text, event
  FROM pg_trigger, (VALUES (8, 'DELETE'), (16, 'UPDATE')) AS known (bit, event)
 WHERE tgfoid = to_regproc('kit_append_only') AND tgtype & bit > 0 AND tgattr = '' AND tgqual IS NULL ORDER BY 1, 2
"""
"""What a trigger refuses whatever the row; the bits of `pg_trigger.tgtype` are PostgreSQL's (catalog/pg_trigger.h)."""


def install_rights(connection: Any) -> bool:
    """After each migrate, on its (Django) connection. False where the role is missing and none may be made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('gonghui.secret', %s, false)", [connection.settings_dict["PASSWORD"]]
        )
        cursor.execute(ROLE_MADE)
        cursor.execute("SELECT set_config('gonghui.secret', '', false)")
        cursor.execute("SELECT to_regrole(%s) IS NOT NULL", [ROLE])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(REFUSED_BY_TRIGGER)
        refused = [f"REVOKE {event} ON {table} FROM {ROLE}" for table, event in cursor.fetchall()]
        cursor.execute(";".join([GRANTED, *refused, *kept_columns()]))
    return True


def kept_columns() -> list[str]:
    """Of a table that keeps columns itself, the others may be written."""
    from django.apps import apps  # the launcher and the doctor read the role's name without Django

    said = []
    for model in apps.get_models():
        if kept := getattr(model, "kept_by_database", ()):
            own = ", ".join(f'"{f.column}"' for f in model._meta.concrete_fields if f.name not in kept)
            table = model._meta.db_table
            said += [f"REVOKE UPDATE ON {table} FROM {ROLE}", f"GRANT UPDATE ({own}) ON {table} TO {ROLE}"]
    return said
