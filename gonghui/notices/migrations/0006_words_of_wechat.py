"""What WeChat pushes: consents beside the phone's word for them, refusals, and what became of a message."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0015_membership_days'),
        ('notices', '0005_sends_to_audiences'),
    ]

    operations = [
        migrations.CreateModel(
            name='WechatEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('kind', models.CharField(max_length=40)),
                ('verdict', models.CharField(choices=[('taken', '已记下'), ('nothing', '没有要记的'), ('unknown', '不知道是谁的微信')], max_length=8)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.RemoveConstraint(
            model_name='quotaentry',
            name='wechat_entry_sign',
        ),
        migrations.RemoveConstraint(
            model_name='quotaentry',
            name='wechat_entry_of_a_delivery',
        ),
        migrations.AddField(
            model_name='delivery',
            name='word',
            field=models.CharField(blank=True, choices=[('', ''), ('arrived', '已送到手机'), ('refused', '没有送到手机')], db_default='', default='', max_length=8),
        ),
        migrations.AddField(
            model_name='quotaentry',
            name='pair',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='paired', to='notices.quotaentry'),
        ),
        migrations.AlterField(
            model_name='quotaentry',
            name='reason',
            field=models.CharField(choices=[('allowed', '本人点了允许'), ('used', '发出一条'), ('returned', '没有发出，退回'), ('corrected', '按微信的答复更正'), ('confirmed', '同一次允许，另一边也说了')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('word', ''), ('channel', 'wechat'), _connector='OR'), name='delivery_word_of_wechat'),
        ),
        migrations.AddConstraint(
            model_name='quotaentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('change', 1), ('reason__in', ('allowed', 'returned'))), models.Q(('change', -1), ('reason', 'used')), models.Q(('change__lt', 0), ('reason', 'corrected')), models.Q(('change', 0), ('reason', 'confirmed')), _connector='OR'), name='wechat_entry_sign'),
        ),
        migrations.AddConstraint(
            model_name='quotaentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pair__isnull', False), ('reason', 'confirmed')), models.Q(models.Q(('reason', 'confirmed'), _negated=True), ('pair__isnull', True)), _connector='OR'), name='wechat_entry_pair'),
        ),
        migrations.AddConstraint(
            model_name='quotaentry',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ('allowed', 'corrected', 'confirmed')), ('delivery_id__isnull', False), _connector='OR'), name='wechat_entry_of_a_delivery'),
        ),
        migrations.AddField(
            model_name='wechatevent',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.person'),
        ),
        migrations.RunSQL((SQL / "30_words_of_wechat.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
