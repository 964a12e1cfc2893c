"""What the tables alone cannot say of products, orders and stock; the text is in gonghui/mall/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION mall_product_guard() CASCADE;
DROP FUNCTION mall_order_guard() CASCADE;
DROP FUNCTION mall_order_unsent() CASCADE;
DROP FUNCTION mall_line_guard() CASCADE;
DROP FUNCTION mall_line_stock() CASCADE;
DROP FUNCTION mall_after_sale_guard() CASCADE;
"""
FILES = ("10_shelf.sql", "20_orders.sql")


class Migration(migrations.Migration):
    dependencies = [("mall", "0001_mall"), ("kit", "0002_guards")]

    operations = [
        migrations.RunSQL("".join((SQL / name).read_text(encoding="utf-8") for name in FILES), UNDO)
    ]
