"""What is in a pack stays, and the places promised to packs do too; the text is in gonghui/bills/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP TRIGGER bills_pool_keeps_packs ON benefits_pool;
DROP FUNCTION bills_pool_keeps_packs();
DROP FUNCTION bills_pack_of_draft() CASCADE;
DROP FUNCTION bills_promised_to_packs(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("bills", "0005_packs")]

    operations = [migrations.RunSQL((SQL / "40_packs.sql").read_text(encoding="utf-8"), UNDO)]
