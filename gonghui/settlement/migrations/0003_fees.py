"""The service fee on lines and in the ledger; the text is in gonghui/settlement/sql/30_fees.sql."""

from pathlib import Path

import django.db.models.expressions
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP FUNCTION settlement_fees_add_up() CASCADE; DROP FUNCTION settlement_fee_is_posted() CASCADE;"


class Migration(migrations.Migration):

    dependencies = [
        ('bills', '0006_pack_rules'),
        ('ledger', '0002_rules'),
        ('partners', '0007_fees'),
        ('settlement', '0002_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='statementline',
            name='fee_bp',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='服务费（万分比）'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('fee_fen', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('union_fen'), '+', models.F('employer_fen')), '+', models.F('points_fen')), '+', models.F('online_fen')), '*', models.F('fee_bp')), '/', models.Value(10000))), ('kind', 'bill')), models.Q(('fee_fen__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('union_fen'), '+', models.F('employer_fen')), '+', models.F('points_fen')), '+', models.F('online_fen'))), ('fee_fen__lte', 0), ('kind', 'refund')), models.Q(('fee_bp', 0), ('fee_fen', 0), ('kind', 'adjustment')), _connector='OR'), name='settlement_line_fee'),
        ),
        migrations.RunSQL((SQL / "30_fees.sql").read_text(encoding="utf-8"), UNDO),
    ]
