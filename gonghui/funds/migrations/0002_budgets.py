"""What the tables alone cannot say of budgets; the text is in gonghui/funds/sql.

With the guards it calls: databases of before kit 0002 have this one already."""

from pathlib import Path

from django.db import migrations

from gonghui.kit.guards import GUARDS_SQL

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION funds_budget_stands_under() CASCADE;
DROP FUNCTION funds_budget_facts() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0001_money"), ("ledger", "0002_rules"), ("kit", "0001_initial")]

    operations = [migrations.RunSQL(GUARDS_SQL + (SQL / "10_budgets.sql").read_text(encoding="utf-8"), UNDO)]
