"""What goods cost before an offer, found by their code; and what a reviewer said about raised prices, which stays."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = "DROP TRIGGER bills_price_note_stays ON bills_pricenote;"


class Migration(migrations.Migration):

    dependencies = [
        ('benefits', '0008_pack_mode'),
        ('bills', "0012_benefit_days"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PriceNote',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('words', models.CharField(max_length=200, verbose_name='说明')),
                ('figures', models.JSONField(verbose_name='价格')),
            ],
            options={
                'verbose_name': '核价说明',
                'verbose_name_plural': '核价说明',
            },
        ),
        migrations.AddIndex(
            model_name='billline',
            index=models.Index(condition=models.Q(('code', ''), _negated=True), fields=['code', 'bill'], name='bills_line_of_code'),
        ),
        migrations.AddField(
            model_name='pricenote',
            name='checker',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人'),
        ),
        migrations.AddField(
            model_name='pricenote',
            name='terms',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='price_notes', to='bills.offerterms', verbose_name='优惠'),
        ),
        migrations.AddConstraint(
            model_name='pricenote',
            constraint=models.CheckConstraint(condition=models.Q(('words', ''), _negated=True), name='bills_price_note_says_something'),
        ),
        migrations.RunSQL((SQL / "70_price_notes.sql").read_text(encoding="utf-8"), UNDO),
    ]
