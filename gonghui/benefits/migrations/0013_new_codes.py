"""A short code that is in use is not drawn again."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
CREATE OR REPLACE FUNCTION benefits_new_code() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT benefits_code_of(('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0012_audiences"),
    ]

    operations = [
        migrations.RunSQL((SQL / "90_new_codes.sql").read_text(encoding="utf-8"), UNDO),
    ]
