"""Whoever was a partner before agreements were kept here has a standing one. Then the rules of the tables."""

from datetime import date
from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "10_merchants.sql"
UNDO = """
DROP FUNCTION partners_keys(bigint);
ALTER TABLE partners_agreement DROP CONSTRAINT partner_agreements_do_not_overlap;
DROP TRIGGER partners_no_circle ON partners_partner;
DROP FUNCTION partners_no_circle();
"""


def give_standing_agreements(apps, schema_editor):
    partners = apps.get_model("partners", "Partner")._base_manager
    agreements = apps.get_model("partners", "Agreement")._base_manager
    for partner in partners.filter(state="active").order_by("id").iterator():
        agreements.create(
            partner=partner,
            union_id=partner.union_id,
            concession="按原有约定。",
            starts_on=min(partner.since, date.today()),
            state="effective",
        )


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_merchants")]
    operations = [
        migrations.RunPython(give_standing_agreements, migrations.RunPython.noop),
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), UNDO),
    ]
