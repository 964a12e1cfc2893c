"""The rulebook; the text is in gonghui/funds/sql."""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"

UNDO = """
DROP FUNCTION funds_give(bigint[], bigint, funds_giving);
DROP FUNCTION funds_fit(bigint[], funds_giving);
DROP FUNCTION funds_rules_for(funds_giving);
DROP FUNCTION funds_take_back(bigint, text, bigint);
DROP FUNCTION funds_rule_facts() CASCADE;
DROP FUNCTION funds_region_of(text);
DROP TYPE funds_giving;
DROP TRIGGER funds_use_stays ON funds_benefituse;
DROP TRIGGER funds_use_facts ON funds_benefituse;
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0002_budgets"), ("orgs", "0004_staff")]

    operations = [
        migrations.AddField(
            model_name="benefituse",
            name="returned_fen",
            field=models.BigIntegerField(db_default=0, default=0, verbose_name="已退回（分）"),
        ),
        migrations.AddField(
            model_name="benefituse",
            name="tallies",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), db_default=[], default=list, editable=False, size=None
            ),
        ),
        migrations.AddConstraint(
            model_name="benefituse",
            constraint=models.CheckConstraint(
                condition=models.Q(("returned_fen__gte", 0), ("returned_fen__lte", models.F("amount_fen"))),
                name="funds_use_returned",
            ),
        ),
        migrations.RunSQL((SQL / "20_rulebook.sql").read_text(encoding="utf-8"), UNDO),
    ]
