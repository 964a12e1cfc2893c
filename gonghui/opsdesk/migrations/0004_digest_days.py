"""五问五答 is periodic: after how many days the editors are told that an issue is due."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("opsdesk", "0003_papers_and_cases"),
    ]

    operations = [
        migrations.AddField(
            model_name="deskrule",
            name="digest_days",
            field=models.PositiveSmallIntegerField(
                default=14,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(60),
                ],
                verbose_name="五问五答每隔（天）",
            ),
        ),
        migrations.AddConstraint(
            model_name="deskrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("digest_days__range", (1, 60))), name="desk_digest_days_sound"
            ),
        ),
    ]
