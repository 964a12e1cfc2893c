"""Where an order went opens with the order's own secret. Its guard lets the job that rotates keys lay the same words anew."""

from pathlib import Path

import gonghui.kit.fields
from django.db import migrations

FORMER = (Path(__file__).resolve().parent.parent / "sql" / "20_orders.sql").read_text(encoding="utf-8")
FORMER = FORMER[FORMER.index("CREATE FUNCTION mall_order_guard") : FORMER.index("CREATE TRIGGER mall_order_guard")]
FORMER = FORMER.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
FIXED = "'{id,key,basket_key,shop_id,person_id,receiver,phone,address,created_at}'"
GUARD = FORMER.replace(
    FIXED,
    "CASE current_setting('gonghui.resealing', true) WHEN 'on'"
    f" THEN '{{id,key,basket_key,shop_id,person_id,created_at}}'::text[] ELSE {FIXED}::text[] END",
)


class Migration(migrations.Migration):

    dependencies = [
        ('kit', '0004_audit_hides'),
        ('mall', '0009_picture_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='mallorder',
            name='row_secret',
            field=gonghui.kit.fields.RowSecretField(null=True),
        ),
        migrations.AlterField(
            model_name='mallorder',
            name='address',
            field=gonghui.kit.fields.RowSealedTextField(verbose_name='地址'),
        ),
        migrations.AlterField(
            model_name='mallorder',
            name='phone',
            field=gonghui.kit.fields.RowSealedTextField(verbose_name='电话'),
        ),
        migrations.AlterField(
            model_name='mallorder',
            name='receiver',
            field=gonghui.kit.fields.RowSealedTextField(verbose_name='收件人'),
        ),
        migrations.RunSQL(GUARD, FORMER),
    ]
