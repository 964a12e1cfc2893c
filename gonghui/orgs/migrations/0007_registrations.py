"""建会申请, codes with evidence, merged unions, transit pools; the functions are in gonghui/orgs/sql."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
import gonghui.kit.fields
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parents[1] / "sql"
UNDO = """
DROP TRIGGER orgs_code_guard ON orgs_union;
DROP TRIGGER orgs_code_guard ON orgs_employer;
DROP FUNCTION orgs_code_guard();
ALTER TABLE orgs_unionregistration DROP CONSTRAINT registration_codes_fit;
DROP FUNCTION orgs_is_evidenced(text, text, bigint);
DROP FUNCTION orgs_code_fits(text);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('kit', '0002_guards'),
        ('orgs', '0006_technical_team'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RegistrationPaper',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('content', gonghui.kit.fields.SealedBytesField(verbose_name='文件')),
                ('media_type', models.CharField(choices=[('image/jpeg', 'image/jpeg'), ('image/png', 'image/png'), ('application/pdf', 'application/pdf')], max_length=24)),
                ('name', models.CharField(max_length=120, verbose_name='文件名')),
            ],
            options={
                'verbose_name': '批复文件',
                'verbose_name_plural': '批复文件',
            },
        ),
        migrations.CreateModel(
            name='UnionRegistration',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='更新时间')),
                ('code_document', models.CharField(blank=True, editable=False, max_length=80, verbose_name='证书文号')),
                ('code_reason', models.CharField(blank=True, editable=False, max_length=200, verbose_name='代码例外的原因')),
                ('name', models.CharField(max_length=128, verbose_name='工会名称')),
                ('kind', models.CharField(choices=[('province', '省总工会'), ('city', '市总工会'), ('district', '区县总工会'), ('street', '街道乡镇总工会'), ('industry', '产业工会'), ('federation', '工会联合会'), ('enterprise', '基层工会'), ('group', '工会小组'), ('pool', '周转库')], default='enterprise', max_length=16, verbose_name='类别')),
                ('uscc', models.CharField(blank=True, max_length=18, verbose_name='工会统一社会信用代码')),
                ('employer_name', models.CharField(blank=True, max_length=128, verbose_name='用人单位')),
                ('employer_uscc', models.CharField(blank=True, max_length=18, verbose_name='用人单位统一社会信用代码')),
                ('employer_category', models.CharField(blank=True, choices=[('110', '国有企业'), ('120', '集体企业'), ('130', '股份合作企业'), ('140', '联营企业'), ('150', '有限责任公司'), ('160', '股份有限公司'), ('170', '私营企业'), ('190', '其他内资企业'), ('200', '港澳台商投资企业'), ('300', '外商投资企业'), ('400', '机关'), ('500', '事业单位'), ('600', '社会团体'), ('700', '民办非企业单位')], max_length=3, verbose_name='单位类别')),
                ('employer_industry', models.CharField(blank=True, choices=[('A', '农、林、牧、渔业'), ('B', '采矿业'), ('C', '制造业'), ('D', '电力、热力、燃气及水生产和供应业'), ('E', '建筑业'), ('F', '批发和零售业'), ('G', '交通运输、仓储和邮政业'), ('H', '住宿和餐饮业'), ('I', '信息传输、软件和信息技术服务业'), ('J', '金融业'), ('K', '房地产业'), ('L', '租赁和商务服务业'), ('M', '科学研究和技术服务业'), ('N', '水利、环境和公共设施管理业'), ('O', '居民服务、修理和其他服务业'), ('P', '教育'), ('Q', '卫生和社会工作'), ('R', '文化、体育和娱乐业'), ('S', '公共管理、社会保障和社会组织'), ('T', '国际组织')], max_length=1, verbose_name='行业')),
                ('headcount', models.PositiveIntegerField(blank=True, null=True, verbose_name='职工人数')),
                ('chair', models.CharField(blank=True, max_length=64, verbose_name='工会主席')),
                ('contact_phone', gonghui.kit.fields.SealedTextField(blank=True, null=True, verbose_name='联系电话')),
                ('document_no', models.CharField(blank=True, max_length=80, verbose_name='批复文号')),
                ('state', models.CharField(choices=[('draft', '草稿'), ('submitted', '待审批'), ('returned', '待修改'), ('approved', '已批准'), ('rejected', '未批准'), ('withdrawn', '已撤回')], default='draft', editable=False, max_length=10, verbose_name='状态')),
                ('answer', models.CharField(blank=True, editable=False, max_length=200, verbose_name='审批意见')),
                ('submitted_at', models.DateTimeField(editable=False, null=True, verbose_name='提交时间')),
                ('due_on', models.DateField(editable=False, null=True, verbose_name='应审结日期')),
                ('decided_at', models.DateTimeField(editable=False, null=True, verbose_name='审批时间')),
            ],
            options={
                'verbose_name': '建会申请',
                'verbose_name_plural': '建会申请',
            },
        ),
        migrations.AddField(
            model_name='employer',
            name='code_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核对人'),
        ),
        migrations.AddField(
            model_name='employer',
            name='code_document',
            field=models.CharField(blank=True, editable=False, max_length=80, verbose_name='证书文号'),
        ),
        migrations.AddField(
            model_name='employer',
            name='code_reason',
            field=models.CharField(blank=True, editable=False, max_length=200, verbose_name='代码例外的原因'),
        ),
        migrations.AddField(
            model_name='union',
            name='code_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核对人'),
        ),
        migrations.AddField(
            model_name='union',
            name='code_document',
            field=models.CharField(blank=True, editable=False, max_length=80, verbose_name='证书文号'),
        ),
        migrations.AddField(
            model_name='union',
            name='code_reason',
            field=models.CharField(blank=True, editable=False, max_length=200, verbose_name='代码例外的原因'),
        ),
        migrations.AddField(
            model_name='union',
            name='merged_into',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='orgs.union', verbose_name='并入'),
        ),
        migrations.AlterField(
            model_name='employer',
            name='category',
            field=models.CharField(blank=True, choices=[('110', '国有企业'), ('120', '集体企业'), ('130', '股份合作企业'), ('140', '联营企业'), ('150', '有限责任公司'), ('160', '股份有限公司'), ('170', '私营企业'), ('190', '其他内资企业'), ('200', '港澳台商投资企业'), ('300', '外商投资企业'), ('400', '机关'), ('500', '事业单位'), ('600', '社会团体'), ('700', '民办非企业单位')], max_length=3, verbose_name='单位类别'),
        ),
        migrations.AlterField(
            model_name='union',
            name='kind',
            field=models.CharField(choices=[('province', '省总工会'), ('city', '市总工会'), ('district', '区县总工会'), ('street', '街道乡镇总工会'), ('industry', '产业工会'), ('federation', '工会联合会'), ('enterprise', '基层工会'), ('group', '工会小组'), ('pool', '周转库')], max_length=16, verbose_name='类别'),
        ),
        migrations.AddConstraint(
            model_name='union',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('merged_into__isnull', False), ('status', 'merged'), models.Q(('merged_into', models.F('id')), _negated=True)), models.Q(models.Q(('status', 'merged'), _negated=True), ('merged_into', None)), _connector='OR'), name='union_merged_into_another'),
        ),
        migrations.AddConstraint(
            model_name='union',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'pool'), ('status__in', ('active', 'suspended'))), fields=('parent',), name='union_one_pool'),
        ),
        migrations.AddConstraint(
            model_name='union',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'enterprise'), ('status__in', ('active', 'suspended'))), fields=('employer',), name='union_one_an_employer'),
        ),
        migrations.AddConstraint(
            model_name='union',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'pool'), _negated=True), models.Q(('employer', None), ('parent__isnull', False), ('uscc', None)), _connector='OR'), name='union_pool_is_no_legal_person'),
        ),
        migrations.AddField(
            model_name='unionregistration',
            name='code_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核对人'),
        ),
        migrations.AddField(
            model_name='unionregistration',
            name='decided_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审批人'),
        ),
        migrations.AddField(
            model_name='unionregistration',
            name='industry_line',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='orgs.industryline', verbose_name='产业'),
        ),
        migrations.AddField(
            model_name='unionregistration',
            name='maker',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='申请人'),
        ),
        migrations.AddField(
            model_name='unionregistration',
            name='parent',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='registrations', to='orgs.union', verbose_name='上级工会'),
        ),
        migrations.AddField(
            model_name='unionregistration',
            name='region',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='orgs.region', verbose_name='所在地区'),
        ),
        migrations.AddField(
            model_name='unionregistration',
            name='union',
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='registration', to='orgs.union', verbose_name='建成的工会'),
        ),
        migrations.AddField(
            model_name='registrationpaper',
            name='registration',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='paper', to='orgs.unionregistration'),
        ),
        migrations.AddIndex(
            model_name='unionregistration',
            index=models.Index(fields=['parent', 'state'], name='registration_of_parent'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('submitted', 'returned')), models.Q(('uscc', ''), _negated=True)), fields=('uscc',), name='registration_code_once'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'enterprise'), ('state__in', ('submitted', 'returned')), models.Q(('employer_uscc', ''), _negated=True)), fields=('employer_uscc',), name='registration_employer_once'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('submitted', 'returned'))), fields=('parent', 'name'), name='registration_name_once'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('maker')), _negated=True), _connector='OR'), name='registration_decided_by_another', violation_error_message='审批人不能是申请人。'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['returned', 'approved', 'rejected']), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='registration_decided_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), ('union__isnull', False)), models.Q(models.Q(('state', 'approved'), _negated=True), ('union', None)), _connector='OR'), name='registration_union_when_approved'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('draft', 'withdrawn')), models.Q(('contact_phone__isnull', False), ('due_on__isnull', False), ('submitted_at__isnull', False), models.Q(('document_no', ''), _negated=True), models.Q(('chair', ''), _negated=True)), _connector='OR'), name='registration_whole_when_sent'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('draft', 'withdrawn')), models.Q(('kind', 'enterprise'), _negated=True), models.Q(models.Q(('employer_uscc', ''), _negated=True), models.Q(('employer_name', ''), _negated=True)), _connector='OR'), name='registration_enterprise_has_employer'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.CheckConstraint(condition=models.Q(('uscc', ''), models.Q(('kind__in', ('enterprise', 'federation')), ('uscc__startswith', '81')), models.Q(models.Q(('kind__in', ['enterprise', 'federation', 'group', 'pool']), _negated=True), ('uscc__startswith', '89')), _connector='OR'), name='registration_union_code_prefix'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.CheckConstraint(condition=models.Q(('employer_uscc', ''), models.Q(('employer_uscc__startswith', '8'), _negated=True), _connector='OR'), name='registration_employer_is_no_union'),
        ),
        migrations.AddConstraint(
            model_name='unionregistration',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'pool'), _negated=True), name='registration_not_of_a_pool'),
        ),
        migrations.RunSQL((SQL / "10_codes.sql").read_text(encoding="utf-8"), UNDO),
    ]
