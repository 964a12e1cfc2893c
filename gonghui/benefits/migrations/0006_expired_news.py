"""The job that tells people their ticket expired looks back an hour, not through every ticket there ever was."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("benefits", "0005_offline_exceptions")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX benefits_voucher_expired ON benefits_voucher (settled_at) WHERE state = 'expired'",
            "DROP INDEX benefits_voucher_expired",
        )
    ]
