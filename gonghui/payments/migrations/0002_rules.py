"""What the tables alone cannot say; the text is in gonghui/payments/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "10_payments.sql"

UNDO = """
DROP TRIGGER payments_notification_append_only ON payments_notification;
DROP TRIGGER payments_notification_whole ON payments_notification;
DROP TRIGGER payments_couponevent_append_only ON payments_couponevent;
DROP TRIGGER payments_couponevent_whole ON payments_couponevent;
DROP TRIGGER payments_payment_stays ON payments_payment;
DROP TRIGGER payments_refund_stays ON payments_refund;
DROP FUNCTION payments_count_refund() CASCADE;
DROP FUNCTION payments_keep_payment() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("kit", "0001_initial")]

    operations = [migrations.RunSQL(SQL.read_text(encoding="utf-8"), UNDO)]
