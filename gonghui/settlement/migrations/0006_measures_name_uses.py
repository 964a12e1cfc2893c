"""Version 2 of the words of the reports: they name the uses of a provider's coupons, and when a returned one counts."""

from django.db import migrations

MEASURES = (
    ("union", "账单上由工会预算承担的金额，减退货收回的；加渠道券使用时工会承担的优惠，券退回的减在退回的当月。福豆另列。"),
    ("worker", "用了本项目优惠的账单上职工自己付的金额，柜台和线上合计，减退货的；加渠道券使用时职工自己付的金额，券退回的减在退回的当月。"),
    ("consumption", "用了本项目优惠的账单上商家实际收到的金额：原价减全部让利，减退货的；加渠道券使用时工会承担的优惠与职工自己付的金额，"
                    "券退回的减在退回的当月。同一账单用了几个项目的优惠，在每个项目里各算一次。"),
    ("visits", "用了本项目优惠并完成的账单数，一张账单一人次，全部退货的不算；加渠道券的使用次数，一次一人次，券退回的减在退回的当月。"),
    ("persons", "这些账单上不同的会员人数。渠道券的使用不计入人数。"),
)  # fmt: skip


def define_measures(apps, _editor):
    made = apps.get_model("settlement", "Measure")
    for code, text in MEASURES:
        before = made.objects.get(code=code, version=1)
        made.objects.create(code=code, version=2, nth=before.nth, name=before.name, text=text)


class Migration(migrations.Migration):
    dependencies = [("settlement", "0005_unstated"), ("bills", "0015_returned_at")]

    operations = [migrations.RunPython(define_measures, migrations.RunPython.noop)]
