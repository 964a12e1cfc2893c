"""What the tables alone cannot say of an application and its thread; the text is in gonghui/joining/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION joining_guard() CASCADE;
DROP FUNCTION joining_said() CASCADE;
DROP TRIGGER joining_entry_stays ON joining_joinentry;
"""


class Migration(migrations.Migration):
    dependencies = [("joining", "0001_applications"), ("kit", "0002_guards")]

    operations = [migrations.RunSQL((SQL / "10_joining.sql").read_text(encoding="utf-8"), UNDO)]
