"""Rules that say more than a cap; the text is in gonghui/funds/sql/60_bounds.sql."""

from pathlib import Path

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"
RULEBOOK = (SQL / "20_rulebook.sql").read_text(encoding="utf-8")
FACTS = RULEBOOK[RULEBOOK.index("CREATE FUNCTION funds_rule_facts") : RULEBOOK.index("CREATE TRIGGER funds_rule_facts")]
UNDO = "\n".join(
    (
        (SQL / "50_region_once.sql").read_text(encoding="utf-8"),
        FACTS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
        "ALTER TYPE funds_giving DROP ATTRIBUTE days;",
    )
)


class Migration(migrations.Migration):

    dependencies = [
        ('funds', '0007_region_once'),
        ('orgs', '0005_health_officer'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='benefitrule',
            name='funds_rule_whole',
        ),
        migrations.AddField(
            model_name='benefitrule',
            name='condition',
            field=models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='须确认的要求'),
        ),
        migrations.AddField(
            model_name='benefitrule',
            name='given_until',
            field=models.CharField(blank=True, db_default='', default='', max_length=5, verbose_name='每年最晚发放日'),
        ),
        migrations.AddField(
            model_name='benefitrule',
            name='most_days',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='最多几天'),
        ),
        migrations.AddField(
            model_name='benefitrule',
            name='most_days_paired',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='对口地区最多几天'),
        ),
        migrations.AddField(
            model_name='benefitrule',
            name='share_part',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='benefitrule',
            name='share_whole',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='至多占参加人数的比例'),
        ),
        migrations.AddField(
            model_name='benefitrule',
            name='spent_until',
            field=models.CharField(blank=True, db_default='', default='', max_length=5, verbose_name='每年最晚使用日'),
        ),
        migrations.AddField(
            model_name='pointgrant',
            name='affirmed',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, db_default=[], default=list, editable=False, size=None),
        ),
        migrations.AddField(
            model_name='pointgrant',
            name='days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='含往返路途；当日往返的填 1。', null=True, verbose_name='天数'),
        ),
        migrations.AddField(
            model_name='pointgrant',
            name='is_paired',
            field=models.BooleanField(db_default=False, default=False, verbose_name='去的是对口支援、东西部协作地区'),
        ),
        migrations.AddField(
            model_name='pointgrant',
            name='took_part',
            field=models.PositiveIntegerField(blank=True, help_text='参加培训或活动的总人数；规定了获奖比例的，按它核对名单。', null=True, verbose_name='参加人数'),
        ),
        migrations.AlterField(
            model_name='benefitrule',
            name='cap_fen',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='每人限额（分）'),
        ),
        migrations.AlterField(
            model_name='benefitrule',
            name='category',
            field=models.CharField(choices=[('festival', '节日慰问'), ('birthday', '生日慰问'), ('marriage', '婚育慰问'), ('illness', '住院慰问'), ('bereavement', '丧葬慰问（会员去世）'), ('family_loss', '丧葬慰问（亲属去世）'), ('retirement', '退休离岗慰问'), ('training', '培训奖励'), ('event_prize', '活动奖励（个人）'), ('team_prize', '活动奖励（团体）'), ('souvenir', '纪念品'), ('meal', '活动用餐'), ('clothing', '文体服装'), ('outing', '春秋游'), ('retreat', '疗休养'), ('health', '体检'), ('coupon', '普惠补贴'), ('joining', '入会礼')], max_length=12, verbose_name='用途'),
        ),
        migrations.AlterField(
            model_name='benefituse',
            name='category',
            field=models.CharField(choices=[('festival', '节日慰问'), ('birthday', '生日慰问'), ('marriage', '婚育慰问'), ('illness', '住院慰问'), ('bereavement', '丧葬慰问（会员去世）'), ('family_loss', '丧葬慰问（亲属去世）'), ('retirement', '退休离岗慰问'), ('training', '培训奖励'), ('event_prize', '活动奖励（个人）'), ('team_prize', '活动奖励（团体）'), ('souvenir', '纪念品'), ('meal', '活动用餐'), ('clothing', '文体服装'), ('outing', '春秋游'), ('retreat', '疗休养'), ('health', '体检'), ('coupon', '普惠补贴'), ('joining', '入会礼')], max_length=12, verbose_name='用途'),
        ),
        migrations.AlterField(
            model_name='pointgrant',
            name='category',
            field=models.CharField(choices=[('festival', '节日慰问'), ('birthday', '生日慰问'), ('marriage', '婚育慰问'), ('illness', '住院慰问'), ('bereavement', '丧葬慰问（会员去世）'), ('family_loss', '丧葬慰问（亲属去世）'), ('retirement', '退休离岗慰问'), ('training', '培训奖励'), ('event_prize', '活动奖励（个人）'), ('team_prize', '活动奖励（团体）'), ('souvenir', '纪念品'), ('meal', '活动用餐'), ('clothing', '文体服装'), ('outing', '春秋游'), ('retreat', '疗休养'), ('health', '体检'), ('coupon', '普惠补贴'), ('joining', '入会礼')], default='festival', max_length=12, verbose_name='用途'),
        ),
        migrations.AddConstraint(
            model_name='benefitrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('cap_fen', None), ('max_count', None)), models.Q(('cap_fen__gte', 0), ('cap_fen__isnull', False)), _connector='OR'), models.Q(('clause', ''), _negated=True)), name='funds_rule_whole'),
        ),
        migrations.AddConstraint(
            model_name='benefitrule',
            constraint=models.CheckConstraint(condition=models.Q(('cap_fen__isnull', False), ('share_whole__isnull', False), models.Q(('given_until', ''), _negated=True), models.Q(('spent_until', ''), _negated=True), ('most_days__isnull', False), models.Q(('condition', ''), _negated=True), _connector='OR'), name='funds_rule_says_something'),
        ),
        migrations.AddConstraint(
            model_name='benefitrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('share_part', None), ('share_whole', None)), models.Q(('share_part__gte', 1), ('share_part__isnull', False), ('share_whole__gte', models.F('share_part')), ('share_whole__isnull', False)), _connector='OR'), name='funds_rule_share'),
        ),
        migrations.AddConstraint(
            model_name='benefitrule',
            constraint=models.CheckConstraint(condition=models.Q(('given_until__regex', '^((0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$'), ('spent_until__regex', '^((0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$')), name='funds_rule_month_days'),
        ),
        migrations.AddConstraint(
            model_name='benefitrule',
            constraint=models.CheckConstraint(condition=models.Q(('most_days_paired', None), models.Q(('most_days__gte', 1), ('most_days__isnull', False), ('most_days_paired__gte', models.F('most_days'))), _connector='OR'), name='funds_rule_days'),
        ),
        migrations.AddConstraint(
            model_name='pointgrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('took_part', None), ('took_part__gte', 1), _connector='OR'), models.Q(('days', None), ('days__range', (1, 60)), _connector='OR')), name='funds_grant_took_part_and_days'),
        ),
        migrations.RunSQL((SQL / "60_bounds.sql").read_text(encoding="utf-8"), UNDO),
    ]
