"""How templates and sends begin; the text is in gonghui/notices/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("notices", "0003_guards")]

    operations = [
        migrations.RunSQL((SQL / "20_beginnings.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop)
    ]
