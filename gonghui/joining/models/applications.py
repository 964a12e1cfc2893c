"""入会申请 (SM-03): who would join which union, who confirmed that they are who they say, and how it went. Ways: sql/."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.fields import BlindIndexField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.members.roster.values import DOCUMENT_LABELS

WORDS_MAX = 500
IN_REVIEW = ("submitted", "under_review")
OPEN = (*IN_REVIEW, "needs_info")
OVER = ("approved", "rejected", "withdrawn")
# verb → {from: to}; the same moves stand in sql/10_joining.sql. Pending or rejected may be handed in again, approved may not.
VERBS = {
    "submit": dict.fromkeys(("draft", "submitted", "needs_info", "rejected"), "submitted"),
    "withdraw": dict.fromkeys(("draft", *OPEN), "withdrawn"),
    "take": {"submitted": "under_review"},
    "release": {"under_review": "submitted"},
    "redirect": {"under_review": "submitted"},
    "ask": {"under_review": "needs_info"},
    "approve": {"under_review": "approved"},
    "reject": {"under_review": "rejected"},
}


class Channel(models.TextChoices):
    H5 = "h5", _("网上申请")
    MINI_PROGRAM = "mini_program", _("小程序")
    SCAN = "scan", _("扫海报")
    ON_SITE = "on_site", _("现场办理")


class How(models.TextChoices):
    """By what it was confirmed that the applicant is who they say (M5)."""

    ROSTER = "roster", _("与单位名册核对")
    PROVIDER = "provider", _("实名服务核验")
    ID_SEEN = "id_seen", _("看过证件原件")
    PHONE = "phone", _("电话核实")
    SMS = "sms", _("短信核实")
    WECHAT = "wechat", _("微信核实")


class JoinApplication(Row):
    """Personal columns are emptied when the person is forgotten; the way it went stays."""

    scope = AnyOf(ByKey("user", "user_id"), BySubtree("union__path", verb="joining.view"))
    audit = Audit.ALL.hiding("name", "pinyin", "grams", "employer")

    class State(models.TextChoices):
        DRAFT = "draft", _("未提交")
        SUBMITTED = "submitted", _("待审核")
        UNDER_REVIEW = "under_review", _("审核中")
        NEEDS_INFO = "needs_info", _("待补充")
        APPROVED = "approved", _("已通过")
        REJECTED = "rejected", _("未通过")
        WITHDRAWN = "withdrawn", _("已撤回")

    class Agreed(models.TextChoices):
        """How the applicant said that they want to join."""

        ACCOUNT = "account", _("本人在线申请")
        SMS = "sms", _("本人短信确认")
        SIGNED = "signed", _("本人在申请表上签字")

    user = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="join_applications", verbose_name=_("账号")
    )
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("申请加入"))
    region_code = models.CharField(_("居住或工作地区"), max_length=12, blank=True)
    """Of whoever has no union: by it their transit pool was found."""
    name = models.CharField(_("姓名"), max_length=64)
    pinyin = models.CharField(max_length=256, editable=False, default="")
    grams = ArrayField(models.TextField(), default=list, editable=False)
    id_type = models.CharField(
        _("证件类型"), max_length=24, choices=list(DOCUMENT_LABELS.items()), default="resident_id"
    )
    id_no = SealedTextField(_("证件号码"), null=True)
    id_index = BlindIndexField(context="id_no", of="id_no", null=True, editable=False)
    phone = SealedTextField(_("手机号"), null=True)
    phone_index = BlindIndexField(context="phone", of="phone", null=True, editable=False)
    group = models.SlugField(_("职业群体"), blank=True)
    employer = models.CharField(_("工作单位"), max_length=60, blank=True)
    channel = models.CharField(_("渠道"), max_length=12, choices=Channel)
    poster = models.ForeignKey(
        "joining.JoinPoster",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="applications",
        verbose_name=_("海报"),
    )
    invitation_code = models.CharField(_("邀请码"), max_length=32, blank=True)
    """As it was given; what it is worth is decided elsewhere, after approval."""
    consent_version = models.CharField(_("同意书版本"), max_length=16)
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.DRAFT, editable=False)
    agreed_how = models.CharField(_("本人意愿"), max_length=8, choices=Agreed, blank=True)
    form_no = models.CharField(_("申请表编号"), max_length=40, blank=True)
    entered_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("现场经办人")
    )
    confirmed_how = models.CharField(_("身份如何确认"), max_length=8, choices=How, blank=True)
    confirmed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("身份确认人")
    )
    """None where the machine confirmed it: a provider, or the roster."""
    confirmed_at = models.DateTimeField(_("身份确认时间"), null=True)
    confirmed_note = models.CharField(_("身份确认说明"), max_length=200, blank=True)
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    due_on = models.DateField(_("审核期限"), null=True)
    reviewer = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("审核人")
    )
    asked = models.CharField(_("请补充"), max_length=WORDS_MAX, blank=True)
    reason = models.CharField(_("未通过的原因"), max_length=WORDS_MAX, blank=True)
    decided_at = models.DateTimeField(_("审结时间"), null=True)
    person = models.ForeignKey(
        "members.Person", models.PROTECT, null=True, related_name="+", verbose_name=_("职工")
    )
    membership = models.OneToOneField(
        "members.Membership",
        models.PROTECT,
        null=True,
        related_name="join_application",
        verbose_name=_("会籍"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("入会申请")
        indexes = [
            GinIndex(fields=["grams"], name="join_grams"),
            models.Index(fields=["union", "state", "due_on"], name="join_queue"),
            models.Index(
                fields=["due_on"], condition=Q(state__in=("submitted", "under_review")), name="join_due"
            ),
            models.Index(fields=["user", "-id"], name="join_of_user"),
            models.Index(fields=["submitted_at"], name="join_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["id_type", "id_index"],
                condition=Q(state__in=("submitted", "under_review", "needs_info")),
                name="join_one_open_a_document",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(
                    state__in=("draft", "submitted", "under_review", "needs_info"), entered_by__isnull=True
                )
                | Q(state__in=("submitted", "under_review", "needs_info")),
                name="join_one_open_an_account",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("submitted", "under_review"), due_on__isnull=False)
                | (~Q(state__in=("submitted", "under_review")) & Q(due_on=None)),
                name="join_due_while_waiting",
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None)
                | (
                    (Q(entered_by=None) | ~Q(entered_by=F("reviewer")))
                    & (Q(user=None) | ~Q(user=F("reviewer")))
                ),
                name="join_maker_is_not_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="approved",
                    person__isnull=False,
                    membership__isnull=False,
                    reviewer__isnull=False,
                    decided_at__isnull=False,
                    confirmed_at__isnull=False,
                )
                & ~Q(confirmed_how="")
                | (~Q(state="approved") & Q(person=None, membership=None)),
                name="join_approved_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(reason=""), name="join_rejected_for_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="needs_info") | ~Q(asked=""), name="join_returned_for_something"
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(state="withdrawn")
                | (~Q(agreed_how="") & Q(submitted_at__isnull=False)),
                name="join_wanted_by_the_applicant",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("approved", "rejected", "withdrawn")) | Q(id_index__isnull=False),
                name="join_has_its_document",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"RH{self.pk:08d}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        return self.due_on is not None and self.due_on < clock.today()

    @property
    def may_edit(self) -> bool:
        return self.state in VERBS["submit"]

    @property
    def may_withdraw(self) -> bool:
        return self.state in VERBS["withdraw"]


class JoinEntry(Row):
    """One step of an application, for good: who did what, when, and where it led."""

    class By(models.TextChoices):
        APPLICANT = "applicant", _("本人")
        OFFICER = "officer", _("现场经办人")
        REVIEWER = "reviewer", _("工会")
        ENDING = "ending", _("工会合并或撤销")

    scope = AnyOf(
        ByKey("user", "application__user_id"), BySubtree("application__union__path", verb="joining.view")
    )
    audit = Audit.no("append-only by trigger: it is the record")

    application = models.ForeignKey(JoinApplication, models.PROTECT, related_name="entries")
    at = models.DateTimeField(_("时间"))
    by = models.CharField(_("谁"), max_length=9, choices=By)
    author = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("账号")
    )
    verb = models.CharField(max_length=12)
    state = models.CharField(_("之后的状态"), max_length=12, choices=JoinApplication.State)
    words = models.CharField(_("内容"), max_length=WORDS_MAX, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("入会经过")
        ordering = ["application", "id"]
        indexes = [models.Index(fields=["application", "id"], name="join_entry_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(by__in=("applicant", "ending")) | Q(author__isnull=False),
                name="join_entry_by_somebody",
            ),
        ]
