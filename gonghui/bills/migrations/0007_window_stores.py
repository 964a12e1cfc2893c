"""A window for some stores is for stores of its own offer; the text is in gonghui/bills/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = "DROP FUNCTION bills_windows_at_own_stores() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("bills", "0006_pack_rules")]

    operations = [migrations.RunSQL((SQL / "50_window_stores.sql").read_text(encoding="utf-8"), UNDO)]
