"""Measures of how far a programme reaches, and of what a visit costs the union, with their words."""

from django.db import migrations

MEASURES = (
    ("merchants", "合作商户", "用了本项目优惠并完成的账单（全部退货的不算）上不同的签约商户数，"
                              "同一商户的几家门店算一家。渠道券的使用不计入商户数。"),
    ("per_visit", "人次补贴", "工会补贴除以人次，四舍五入到分；没有人次的不算。"),
    ("activity", "活跃率", "这些账单上的会员里，现在是本项目所属工会及其下级工会会员的人数，除以这些工会现在的会员人数，"
                 "舍到千分之一。按看报表这一天的会员数，不按月列。"),
)  # fmt: skip


def define_measures(apps, _editor):
    made = apps.get_model("settlement", "Measure")
    for nth, (code, name, text) in enumerate(MEASURES, 11):
        made.objects.create(code=code, version=1, nth=nth, name=name, text=text)


class Migration(migrations.Migration):
    dependencies = [("settlement", "0006_measures_name_uses"), ("members", "0001_initial")]

    operations = [migrations.RunPython(define_measures, migrations.RunPython.noop)]
