"""What the tables alone cannot say; the text is in gonghui/audiences/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP TRIGGER audiences_version_stays ON audiences_audienceversion;
DROP TRIGGER audiences_list_stays ON audiences_peoplelist;
DROP FUNCTION audiences_no_circle() CASCADE;
DROP FUNCTION audiences_guard() CASCADE;
ALTER TABLE audiences_audienceslice DROP CONSTRAINT audience_slice_holds_its_own;
"""


class Migration(migrations.Migration):
    dependencies = [("audiences", "0001_audiences"), ("kit", "0002_guards")]

    operations = [migrations.RunSQL((SQL / "10_audiences.sql").read_text(encoding="utf-8"), UNDO)]
