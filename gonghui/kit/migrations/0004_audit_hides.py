"""The trail keeps no names and nothing that opens without a row's secret; the text is in gonghui/kit/trail_sql.py."""

from django.db import migrations

from gonghui.kit.trail_sql import AUDIT_SQL


class Migration(migrations.Migration):
    dependencies = [("kit", "0003_sent_forms")]

    operations = [migrations.RunSQL(AUDIT_SQL, migrations.RunSQL.noop)]
