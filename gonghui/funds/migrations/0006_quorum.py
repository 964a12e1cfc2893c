"""How many people have to agree to a sum, and who agreed to what."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ("kit", "0002_guards"),
        ('funds', '0005_screening'),
        ('orgs', '0005_health_officer'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('matter', models.CharField(choices=[('budget', '预算'), ('change', '预算调整'), ('grant', '发放福豆'), ('payout', '付款批次')], max_length=8, verbose_name='事项')),
                ('subject', models.BigIntegerField(verbose_name='编号')),
                ('title', models.CharField(max_length=200, verbose_name='内容')),
                ('amount_fen', models.BigIntegerField(verbose_name='金额（分）')),
                ('nth', models.PositiveSmallIntegerField(verbose_name='第几位')),
                ('hands', models.PositiveSmallIntegerField(verbose_name='共要几位')),
                ('is_open', models.BooleanField(default=True, editable=False)),
                ('union', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.union', verbose_name='工会')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人')),
            ],
            options={
                'verbose_name': '复核记录',
                'verbose_name_plural': '复核记录',
                'indexes': [models.Index(fields=['union', '-id'], name='funds_consent_of_union')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('matter', 'subject', 'user'), name='funds_consent_once'), models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('matter', 'subject', 'nth'), name='funds_consent_in_turn'), models.CheckConstraint(condition=models.Q(('nth__gte', 1), ('nth__lte', models.F('hands'))), name='funds_consent_counts')],
            },
        ),
        migrations.CreateModel(
            name='QuorumRule',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('matter', models.CharField(choices=[('budget', '预算'), ('change', '预算调整'), ('grant', '发放福豆'), ('payout', '付款批次')], max_length=8, verbose_name='事项')),
                ('above_fen', models.BigIntegerField(default=0, verbose_name='从多少分起')),
                ('hands', models.PositiveSmallIntegerField(default=2, verbose_name='要几位复核')),
                ('is_active', models.BooleanField(default=True, verbose_name='在用')),
                ('union', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quorum_rules', to='orgs.union', verbose_name='工会及其下级')),
            ],
            options={
                'verbose_name': '多人复核规定',
                'verbose_name_plural': '多人复核规定',
                'constraints': [models.UniqueConstraint(fields=('union', 'matter', 'above_fen'), name='funds_quorum_rule_once'), models.CheckConstraint(condition=models.Q(('above_fen__gte', 0), ('hands__gte', 2), ('hands__lte', 5)), name='funds_quorum_hands')],
            },
        ),
        migrations.RunSQL((SQL / "40_consents.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
