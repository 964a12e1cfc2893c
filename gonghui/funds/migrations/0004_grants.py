"""A batch of a grant in the database; the text is in gonghui/funds/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION funds_give_points(funds_batch, funds_giving);
DROP FUNCTION funds_point_orders(funds_batch, text, bigint[]);
DROP FUNCTION funds_orders_as_json(ledger_order[]);
DROP TYPE funds_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0003_rulebook"), ("ledger", "0002_rules")]

    operations = [migrations.RunSQL((SQL / "30_grants.sql").read_text(encoding="utf-8"), UNDO)]
