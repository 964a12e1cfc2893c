"""A release can be paused: nobody gets anything, what was claimed stays. Who is refused is decided in sql/70_paused.sql."""

from pathlib import Path

from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0009_offline_sales"),
        ("kit", "0002_guards"),
        ("orgs", "0005_health_officer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="pause_reason",
            field=models.CharField(blank=True, editable=False, max_length=200, verbose_name="暂停原因"),
        ),
        migrations.AlterField(
            model_name="release",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "草稿"),
                    ("reviewed", "已复核"),
                    ("announced", "已预告"),
                    ("open", "进行中"),
                    ("paused", "已暂停"),
                    ("closed", "已结束"),
                    ("cancelled", "已取消"),
                ],
                default="draft",
                editable=False,
                max_length=10,
                verbose_name="状态",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("pause_reason__gt", ""), ("state", "paused")),
                    models.Q(models.Q(("state", "paused"), _negated=True), ("pause_reason", "")),
                    _connector="OR",
                ),
                name="benefits_release_paused_says_why",
                violation_error_message="暂停要写明原因。",
            ),
        ),
        migrations.RunSQL((SQL / "70_paused.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
