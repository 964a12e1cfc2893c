"""An offline exception may be of a sale: its sums, what the system says, and the desk that was first."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('benefits', '0008_pack_mode'),
        ('partners', '0007_fees'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='offlineexception',
            name='due_fen',
            field=models.BigIntegerField(editable=False, null=True, verbose_name='已收（分）'),
        ),
        migrations.AddField(
            model_name='offlineexception',
            name='first',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='benefits.redemption', verbose_name='先核销的一处'),
        ),
        migrations.AddField(
            model_name='offlineexception',
            name='list_fen',
            field=models.BigIntegerField(editable=False, null=True, verbose_name='消费金额（分）'),
        ),
        migrations.AddField(
            model_name='offlineexception',
            name='says',
            field=models.CharField(blank=True, editable=False, max_length=200, verbose_name='系统的说明'),
        ),
        migrations.AlterField(
            model_name='offlineexception',
            name='why',
            field=models.CharField(choices=[('already_used', '另一处已先核销'), ('not_usable', '券当时已不能使用'), ('forged', '二维码不是本系统的'), ('limits', '超出离线时限、次数或金额'), ('price', '金额与规则算出的不同'), ('clock', '手机时间不对')], max_length=12, verbose_name='原因'),
        ),
        migrations.AddConstraint(
            model_name='offlineexception',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_fen', None), ('list_fen', None)), models.Q(('due_fen__gte', 0), ('due_fen__isnull', False), ('due_fen__lte', models.F('list_fen')), ('list_fen__gt', 0)), _connector='OR'), name='benefits_offline_sum_of_a_sale'),
        ),
    ]
