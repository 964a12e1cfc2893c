"""No use of an external coupon without its transfers; the text is in gonghui/bills/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = "DROP FUNCTION bills_external_moved() CASCADE; DROP FUNCTION bills_external_stays() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("bills", "0010_external_waiting"), ("ledger", "0002_rules"), ("kit", "0002_guards")]

    operations = [migrations.RunSQL((SQL / "60_external.sql").read_text(encoding="utf-8"), UNDO)]
