from django.db import migrations

GROUPS = [
    ("food_rider", "外卖配送员", "new_employment"),
    ("ride_driver", "网约车司机", "new_employment"),
    ("truck_driver", "货车司机", "new_employment"),
    ("courier", "快递员", "new_employment"),
    ("domestic_worker", "家政服务员", "new_employment"),
    ("sanitation", "环卫工人", "outdoor"),
    ("guard", "保安员", "outdoor"),
    ("builder", "建筑工人", "outdoor"),
]


def add_groups(apps, schema_editor):
    model = apps.get_model("members", "WorkerGroup")
    for code, name, kind in GROUPS:
        model._base_manager.get_or_create(code=code, defaults={"name": name, "kind": kind})


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]
    operations = [migrations.RunPython(add_groups, migrations.RunPython.noop)]
