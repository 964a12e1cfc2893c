"""An offer may be limited in fen of its funders, too; by person, store or merchant and day or month."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bills", "0008_asked_of_the_rules"),
        ("members", "0004_pay_codes"),
        ("partners", "0006_payouts_and_sealed_licences"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="offerlimit",
            options={"verbose_name": "限次和限额", "verbose_name_plural": "限次和限额"},
        ),
        migrations.RemoveConstraint(
            model_name="limituse",
            name="bills_limit_use_once",
        ),
        migrations.RemoveConstraint(
            model_name="offerlimit",
            name="bills_limit_once",
        ),
        migrations.RemoveConstraint(
            model_name="offerlimit",
            name="bills_limit_most",
        ),
        migrations.AddField(
            model_name="limituse",
            name="partner",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.partner",
            ),
        ),
        migrations.AddField(
            model_name="limituse",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.store",
            ),
        ),
        migrations.AddField(
            model_name="offerlimit",
            name="most_fen",
            field=models.BigIntegerField(null=True, verbose_name="最多补贴（分）"),
        ),
        migrations.AlterField(
            model_name="limituse",
            name="most",
            field=models.PositiveBigIntegerField(),
        ),
        migrations.AlterField(
            model_name="limituse",
            name="used",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="offerlimit",
            name="most",
            field=models.PositiveIntegerField(null=True, verbose_name="次数"),
        ),
        migrations.AlterField(
            model_name="offerlimit",
            name="per",
            field=models.CharField(
                choices=[
                    ("person", "每人"),
                    ("person_day", "每人每天"),
                    ("person_month", "每人每月"),
                    ("day", "每天"),
                    ("month", "每月"),
                    ("total", "总共"),
                    ("store_day", "每店每天"),
                    ("partner_day", "每家商户每天"),
                    ("partner_month", "每家商户每月"),
                ],
                max_length=16,
                verbose_name="范围",
            ),
        ),
        migrations.AddConstraint(
            model_name="limituse",
            constraint=models.UniqueConstraint(
                fields=("limit", "person", "store", "partner", "since"),
                name="bills_limit_use_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="offerlimit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("most__isnull", False)), fields=("terms", "per"), name="bills_limit_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerlimit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("most_fen__isnull", False)),
                fields=("terms", "per"),
                name="bills_cap_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerlimit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("most__gte", 1),
                        ("most_fen", None),
                        ("per__in", ["person", "person_day", "person_month", "day", "month", "total"]),
                    ),
                    models.Q(
                        ("most", None),
                        ("most_fen__gte", 1),
                        (
                            "per__in",
                            ["store_day", "partner_day", "partner_month", "day", "month", "person_month"],
                        ),
                    ),
                    _connector="OR",
                ),
                name="bills_limit_most",
            ),
        ),
    ]
