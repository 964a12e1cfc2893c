"""The rulebook looks the giver's region up once; the text is in gonghui/funds/sql/50_region_once.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
RULEBOOK = (SQL / "20_rulebook.sql").read_text(encoding="utf-8")
FORMER = RULEBOOK[RULEBOOK.index("CREATE FUNCTION funds_rules_for") : RULEBOOK.index("-- Once for each person")]
UNDO = FORMER.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("funds", "0006_quorum")]

    operations = [
        migrations.RunSQL((SQL / "50_region_once.sql").read_text(encoding="utf-8"), UNDO),
    ]
