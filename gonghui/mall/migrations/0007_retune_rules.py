"""All of the sum and not a fen more; the text is in gonghui/mall/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "40_retunes.sql"

UNDO = "DROP TRIGGER mall_retune_guard ON mall_retune; DROP FUNCTION mall_retune_guard();"


class Migration(migrations.Migration):
    dependencies = [("mall", "0006_retunes")]

    operations = [migrations.RunSQL(SQL.read_text(encoding="utf-8"), UNDO)]
