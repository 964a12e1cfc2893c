"""The service fee of an agreement; what was sent to be signed stays."""

from pathlib import Path

from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP FUNCTION partners_terms_stay() CASCADE;"


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0005_health_officer'),
        ('kit', '0002_guards'),
        ('partners', '0006_payouts_and_sealed_licences'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='agreement',
            name='fee_bp',
            field=models.PositiveSmallIntegerField(default=0, help_text='结算款的 0.6% 填 60；不收填 0。', verbose_name='服务费（万分比）'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('fee_bp__lte', 10000)), name='partner_agreement_fee_in_range', violation_error_message='服务费在 0 到 100% 之间。'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('fee_bp', 0), ('state', 'draft'), ('signed_at__isnull', False), _connector='OR'), name='partner_agreement_fee_is_signed'),
        ),
        migrations.RunSQL((SQL / "20_fees.sql").read_text(encoding="utf-8"), UNDO),
    ]
