"""Since when a release is paused, for those who let it go on."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP TRIGGER benefits_release_paused_at ON benefits_release;
DROP FUNCTION benefits_release_paused_at();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('benefits', '0010_paused_releases'),
    ]

    operations = [
        migrations.AddField(
            model_name='release',
            name='paused_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='暂停时间'),
        ),
        migrations.RunSQL((SQL / "80_paused_at.sql").read_text(encoding="utf-8"), UNDO),
    ]
