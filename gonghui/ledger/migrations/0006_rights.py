from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_days'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), models.Q(('credits_pending', 0), ('debits_pending', 0)), _connector='OR'), name='ledger_account_closed_at_rest'),
        ),
        migrations.RunSQL((SQL / "80_rights.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
