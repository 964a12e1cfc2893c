"""What the tables alone cannot say of terms and bills; the text is in gonghui/bills/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION bills_terms_guard() CASCADE;
DROP FUNCTION bills_part_of_draft() CASCADE;
DROP FUNCTION bills_bill_guard() CASCADE;
DROP FUNCTION bills_bill_ended() CASCADE;
DROP FUNCTION bills_refund_guard() CASCADE;
DROP FUNCTION bills_lines_add_up() CASCADE;
DROP FUNCTION bills_parts_add_up() CASCADE;
DROP FUNCTION bills_bill_whole() CASCADE;
DROP FUNCTION bills_refund_line_counts() CASCADE;
DROP FUNCTION bills_refund_part_counts() CASCADE;
DROP FUNCTION bills_refund_whole() CASCADE;
"""
FILES = ("10_terms.sql", "20_bills.sql")


class Migration(migrations.Migration):
    dependencies = [("bills", "0001_prices"), ("kit", "0002_guards")]

    operations = [
        migrations.RunSQL("".join((SQL / name).read_text(encoding="utf-8") for name in FILES), UNDO)
    ]
