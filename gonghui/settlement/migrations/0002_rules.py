"""What the tables alone cannot say of settlement; the text is in gonghui/settlement/sql. And how the reports count."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
FILES = ("10_statements.sql", "20_payouts.sql")
FUNCTIONS = (
    "settlement_period_guard",
    "settlement_statement_begins",
    "settlement_statement_guard",
    "settlement_lines_count",
    "settlement_of_draft",
    "settlement_carried_adds_up",
    "settlement_ways",
    "settlement_payout_begins",
    "settlement_dispute_begins",
    "settlement_bill_in_time",
    "settlement_refund_in_time",
)
UNDO = (
    "".join(f"DROP FUNCTION {name}() CASCADE;" for name in FUNCTIONS)
    + """
DROP FUNCTION settlement_is_closed(bigint, timestamptz);
ALTER TABLE settlement_period DROP CONSTRAINT settlement_periods_do_not_overlap;
"""
)
MEASURES = (
    ("union", "工会补贴", "账单上由工会预算承担的金额，减退货收回的；福豆另列。"),
    ("employer", "单位和社会投入", "账单上由单位或社会资金预算承担的金额，减退货收回的。"),
    ("points", "福豆", "账单上用福豆支付的金额，一颗一元，减退回的。"),
    ("input", "投入合计", "工会补贴、单位和社会投入、福豆三项之和。"),
    ("merchant", "商家让利", "账单上由商家承担的金额，减退货的；只算本项目的优惠。"),
    ("worker", "职工支付", "用了本项目优惠的账单上职工自己付的金额，柜台和线上合计，减退货的。"),
    ("consumption", "拉动消费", "用了本项目优惠的账单上商家实际收到的金额：原价减全部让利，减退货的。同一账单用了几个项目的优惠，在每个项目里各算一次。"),
    ("leverage", "杠杆", "拉动消费除以投入合计。"),
    ("visits", "人次", "用了本项目优惠并完成的账单数，一张账单一人次；全部退货的不算。"),
    ("persons", "人数", "这些账单上不同的会员人数。"),
)  # fmt: skip


def define_measures(apps, _editor):
    made = apps.get_model("settlement", "Measure")
    for nth, (code, name, text) in enumerate(MEASURES, 1):
        made.objects.create(code=code, version=1, nth=nth, name=name, text=text)


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0001_initial"),
        ("bills", "0002_rules"),
        ("kit", "0002_guards"),
    ]

    operations = [
        migrations.RunSQL("".join((SQL / name).read_text(encoding="utf-8") for name in FILES), UNDO),
        migrations.RunPython(define_measures, migrations.RunPython.noop),
    ]
