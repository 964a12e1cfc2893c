"""What the tables alone cannot say; the text is in gonghui/ledger/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DO $$ DECLARE f regprocedure; BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE proname LIKE 'ledger\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', f); END LOOP;
END $$;
DROP TYPE ledger_order;
ALTER TABLE ledger_transfer ALTER COLUMN seq DROP IDENTITY;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("kit", "0001_initial")]

    # psycopg reads % as a placeholder only when parameters are given, and migrations give none.
    operations = [
        migrations.RunSQL("".join(path.read_text(encoding="utf-8") for path in sorted(SQL.glob("[1-4]0_*.sql"))), UNDO)
    ]
