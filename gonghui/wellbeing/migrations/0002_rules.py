"""What the tables alone cannot say of plans, places and dates; the text is in gonghui/wellbeing/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION health_plan_guard() CASCADE;
DROP FUNCTION health_package_guard() CASCADE;
DROP FUNCTION health_enrolment_guard() CASCADE;
DROP FUNCTION health_count_places() CASCADE;
DROP FUNCTION health_holds(text) CASCADE;
DROP FUNCTION health_slot_guard() CASCADE;
DROP FUNCTION health_appointment_guard() CASCADE;
DROP FUNCTION health_count_slot() CASCADE;
"""
FILES = ("10_plans.sql", "20_enrolments.sql")


class Migration(migrations.Migration):
    dependencies = [("wellbeing", "0001_plans"), ("kit", "0002_guards")]

    operations = [
        migrations.RunSQL("".join((SQL / name).read_text(encoding="utf-8") for name in FILES), UNDO)
    ]
