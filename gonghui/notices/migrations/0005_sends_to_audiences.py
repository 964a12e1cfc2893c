"""A send names the audience it went to, and the wording it had then."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audiences", "0002_rules"), ("notices", "0004_beginnings")]

    operations = [
        migrations.RemoveField("send", "audience_id"),
        migrations.RemoveField("send", "audience_version"),
        migrations.AddField(
            "send",
            "audience",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="audiences.audience",
                verbose_name="受众",
            ),
        ),
        migrations.AddField(
            "send",
            "audience_version",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="audiences.audienceversion",
                verbose_name="受众的条件",
            ),
        ),
    ]
