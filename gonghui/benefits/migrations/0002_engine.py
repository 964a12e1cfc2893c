"""The triggers and functions that decide; the text is in gonghui/benefits/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP TRIGGER benefits_pool_audit ON benefits_pool;
DROP TRIGGER benefits_pool_told ON benefits_pool;
DROP TRIGGER benefits_release_told ON benefits_release;
DROP TRIGGER benefits_page_told ON benefits_waitingpage;
ALTER TABLE benefits_voucher DROP CONSTRAINT benefits_voucher_pool_of_release;
ALTER TABLE benefits_waitentry DROP CONSTRAINT benefits_wait_pool_of_release;
DO $$ DECLARE f regprocedure; BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE proname LIKE 'benefits\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', f); END LOOP;
END $$;
DROP TYPE benefits_answer;
"""


class Migration(migrations.Migration):
    dependencies = [("benefits", "0001_initial"), ("kit", "0001_initial")]

    # psycopg reads % as a placeholder only when parameters are given, and migrations give none.
    operations = [
        migrations.RunSQL("".join(path.read_text(encoding="utf-8") for path in sorted(SQL.glob("[1-4]0_*.sql"))), UNDO)
    ]
