"""Ten at most, and a ranking stays; the text is in gonghui/mall/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "30_ranking.sql"

UNDO = """
DROP TRIGGER mall_subsidy_stays ON mall_subsidy;
DROP TRIGGER mall_ranking_stays ON mall_rankingsnapshot;
ALTER TABLE mall_rankingsnapshot DROP CONSTRAINT mall_ranking_of_ten_at_most;
"""


class Migration(migrations.Migration):
    dependencies = [("mall", "0003_ranking"), ("kit", "0002_guards")]

    operations = [migrations.RunSQL(SQL.read_text(encoding="utf-8"), UNDO)]
