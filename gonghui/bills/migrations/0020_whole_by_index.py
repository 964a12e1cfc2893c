"""Bills are found to be whole by index, whatever the statistics say; the text is in gonghui/bills/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"
UNDO = "ALTER FUNCTION bills_bill_whole() RESET ALL; ALTER FUNCTION bills_refund_whole() RESET ALL"


class Migration(migrations.Migration):
    dependencies = [("bills", "0019_offer_keys")]

    operations = [migrations.RunSQL((SQL / "90_whole_by_index.sql").read_text(encoding="utf-8"), UNDO)]
