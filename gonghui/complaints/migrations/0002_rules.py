"""What the tables alone cannot say of a complaint and its thread; the text is in gonghui/complaints/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION complaints_guard() CASCADE;
DROP FUNCTION complaints_over() CASCADE;
DROP FUNCTION complaints_said() CASCADE;
DROP FUNCTION complaints_line_guard() CASCADE;
DROP TRIGGER complaints_entry_stays ON complaints_complaintentry;
DROP FUNCTION complaints_entry_guard() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_complaints"), ("kit", "0002_guards")]

    operations = [migrations.RunSQL((SQL / "10_complaints.sql").read_text(encoding="utf-8"), UNDO)]
