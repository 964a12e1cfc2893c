"""What the tables alone cannot say of budgets; the text is in gonghui/funds/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION funds_budget_stands_under() CASCADE;
DROP FUNCTION funds_budget_facts() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0001_money"), ("ledger", "0002_rules"), ("kit", "0002_guards")]

    operations = [migrations.RunSQL((SQL / "10_budgets.sql").read_text(encoding="utf-8"), UNDO)]
