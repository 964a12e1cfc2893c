"""Points whose receivers tell of sensitive personal data say so: their numbers are shown in tens."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("members", "0018_privacy"), ("funds", "0017_audiences")]

    operations = [
        migrations.AddField(
            "pointgrant",
            "is_sensitive",
            models.BooleanField(db_default=False, default=False, editable=False, verbose_name="含敏感标签"),
        ),
        migrations.RunSQL((SQL / "100_sensitive_grants.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
