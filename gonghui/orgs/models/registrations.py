"""建会申请 (SM-01): one applies for a new union below a union, another decides."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedBytesField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.papers import PAPER_KINDS
from gonghui.kit.scope import AnyOf, ByKey
from gonghui.orgs.codes import CODED_PLAINLY, EMPLOYER_CATEGORIES, INDUSTRIES, Evidenced
from gonghui.orgs.models.unions import IndustryLine, Region, Union, UnionKind
from gonghui.orgs.scopes import by_union

LIVE_STATES = ("submitted", "returned")
UNSENT_STATES = ("draft", "withdrawn")


class UnionRegistration(Evidenced, Row):
    """What the union will be, whose employees it unites, and by which document it was founded."""

    scope = AnyOf(
        ByKey("user", "maker_id"),
        by_union("parent", verb="unions.review"),
    )
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待审批")
        RETURNED = "returned", _("待修改")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("未批准")
        WITHDRAWN = "withdrawn", _("已撤回")

    parent = models.ForeignKey(
        Union, models.PROTECT, related_name="registrations", verbose_name=_("上级工会")
    )
    name = models.CharField(_("工会名称"), max_length=128)
    kind = models.CharField(_("类别"), max_length=16, choices=UnionKind, default=UnionKind.ENTERPRISE)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("所在地区"))
    industry_line = models.ForeignKey(
        IndustryLine, models.PROTECT, null=True, blank=True, verbose_name=_("产业")
    )
    uscc = models.CharField(_("工会统一社会信用代码"), max_length=18, blank=True)
    """Absent until the union is a legal person."""
    employer_name = models.CharField(_("用人单位"), max_length=128, blank=True)
    employer_uscc = models.CharField(_("用人单位统一社会信用代码"), max_length=18, blank=True)
    employer_category = models.CharField(_("单位类别"), max_length=3, blank=True, choices=EMPLOYER_CATEGORIES)
    employer_industry = models.CharField(_("行业"), max_length=1, blank=True, choices=INDUSTRIES)
    headcount = models.PositiveIntegerField(_("职工人数"), null=True, blank=True)
    chair = models.CharField(_("工会主席"), max_length=64, blank=True)
    contact_phone = SealedTextField(null=True, blank=True, verbose_name=_("联系电话"))
    document_no = models.CharField(_("批复文号"), max_length=80, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    answer = models.CharField(_("审批意见"), max_length=200, blank=True, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", editable=False, verbose_name=_("申请人")
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, editable=False)
    due_on = models.DateField(_("应审结日期"), null=True, editable=False)
    decided_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("审批人")
    )
    decided_at = models.DateTimeField(_("审批时间"), null=True, editable=False)
    union = models.OneToOneField(
        Union,
        models.PROTECT,
        null=True,
        related_name="registration",
        editable=False,
        verbose_name=_("建成的工会"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("建会申请")
        indexes = [models.Index(fields=["parent", "state"], name="registration_of_parent")]
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"],
                condition=Q(state__in=LIVE_STATES) & ~Q(uscc=""),
                name="registration_code_once",
            ),
            models.UniqueConstraint(
                fields=["employer_uscc"],
                condition=Q(state__in=LIVE_STATES, kind="enterprise") & ~Q(employer_uscc=""),
                name="registration_employer_once",
            ),
            models.UniqueConstraint(
                fields=["parent", "name"], condition=Q(state__in=LIVE_STATES), name="registration_name_once"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("maker")),
                name="registration_decided_by_another",
                violation_error_message=_("审批人不能是申请人。"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["returned", "approved", "rejected"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="registration_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", union__isnull=False) | ~Q(state="approved") & Q(union=None),
                name="registration_union_when_approved",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNSENT_STATES)
                | Q(submitted_at__isnull=False, due_on__isnull=False, contact_phone__isnull=False)
                & ~Q(document_no="")
                & ~Q(chair=""),
                name="registration_whole_when_sent",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNSENT_STATES)
                | ~Q(kind="enterprise")
                | ~Q(employer_uscc="") & ~Q(employer_name=""),
                name="registration_enterprise_has_employer",
            ),
            models.CheckConstraint(
                condition=Q(uscc="")
                | Q(kind__in=CODED_PLAINLY, uscc__startswith="81")
                | ~Q(kind__in=[*CODED_PLAINLY, "group", "pool"]) & Q(uscc__startswith="89"),
                name="registration_union_code_prefix",
            ),
            models.CheckConstraint(
                condition=Q(employer_uscc="") | ~Q(employer_uscc__startswith="8"),
                name="registration_employer_is_no_union",
            ),
            models.CheckConstraint(condition=~Q(kind="pool"), name="registration_not_of_a_pool"),
        ]

    def __str__(self) -> str:
        return self.name


class RegistrationPaper(Row):
    """批复文件, sealed as it was uploaded; its kind is read from its bytes."""

    scope = AnyOf(
        ByKey("user", "registration__maker_id"),
        by_union("registration__parent", verb="unions.review"),
    )
    audit = Audit.no("a whole document; the application is audited")

    registration = models.OneToOneField(UnionRegistration, models.CASCADE, related_name="paper")
    content = SealedBytesField(verbose_name=_("文件"))
    media_type = models.CharField(max_length=24, choices=[(kind, kind) for kind in PAPER_KINDS])
    name = models.CharField(_("文件名"), max_length=120)

    class Meta:
        verbose_name = verbose_name_plural = _("批复文件")

    def __str__(self) -> str:
        return self.name
