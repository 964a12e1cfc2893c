"""工惠日 that series and windows follow; what the tables alone cannot say of them is in gonghui/bills/sql."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION bills_benefit_day_guard() CASCADE;
DROP FUNCTION bills_benefit_day_told() CASCADE;
DROP FUNCTION bills_window_day() CASCADE;
DROP FUNCTION bills_series_day() CASCADE;
DROP FUNCTION bills_benefit_day_reaches(bigint, text);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('benefits', '0008_pack_mode'),
        ('bills', "0011_external_rules"),
        ('orgs', '0005_health_officer'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BenefitDay',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('name', models.CharField(max_length=40, verbose_name='工惠日')),
                ('rule', models.CharField(choices=[('dates', '指定的日子'), ('monthly', '每月几号'), ('nth', '每月第几个星期几')], max_length=8, verbose_name='哪些日子')),
                ('day', models.PositiveSmallIntegerField(default=1, verbose_name='每月几号')),
                ('nth', models.SmallIntegerField(choices=[(1, '第一个'), (2, '第二个'), (3, '第三个'), (4, '第四个'), (-1, '最后一个')], default=-1, verbose_name='第几个')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(1, '周一'), (2, '周二'), (3, '周三'), (4, '周四'), (5, '周五'), (6, '周六'), (7, '周日')], default=5, verbose_name='星期几')),
                ('days', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), blank=True, default=list, size=None, verbose_name='日子')),
                ('groups', django.contrib.postgres.fields.ArrayField(base_field=models.SlugField(), blank=True, default=list, size=None, verbose_name='面向的群体')),
                ('ended_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='停用时间')),
            ],
            options={
                'verbose_name': '工惠日',
                'verbose_name_plural': '工惠日',
            },
        ),
        migrations.RemoveConstraint(
            model_name='releaseseries',
            name='bills_series_rule',
        ),
        migrations.AlterField(
            model_name='releaseseries',
            name='rule',
            field=models.CharField(choices=[('monthly', '每月'), ('weekly', '每周'), ('days', '指定的日子'), ('named', '工惠日')], max_length=8, verbose_name='重复'),
        ),
        migrations.AddField(
            model_name='benefitday',
            name='union',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='benefit_days', to='orgs.union', verbose_name='工会'),
        ),
        migrations.AddField(
            model_name='offerwindow',
            name='benefit_day',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='windows', to='bills.benefitday', verbose_name='工惠日'),
        ),
        migrations.AddField(
            model_name='releaseseries',
            name='benefit_day',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='series', to='bills.benefitday', verbose_name='工惠日'),
        ),
        migrations.AddConstraint(
            model_name='releaseseries',
            constraint=models.CheckConstraint(condition=models.Q(('rule', 'monthly'), models.Q(('rule', 'weekly'), ('weekdays__contained_by', [1, 2, 3, 4, 5, 6, 7]), ('weekdays__len__gt', 0)), models.Q(('days__len__gt', 0), ('rule', 'days')), models.Q(('benefit_day__isnull', False), ('rule', 'named')), _connector='OR'), name='bills_series_rule'),
        ),
        migrations.AddConstraint(
            model_name='benefitday',
            constraint=models.UniqueConstraint(fields=('union', 'name'), name='bills_benefit_day_once'),
        ),
        migrations.AddConstraint(
            model_name='benefitday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('rule', 'dates'), _negated=True), ('days__len__gt', 0), _connector='OR'), ('day__range', (1, 31)), ('nth__in', [-1, 1, 2, 3, 4]), ('weekday__range', (1, 7))), name='bills_benefit_day_rule'),
        ),
        migrations.RunSQL((SQL / "60_benefit_days.sql").read_text(encoding="utf-8"), UNDO),
    ]
