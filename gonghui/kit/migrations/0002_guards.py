"""What guards of tables share; the text is in gonghui/kit/guards.py."""

from django.db import migrations

from gonghui.kit.guards import GUARDS_SQL

UNDO_SQL = "DROP FUNCTION kit_row_stays(); DROP FUNCTION kit_refuses(text, text);"


class Migration(migrations.Migration):
    dependencies = [("kit", "0001_initial")]

    operations = [migrations.RunSQL(GUARDS_SQL, UNDO_SQL)]
