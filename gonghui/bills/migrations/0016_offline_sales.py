"""Bills a till sold without network: when that was, and what one pack of a phone may sell."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bills', '0015_returned_at'),
        ('members', '0004_pay_codes'),
        ('orgs', '0005_health_officer'),
        ('partners', '0007_fees'),
        ('payments', '0003_payer_identities'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PackUse',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('issued_at', models.DateTimeField()),
                ('used', models.PositiveIntegerField(default=0)),
                ('most', models.PositiveIntegerField()),
                ('funded_fen', models.PositiveBigIntegerField(default=0)),
                ('most_fen', models.PositiveBigIntegerField()),
            ],
            options={
                'verbose_name': '离线收银用量',
                'verbose_name_plural': '离线收银用量',
            },
        ),
        migrations.AddField(
            model_name='bill',
            name='offline_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='离线收银时间'),
        ),
        migrations.AddConstraint(
            model_name='bill',
            constraint=models.CheckConstraint(condition=models.Q(('offline_at', None), models.Q(('method__in', ['', 'cash']), ('offline_at__lte', models.F('at')), ('payment', None), ('points', 0)), _connector='OR'), name='bills_bill_offline_is_cash'),
        ),
        migrations.AddField(
            model_name='packuse',
            name='clerk',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='packuse',
            name='store',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.store'),
        ),
        migrations.AddConstraint(
            model_name='packuse',
            constraint=models.UniqueConstraint(fields=('store', 'clerk', 'issued_at'), name='bills_pack_use_once'),
        ),
        migrations.AddConstraint(
            model_name='packuse',
            constraint=models.CheckConstraint(condition=models.Q(('funded_fen__lte', models.F('most_fen')), ('used__lte', models.F('most'))), name='bills_pack_never_overused'),
        ),
    ]
