"""What an office calls an offer in its own sheets: the same sheet sent twice is the same offers."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP TRIGGER bills_offer_key_stays ON bills_offerkey;
DROP TRIGGER bills_offer_key_fits ON bills_offerkey;
DROP FUNCTION bills_offer_key_fits();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bills", "0018_limits_of_a_bill"),
        ("orgs", "0005_health_officer"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="建立时间",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True,
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="更新时间",
                    ),
                ),
                ("key", models.CharField(max_length=40, verbose_name="编号")),
                (
                    "terms",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sheet_key",
                        to="bills.offerterms",
                        verbose_name="优惠",
                    ),
                ),
                (
                    "union",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.union",
                        verbose_name="工会",
                    ),
                ),
            ],
            options={
                "verbose_name": "优惠编号",
                "verbose_name_plural": "优惠编号",
                "constraints": [
                    models.UniqueConstraint(fields=("union", "key"), name="bills_offer_key_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("key__startswith", "#"), _negated=True),
                        ),
                        name="bills_offer_key_is_the_offices_own",
                    ),
                ],
            },
        ),
        migrations.RunSQL((SQL / "80_offer_keys.sql").read_text(encoding="utf-8"), UNDO),
    ]
