from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('funds', '0014_points_stay'),
    ]

    operations = [
        migrations.AddField(
            model_name='benefitrule',
            name='evidence',
            field=models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='核实所见'),
        ),
        migrations.AddField(
            model_name='benefitrule',
            name='writer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='写入人'),
        ),
        migrations.RunSQL((SQL / "90_rule_evidence.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
        migrations.RemoveConstraint(
            model_name='benefitrule',
            name='funds_rule_verified_by',
        ),
        migrations.AddConstraint(
            model_name='benefitrule',
            constraint=models.CheckConstraint(condition=models.Q(('is_verified', False), models.Q(('verified_by__isnull', False), models.Q(('evidence', ''), _negated=True)), _connector='OR'), name='funds_rule_verified_by'),
        ),
        migrations.AddConstraint(
            model_name='benefitrule',
            constraint=models.CheckConstraint(condition=models.Q(('writer', None), ('verified_by', None), models.Q(('writer', models.F('verified_by')), _negated=True), _connector='OR'), name='funds_rule_writer_is_not_verifier'),
        ),
    ]
