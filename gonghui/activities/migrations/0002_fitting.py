"""Halls, sessions and pools fit into each other; the text is in gonghui/activities/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "10_sessions.sql"
UNDO = """
DROP FUNCTION activities_session_fits() CASCADE;
DROP FUNCTION activities_hall_keeps_seats() CASCADE;
DROP FUNCTION activities_pool_fits_session() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0001_initial")]

    operations = [migrations.RunSQL(SQL.read_text(encoding="utf-8"), UNDO)]
