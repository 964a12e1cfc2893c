"""How a supplier was chosen, and the rule from which sum on quotes are compared; the one shipped is nobody's word yet."""

from datetime import date

import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

CLAUSE = "工会采购按工会自己的采购办法比较选定：一年 1 万元以上比较三家（金额为常见做法，请按本级采购办法修改）"


def ship_rule(apps, _editor):
    facts = {"above_fen": 10_000_00, "quotes_min": 3, "clause": CLAUSE, "effective_from": date(2018, 1, 1)}
    apps.get_model("partners", "PurchaseRule").objects.create(**facts)


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0005_health_officer'),
        ('partners', '0007_fees'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PurchaseRule',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('above_fen', models.BigIntegerField(default=0, verbose_name='从多少分起')),
                ('quotes_min', models.PositiveSmallIntegerField(default=3, verbose_name='至少比几家')),
                ('clause', models.CharField(max_length=200, verbose_name='依据')),
                ('effective_from', models.DateField(verbose_name='施行日期')),
                ('effective_until', models.DateField(blank=True, null=True, verbose_name='废止日期')),
                ('is_verified', models.BooleanField(default=False, help_text='有人对照文件核过条文和金额以后再勾。没有核实的也照样约束。', verbose_name='已核实')),
            ],
            options={
                'verbose_name': '采购比选规定',
                'verbose_name_plural': '采购比选规定',
            },
        ),
        migrations.AddField(
            model_name='agreement',
            name='chosen_by',
            field=models.CharField(blank=True, choices=[('comparison', '比选'), ('framework', '框架协议'), ('tender', '招标'), ('single', '单一来源')], db_default='', default='', editable=False, max_length=12, verbose_name='选定方式'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='chosen_why',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=300, verbose_name='理由或文件'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='is_purchase',
            field=models.BooleanField(db_default=False, default=False, help_text='工会用经费向这家单位买东西或服务的，要写明怎样选定；职工自己去消费、工会只补贴的不算。', verbose_name='工会出钱采购'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='purchase_fen',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='预计一年采购（分）'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='quotes',
            field=models.JSONField(db_default=[], default=list, editable=False, verbose_name='比较过的报价'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('is_purchase', False), ('purchase_fen__gt', 0), _connector='OR'), name='partner_agreement_purchase_sum', violation_error_message='由工会出钱采购的，请填预计一年采购多少元。'),
        ),
        migrations.AddConstraint(
            model_name='purchaserule',
            constraint=models.CheckConstraint(condition=models.Q(('above_fen__gte', 0), ('quotes_min__gte', 2), ('quotes_min__lte', 10), models.Q(('clause', ''), _negated=True)), name='partner_purchase_rule_whole', violation_error_message='至少比两家，最多十家；依据不能空。'),
        ),
        migrations.AddConstraint(
            model_name='purchaserule',
            constraint=models.CheckConstraint(condition=models.Q(('effective_until', None), ('effective_until__gt', models.F('effective_from')), _connector='OR'), name='partner_purchase_rule_dates', violation_error_message='废止日期要在施行日期之后。'),
        ),
        migrations.RunPython(ship_rule, migrations.RunPython.noop),
    ]
