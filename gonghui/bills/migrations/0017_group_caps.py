"""A cap for a whole group of merchants."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bills', '0016_offline_sales'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='offerlimit',
            name='bills_limit_most',
        ),
        migrations.AlterField(
            model_name='offerlimit',
            name='per',
            field=models.CharField(choices=[('person', '每人'), ('person_day', '每人每天'), ('person_month', '每人每月'), ('day', '每天'), ('month', '每月'), ('total', '总共'), ('store_day', '每店每天'), ('partner_day', '每家商户每天'), ('partner_month', '每家商户每月'), ('group_day', '每个集团每天（所有商场和门店合计）'), ('group_month', '每个集团每月（所有商场和门店合计）')], max_length=16, verbose_name='范围'),
        ),
        migrations.AddConstraint(
            model_name='offerlimit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('most__gte', 1), ('most_fen', None), ('per__in', ['person', 'person_day', 'person_month', 'day', 'month', 'total'])), models.Q(('most', None), ('most_fen__gte', 1), ('per__in', ['store_day', 'partner_day', 'partner_month', 'group_day', 'group_month', 'day', 'month', 'person_month'])), _connector='OR'), name='bills_limit_most'),
        ),
    ]
