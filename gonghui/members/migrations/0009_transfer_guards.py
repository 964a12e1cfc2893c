"""What the tables alone cannot say of transfers and changes; the text is in gonghui/members/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION members_transfer_guard() CASCADE;
DROP FUNCTION members_transfer_whole() CASCADE;
DROP FUNCTION members_on_its_way() CASCADE;
DROP FUNCTION members_transfer_step_guard() CASCADE;
DROP TRIGGER members_transfer_step_stays ON members_transferstep;
DROP FUNCTION members_membership_over() CASCADE;
DROP FUNCTION members_arrives_otherwise() CASCADE;
DROP FUNCTION members_transfer_follows() CASCADE;
DROP FUNCTION members_change_way() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0008_transfers"), ("kit", "0002_guards")]

    operations = [
        migrations.RunSQL(
            "\n".join((SQL / name).read_text(encoding="utf-8") for name in ("20_transfers.sql", "30_changes.sql")), UNDO
        )
    ]
