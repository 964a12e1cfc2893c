"""Where a merchant is paid; licences that were kept plain are sealed."""

import django.db.models.deletion
import django.db.models.functions.datetime
import gonghui.kit.fields
from django.conf import settings
from django.db import migrations, models
from gonghui.kit.crypto import get_keyring

CONTEXT = "partners.ApplicationFile.content"


def rewriting(change):
    def run(apps, schema_editor):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT id FROM partners_applicationfile ORDER BY id")
            for (pk,) in cursor.fetchall():  # one at a time: each holds up to 5 MB
                cursor.execute("SELECT content FROM partners_applicationfile WHERE id = %s", [pk])
                content = change(bytes(cursor.fetchone()[0]))
                cursor.execute("UPDATE partners_applicationfile SET content = %s WHERE id = %s", [content, pk])

    return run


seal = rewriting(lambda plain: get_keyring().seal(CONTEXT, plain))
unseal = rewriting(lambda sealed: get_keyring().open(CONTEXT, sealed))


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0005_silence'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(seal, unseal),
        migrations.AlterField(
            model_name='applicationfile',
            name='content',
            field=gonghui.kit.fields.SealedBytesField(verbose_name='文件'),
        ),
        migrations.CreateModel(
            name='PayoutAccount',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('holder', models.CharField(max_length=96, verbose_name='户名')),
                ('bank', models.CharField(max_length=96, verbose_name='开户银行')),
                ('account', gonghui.kit.fields.SealedTextField(verbose_name='账号')),
                ('entered_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='填写人')),
                ('partner', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='payout', to='partners.partner', verbose_name='合作单位')),
            ],
            options={
                'verbose_name': '收款账户',
                'verbose_name_plural': '收款账户',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('holder', ''), _negated=True), models.Q(('bank', ''), _negated=True)), name='payout_account_whole')],
            },
        ),
    ]
