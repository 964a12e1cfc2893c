"""Names are looked up one by one: a plan kept from when there were few people must not read all of many for each."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("notices", "0007_sensitive_sends"),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION notices_fill(text, bigint) SET enable_seqscan = off",
            "ALTER FUNCTION notices_fill(text, bigint) RESET enable_seqscan",
        ),
    ]
