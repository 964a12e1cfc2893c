"""Nobody belongs to a union that has ended; the text is in gonghui/members/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"
UNDO = """
DROP TRIGGER members_all_gone ON orgs_union;
DROP FUNCTION members_all_gone();
DROP FUNCTION members_revived() CASCADE;
DROP FUNCTION members_joined() CASCADE;
DROP FUNCTION members_union_lives(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0005_membership_change"),
        ("orgs", "0007_registrations"),
        ("kit", "0002_guards"),
    ]

    operations = [migrations.RunSQL((SQL / "10_living_unions.sql").read_text(encoding="utf-8"), UNDO)]
