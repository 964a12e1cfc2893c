"""附件 beside a question, and 优秀案例; what the tables alone cannot say is in gonghui/opsdesk/sql."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
import gonghui.kit.fields
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP TRIGGER opsdesk_questionpaper_stays ON opsdesk_questionpaper;
DROP FUNCTION opsdesk_question_paper_guard() CASCADE;
DROP FUNCTION opsdesk_case_guard() CASCADE;
"""


def text() -> str:
    return "\n".join((SQL / name).read_text(encoding="utf-8") for name in ("papers/50_papers.sql", "cases/60_cases.sql"))


class Migration(migrations.Migration):

    dependencies = [
        ('opsdesk', '0002_rules'),
        ('orgs', '0008_unions_by_pinyin'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CaseAward',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('key', models.UUIDField(editable=False, unique=True)),
                ('year', models.PositiveSmallIntegerField(verbose_name='年度')),
                ('title', models.CharField(max_length=60, verbose_name='案例')),
                ('text', models.TextField(max_length=4000, verbose_name='做法')),
                ('results', models.CharField(max_length=300, verbose_name='成效')),
                ('state', models.CharField(choices=[('submitted', '待评选'), ('awarded', '优秀案例'), ('passed', '未入选'), ('withdrawn', '已撤回')], default='submitted', editable=False, max_length=9, verbose_name='状态')),
                ('words', models.CharField(blank=True, editable=False, max_length=200, verbose_name='评语')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='评选时间')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人')),
                ('judge', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.union', verbose_name='评选工会')),
                ('officer', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='评选人')),
                ('union', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.union', verbose_name='工会')),
            ],
            options={
                'verbose_name': '优秀案例',
                'verbose_name_plural': '优秀案例',
                'indexes': [models.Index(condition=models.Q(('state', 'awarded')), fields=['judge', '-decided_at'], name='case_awarded')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('judge__isnull', False), ('officer__isnull', False), ('state__in', ('awarded', 'passed')), models.Q(('words', ''), _negated=True)), models.Q(('decided_at', None), ('judge', None), ('officer', None), ('state__in', ('submitted', 'withdrawn')), ('words', '')), _connector='OR'), name='case_judged_by_somebody'), models.CheckConstraint(condition=models.Q(('officer', models.F('author')), _negated=True), name='case_not_by_its_author')],
            },
        ),
        migrations.CreateModel(
            name='QuestionPaper',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('place', models.PositiveSmallIntegerField(verbose_name='第几个')),
                ('content', gonghui.kit.fields.SealedBytesField(verbose_name='文件')),
                ('media_type', models.CharField(choices=[('image/jpeg', 'image/jpeg'), ('image/png', 'image/png'), ('application/pdf', 'application/pdf')], max_length=24)),
                ('digest', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField()),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='账号')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='opsdesk.question', verbose_name='问题')),
            ],
            options={
                'verbose_name': '问题附件',
                'verbose_name_plural': '问题附件',
                'ordering': ['question', 'place'],
                'constraints': [models.UniqueConstraint(fields=('question', 'place'), name='question_paper_place_once'), models.UniqueConstraint(fields=('question', 'digest'), name='question_paper_once'), models.CheckConstraint(condition=models.Q(('place__range', (1, 6))), name='question_papers_few'), models.CheckConstraint(condition=models.Q(('size__range', (1, 5242880))), name='question_paper_not_too_large')],
            },
        ),
        migrations.RunSQL(text(), UNDO),
    ]
