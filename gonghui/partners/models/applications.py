"""入驻申请 (SM-11): whoever wants to become a partner says who they are and what they would give."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedBytesField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.partners.models.venues import PartnerKind

LIVE_STATES = ("applied", "under_review", "needs_info")
APPLICATION_VERBS = {
    "submit": {"draft": "applied", "needs_info": "applied"},
    "withdraw": {"draft": "withdrawn", "applied": "withdrawn", "under_review": "withdrawn", "needs_info": "withdrawn"},
    "take": {"applied": "under_review"},
    "ask": {"under_review": "needs_info"},
    "approve": {"under_review": "approved"},
    "reject": {"under_review": "rejected"},
}  # fmt: skip


class PartnerApplication(Row):
    scope = AnyOf(ByKey("user", "applicant_id"), BySubtree("union__path", verb="partners.view"))
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        APPLIED = "applied", _("已提交")
        UNDER_REVIEW = "under_review", _("审核中")
        NEEDS_INFO = "needs_info", _("待补充")
        APPROVED = "approved", _("已通过")
        REJECTED = "rejected", _("未通过")
        WITHDRAWN = "withdrawn", _("已撤回")

    applicant = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="partner_applications", verbose_name=_("申请人")
    )
    entered_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("代录人")
    )
    """Staff who entered it for the merchant; they do not review it."""
    union = models.ForeignKey(
        "orgs.Union",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="partner_applications",
        verbose_name=_("受理工会"),
    )
    company = models.CharField(_("单位全称"), max_length=96, blank=True)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    kind = models.CharField(_("类别"), max_length=16, choices=PartnerKind, blank=True)
    contact_name = SealedTextField(null=True, blank=True, verbose_name=_("联系人"))
    contact_phone = SealedTextField(null=True, blank=True, verbose_name=_("联系电话"))
    stores = models.JSONField(_("门店"), default=list, blank=True)
    """[{"name", "address"}]: what becomes its stores when it is approved."""
    offer = models.TextField(_("愿意给职工的优惠"), max_length=1000, blank=True)
    concession_permille = models.PositiveSmallIntegerField(_("让利（千分比）"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.DRAFT, editable=False)
    asked = models.TextField(_("需要补充"), max_length=500, blank=True, editable=False)
    reviewer = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("审核人"),
        editable=False,
    )
    reason = models.CharField(_("未通过的原因"), max_length=200, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, editable=False)
    decided_at = models.DateTimeField(_("审结时间"), null=True, editable=False)
    partner = models.OneToOneField(
        "partners.Partner",
        models.PROTECT,
        null=True,
        related_name="application",
        verbose_name=_("合作单位"),
        editable=False,
    )

    class Meta:
        verbose_name = verbose_name_plural = _("入驻申请")
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"], condition=Q(state__in=LIVE_STATES), name="application_uscc_once"
            ),
            models.UniqueConstraint(
                fields=["applicant"], condition=Q(state="draft"), name="application_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | (Q(union__isnull=False, submitted_at__isnull=False) & ~Q(uscc="") & ~Q(company="")),
                name="application_whole_when_submitted",
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None)
                | (~Q(reviewer=F("applicant")) & (Q(entered_by=None) | ~Q(reviewer=F("entered_by")))),
                name="application_reviewed_by_another",
                violation_error_message=_("审核人不能是申请人或代录人。"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"])
                | Q(reviewer__isnull=False, decided_at__isnull=False),
                name="application_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", partner__isnull=False)
                | (~Q(state="approved") & Q(partner=None)),
                name="application_partner_when_approved",
            ),
            models.CheckConstraint(
                condition=Q(concession_permille=None) | Q(concession_permille__lte=1000),
                name="application_concession_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.company or str(_("未填写的申请"))

    @property
    def is_open(self) -> bool:
        """Still being written or decided: its applicant need not begin another."""
        return self.state in ("draft", *LIVE_STATES)


class ApplicationFile(Row):
    """营业执照, sealed as it was uploaded; its kind is read from its bytes."""

    scope = AnyOf(
        ByKey("user", "application__applicant_id"),
        BySubtree("application__union__path", verb="partners.view"),
    )
    audit = Audit.no("a picture of a whole document; the application is audited")

    application = models.OneToOneField(PartnerApplication, models.CASCADE, related_name="licence")
    content = SealedBytesField(verbose_name=_("文件"))
    media_type = models.CharField(
        max_length=24, choices=[(t, t) for t in ("image/jpeg", "image/png", "application/pdf")]
    )
    name = models.CharField(_("文件名"), max_length=120)

    class Meta:
        verbose_name = verbose_name_plural = _("营业执照")

    def __str__(self) -> str:
        return self.name
