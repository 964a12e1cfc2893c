"""A test database without rows, for tests with real transactions."""

from __future__ import annotations

from django.db import connection, transaction

# Rows that migrations lay down; emptying the database after a test with real transactions leaves them.
REFERENCE_TABLES = {
    "django_migrations",
    "django_content_type",
    "members_workergroup",
    "activities_activitykind",
    "feedback_metricdefinition",
    "settlement_measure",
    "partners_purchaserule",
}
OURS = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def filled(tables: list[str]) -> str:
    """Asks which of these tables have rows."""
    return " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)


def empty_database() -> None:
    """DELETE where there are rows: on small tables far cheaper than TRUNCATE, which makes new files for every one."""
    name, wanted = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    if not name.startswith(wanted):
        raise RuntimeError(f"{name} is not the test database {wanted}; mark the tests with django_db")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(OURS)
        tables = sorted({row[0] for row in cursor.fetchall()} - REFERENCE_TABLES)
        cursor.execute(filled(tables))
        to_empty = [table for (table,) in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")  # no keys, no append-only trail
        for table in to_empty:
            cursor.execute(f"DELETE FROM {table}")
