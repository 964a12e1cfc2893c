"""What a statement leaves for the next one may be owed to the merchant; the text is in gonghui/settlement/sql/40_left_over.sql."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
STATEMENTS = (SQL / "10_statements.sql").read_text(encoding="utf-8")
FORMER = STATEMENTS[STATEMENTS.index("CREATE FUNCTION settlement_statement_guard()") :]
FORMER = FORMER[: FORMER.index("CREATE TRIGGER")].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
UNDO = FORMER + "DROP FUNCTION settlement_is_left_over(settlement_statement);"


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0003_fees'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='statement',
            name='settlement_carried_is_a_debt',
        ),
        migrations.AddIndex(
            model_name='payout',
            index=models.Index(condition=models.Q(('state', 'bounced')), fields=['statement'], name='settlement_payout_bounced'),
        ),
        migrations.RunSQL((SQL / "40_left_over.sql").read_text(encoding="utf-8"), UNDO),
    ]
