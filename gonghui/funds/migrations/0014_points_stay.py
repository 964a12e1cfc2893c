from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('funds', '0013_lot_stayed'),
        ('ledger', '0006_rights'),
    ]

    operations = [
        migrations.RunSQL((SQL / "80_points_stay.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
