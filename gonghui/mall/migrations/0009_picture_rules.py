"""What was reviewed is what is shown; the text is in gonghui/mall/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "50_pictures.sql"

UNDO = """
DROP FUNCTION mall_product_picture_guard() CASCADE;
DROP FUNCTION mall_picture_guard() CASCADE;
DROP FUNCTION mall_picture_file_guard() CASCADE;
DROP FUNCTION mall_line_picture() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("mall", "0008_pictures")]

    operations = [migrations.RunSQL(SQL.read_text(encoding="utf-8"), UNDO)]
