"""What guards published draws, and the two functions that end or start a line; the text is in gonghui/benefits/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "50_draw_pages.sql"
UNDO = """
DROP FUNCTION benefits_draw_page_guard() CASCADE;
DROP FUNCTION benefits_draw_promise_guard() CASCADE;
DROP FUNCTION benefits_drawn_pool_guard() CASCADE;
DROP FUNCTION benefits_draw_terms_guard() CASCADE;
DROP FUNCTION benefits_line_up(bigint, bigint[], bigint[], integer[], uuid[]);
DROP FUNCTION benefits_shut_pool(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("benefits", "0003_parties_draws_no_shows")]

    operations = [migrations.RunSQL(SQL.read_text(encoding="utf-8"), UNDO)]
