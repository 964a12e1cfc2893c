"""An introduction goes its ways only, of somebody new; what a running campaign promises stays."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"
UNDO = "DROP FUNCTION referrals_guard() CASCADE; DROP FUNCTION referrals_campaign_guard() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_campaigns"), ("kit", "0002_guards")]

    operations = [migrations.RunSQL((SQL / "10_referrals.sql").read_text(encoding="utf-8"), UNDO)]
