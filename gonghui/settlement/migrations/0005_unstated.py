"""What stands on no statement yet, kept by trigger; the text is in gonghui/settlement/sql/50_unstated.sql."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
FUNCTIONS = (
    "settlement_bill_is_due",
    "settlement_refund_is_due",
    "settlement_lines_are_due",
    "settlement_unstated_by_trigger",
)
UNDO = "".join(f"DROP FUNCTION {name}() CASCADE;" for name in FUNCTIONS)


class Migration(migrations.Migration):

    dependencies = [
        ('bills', '0006_pack_rules'),
        ('partners', '0007_fees'),
        ('settlement', '0004_left_over'),
    ]

    operations = [
        migrations.CreateModel(
            name='Unstated',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('bill', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bills.bill', verbose_name='账单')),
                ('partner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner', verbose_name='商户')),
                ('refund', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bills.billrefund', verbose_name='退货')),
            ],
            options={
                'verbose_name': '未出账',
                'verbose_name_plural': '未出账',
                'indexes': [models.Index(fields=['partner', 'at'], name='settlement_unstated_of')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('bill__isnull', False), ('refund', None)), models.Q(('bill', None), ('refund__isnull', False)), _connector='OR'), name='settlement_unstated_is_one_thing')],
            },
        ),
        migrations.RunSQL((SQL / "50_unstated.sql").read_text(encoding="utf-8"), UNDO),
    ]
