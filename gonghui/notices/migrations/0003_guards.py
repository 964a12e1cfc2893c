"""What the tables alone cannot say of templates, sends, deliveries and WeChat's quota; and deliveries by channel from now on."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

# One row a person spoke of both channels: what was still open, or had failed, was its SMS.
BY_CHANNEL = """
UPDATE notices_delivery SET sent_at = updated_at WHERE state = 'done';
UPDATE notices_delivery
   SET channel = 'sms', why = CASE WHEN state = 'failed' THEN 'down' ELSE '' END,
       state = CASE WHEN state = 'failed' THEN state ELSE 'waiting' END
 WHERE state IN ('sms', 'taken', 'failed');
"""

UNDO = """
DROP TRIGGER notices_template_guard ON notices_template;
DROP TRIGGER notices_send_guard ON notices_send;
DROP TRIGGER notices_delivery_over ON notices_delivery;
DROP TRIGGER notices_quota_moves ON notices_quotaentry;
DROP TRIGGER notices_quota_entry_stays ON notices_quotaentry;
DROP TRIGGER notices_quota_guard ON notices_wechatquota;
DROP FUNCTION notices_template_guard();
DROP FUNCTION notices_send_guard();
DROP FUNCTION notices_delivery_over();
DROP FUNCTION notices_quota_moves();
DROP FUNCTION notices_quota_guard();
DROP FUNCTION notices_quiet_until(bigint, timestamptz);
DROP FUNCTION notices_fill(text, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_channels"), ("kit", "0002_guards")]

    operations = [
        migrations.RunSQL(BY_CHANNEL, migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "10_notices.sql").read_text(encoding="utf-8"), UNDO),
    ]
