"""How far the rules have been asked about a roster, and why something could not be done."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("funds", "0004_grants")]

    operations = [
        migrations.AddField(
            model_name="pointgrant",
            name="problem",
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name="没有办成的原因"),
        ),
        migrations.AddField(
            model_name="pointgrant",
            name="screened",
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name="已核对人数"),
        ),
        migrations.AddField(
            model_name="pointgrant",
            name="screened_to",
            field=models.BigIntegerField(default=0, editable=False),
        ),
        # Rosters there are were asked about as a whole.
        migrations.RunSQL("UPDATE funds_pointgrant SET screened = people WHERE people > 0", migrations.RunSQL.noop),
    ]
