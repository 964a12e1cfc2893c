"""A send that tells of sensitive personal data says so: its numbers are shown in tens."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
# Of those already made: by their audience, the wording they had, or a group of hardship among the words of whom they meant.
SAID = """
ALTER TABLE notices_send DISABLE TRIGGER USER;
UPDATE notices_send s SET is_sensitive = true
 WHERE EXISTS (SELECT FROM audiences_audience a WHERE a.id = s.audience_id AND a.is_sensitive)
    OR EXISTS (SELECT FROM audiences_audienceversion v WHERE v.id = s.audience_version_id AND v.is_sensitive)
    OR EXISTS (SELECT FROM members_workergroup g WHERE g.kind = 'hardship' AND strpos(s.chosen, g.name) > 0);
ALTER TABLE notices_send ENABLE TRIGGER USER;
"""
UNDO = "DROP FUNCTION notices_send_sensitive() CASCADE"


class Migration(migrations.Migration):

    dependencies = [
        ("audiences", "0003_news"),
        ("notices", "0006_words_of_wechat"),
    ]

    operations = [
        migrations.AddField(
            model_name="send",
            name="is_sensitive",
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name="含敏感标签"),
        ),
        migrations.RunSQL(SAID, migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "40_sensitive_sends.sql").read_text(encoding="utf-8"), UNDO),
    ]
