"""The trail sealed in blocks; the text of the leaf is in gonghui/kit/trail_sql.py."""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.functions.datetime
from django.db import migrations, models

from gonghui.kit.trail_sql import LEAF_SQL


class Migration(migrations.Migration):

    dependencies = [
        ('kit', '0006_moved_days'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrailMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField()),
                ('writers', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TrailProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('rows', models.BigIntegerField()),
                ('redacted', models.BigIntegerField()),
                ('wrong', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='TrailRedaction',
            fields=[
                ('entry_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('leaf', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name='auditentry',
            name='nonce',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), null=True),
        ),
        migrations.CreateModel(
            name='TrailBlock',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='区块')),
                ('first_seq', models.BigIntegerField(verbose_name='从')),
                ('last_seq', models.BigIntegerField(verbose_name='到')),
                ('count', models.PositiveIntegerField(verbose_name='笔数')),
                ('root', models.BinaryField(max_length=32)),
                ('previous', models.BinaryField(max_length=32)),
                ('hash', models.BinaryField(max_length=32)),
                ('sealed_at', models.DateTimeField(verbose_name='封存时间')),
            ],
            options={
                'verbose_name': '审计记录的封存区块',
                'verbose_name_plural': '审计记录的封存区块',
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('count__gt', 0), ('first_seq__lte', models.F('last_seq'))), name='kit_trailblock_range'), models.UniqueConstraint(fields=('last_seq',), name='kit_trailblock_last')],
            },
        ),
        migrations.RunSQL(LEAF_SQL, "DROP FUNCTION kit_audit_leaf(kit_audit)"),
    ]
