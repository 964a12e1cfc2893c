"""What enough hands agreed to, with its cooling-off; decisions already taken get their rows."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"
FEW = 10
DONE = {"budget": ("approved", "adjusting", "closed"), "change": ("approved",)}


def note_what_was_decided(apps, _editor):
    """Of budgets, changes and grants whose last hand is on record."""
    consents = apps.get_model("funds", "Consent").objects.filter(is_open=True, nth__gte=models.F("hands"))
    rows = {(row.matter, row.subject): row for row in consents.exclude(matter="payout").order_by("pk").iterator()}
    found = {name: _subjects(apps, name, [key[1] for key in rows if key[0] == name]) for name in ("budget", "change", "grant")}
    decided = [
        _decision(apps, row, *said)
        for (matter, subject), row in rows.items()
        if (said := _said(matter, found[matter].get(subject)))
    ]
    apps.get_model("funds", "Decision").objects.bulk_create(decided, batch_size=1000)


def _subjects(apps, matter, ids):
    model = apps.get_model("funds", {"budget": "Budget", "change": "BudgetChange", "grant": "PointGrant"}[matter])
    rows = model.objects.select_related("budget") if matter == "change" else model.objects
    return rows.in_bulk(ids)


def _said(matter, row):
    """(words, whether the sum is published); nothing where it did not take effect."""
    if row is None:
        return None
    if matter == "grant":
        is_begun = row.checker_id and row.state not in ("draft", "submitted", "cancelled")
        return (f"发放福豆：{row.get_category_display()}", row.people - row.refused >= FEW) if is_begun else None
    if row.state not in DONE[matter]:
        return None
    budget = row if matter == "budget" else row.budget
    words = f"{budget.starts_on.year} 年预算：{budget.get_category_display()}"
    return (words if matter == "budget" else f"{words}，调整 {row.delta_fen / 100:+,.2f} 元", True)


def _decision(apps, consent, words, is_sum_public):
    at = consent.created_at
    return apps.get_model("funds", "Decision")(
        matter=consent.matter, subject=consent.subject, title=consent.title, words=words, union_id=consent.union_id,
        amount_fen=consent.amount_fen, is_sum_public=is_sum_public, given=consent.nth, hands=consent.hands, cooling_h=0,
        decided_by_id=consent.user_id, takes_effect_at=at, state="effective", ended_at=at, created_at=at,
    )  # fmt: skip


class Migration(migrations.Migration):

    dependencies = [
        ('funds', '0008_bounds'),
        ('orgs', '0005_health_officer'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('matter', models.CharField(choices=[('budget', '预算'), ('change', '预算调整'), ('grant', '发放福豆'), ('payout', '付款批次')], max_length=8, verbose_name='事项')),
                ('subject', models.BigIntegerField(verbose_name='编号')),
                ('title', models.CharField(max_length=200, verbose_name='内容')),
                ('words', models.CharField(max_length=200, verbose_name='公示的内容')),
                ('amount_fen', models.BigIntegerField(verbose_name='金额（分）')),
                ('is_sum_public', models.BooleanField(default=True, verbose_name='公示金额')),
                ('given', models.PositiveSmallIntegerField(verbose_name='同意的人数')),
                ('hands', models.PositiveSmallIntegerField(verbose_name='要几位')),
                ('cooling_h', models.PositiveSmallIntegerField(verbose_name='冷静期（小时）')),
                ('takes_effect_at', models.DateTimeField(verbose_name='生效时间')),
                ('state', models.CharField(choices=[('pending', '待生效'), ('effective', '已生效'), ('back', '已退回')], default='pending', editable=False, max_length=10, verbose_name='状态')),
                ('ended_at', models.DateTimeField(editable=False, null=True, verbose_name='生效或退回的时间')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='退回的原因')),
            ],
            options={
                'verbose_name': '经费决定',
                'verbose_name_plural': '经费决定',
            },
        ),
        migrations.RemoveConstraint(
            model_name='quorumrule',
            name='funds_quorum_hands',
        ),
        migrations.AddField(
            model_name='quorumrule',
            name='cooling_h',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='最后一位同意后过这么久才生效，其间复核的同事和经审委可以提出异议，退回重来。填 0 表示马上生效。', verbose_name='冷静期（小时）'),
        ),
        migrations.AddConstraint(
            model_name='quorumrule',
            constraint=models.CheckConstraint(condition=models.Q(('above_fen__gte', 0), ('hands__gte', 1), ('hands__lte', 5), models.Q(('hands__gte', 2), ('cooling_h__gte', 1), _connector='OR')), name='funds_quorum_hands', violation_error_message='一位复核的，要有冷静期；多位复核的，最多五位。'),
        ),
        migrations.AddConstraint(
            model_name='quorumrule',
            constraint=models.CheckConstraint(condition=models.Q(('cooling_h__lte', 720)), name='funds_quorum_cooling', violation_error_message='冷静期最长 720 小时（30 天）。'),
        ),
        migrations.AddField(
            model_name='decision',
            name='decided_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='最后同意的人'),
        ),
        migrations.AddField(
            model_name='decision',
            name='objector',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出异议的人'),
        ),
        migrations.AddField(
            model_name='decision',
            name='union',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.union', verbose_name='工会'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['union', '-id'], name='funds_decision_of_union'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['matter', 'subject', '-id'], name='funds_decision_of_matter'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['takes_effect_at'], name='funds_decision_due'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('matter', 'subject'), name='funds_decision_one_pending'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('given__gte', models.F('hands'))), name='funds_decision_hands'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'pending')), models.Q(('ended_at__isnull', False), ('state__in', ['effective', 'back'])), _connector='OR'), name='funds_decision_ended'),
        ),
        migrations.RunSQL((SQL / "70_decisions.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
        migrations.RunPython(note_what_was_decided, migrations.RunPython.noop),
    ]
