"""An order without an amount is answered as such; the text is in gonghui/ledger/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_rules")]

    operations = [
        migrations.RunSQL((SQL / "60_missing.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop)
    ]
