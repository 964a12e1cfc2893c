"""福豆发放: who was to get how much, who did, and why somebody did not."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.funds.models.rules import BenefitCategory
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone

# verb → {from: to}; SM-08
GRANT_VERBS = {
    "submit": {"draft": "submitted"},
    "send_back": {"submitted": "draft"},
    "check": {"submitted": "checked"},
    "run": {"checked": "granting", "partially_failed": "granting"},
    "fail": {"granting": "partially_failed"},
    "finish": {"granting": "granted"},
    "begin_expiry": {"granted": "expiring"},
    "expire": {"expiring": "expired"},
    "cancel": {"draft": "cancelled", "submitted": "cancelled", "checked": "cancelled"},
}


class Section(Row):
    """专区: what points may be spent on, as a list of shelves."""

    scope = Everyone("the list of shelves")
    audit = Audit.ALL

    code = models.SlugField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("专区"), max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = _("专区")

    def __str__(self) -> str:
        return self.name


class PointGrant(Row):
    """One grant to many. Each person gets an account of their own for it, so that it can expire and be followed."""

    scope = BySubtree("union__path", verb="points.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待复核")
        CHECKED = "checked", _("已复核")
        GRANTING = "granting", _("发放中")
        PARTIALLY_FAILED = "partially_failed", _("部分未发")
        GRANTED = "granted", _("已发放")
        EXPIRING = "expiring", _("到期收回中")
        EXPIRED = "expired", _("已到期")
        CANCELLED = "cancelled", _("已取消")

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="point_grants", verbose_name=_("发放工会")
    )
    title = models.CharField(_("名称"), max_length=60)
    budget = models.ForeignKey(
        "funds.Budget", models.PROTECT, related_name="point_grants", verbose_name=_("预算")
    )
    category = models.CharField(
        _("用途"), max_length=12, choices=BenefitCategory, default=BenefitCategory.FESTIVAL
    )
    festival = models.SlugField(_("节日"), max_length=24, blank=True)
    per_head = models.PositiveIntegerField(_("每人福豆"))
    audience_union = models.ForeignKey(
        "orgs.Union",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("面向的工会"),
        help_text=_("不填表示发放工会及其下级。"),
    )
    audience_groups = ArrayField(
        models.CharField(max_length=40), verbose_name=_("面向的群体"), default=list, blank=True
    )
    audience = models.ForeignKey(
        "audiences.Audience",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("面向的受众"),
        help_text=_("不选表示上面的工会和群体里的所有人。"),
    )
    audience_version = models.ForeignKey(
        "audiences.AudienceVersion", models.PROTECT, null=True, related_name="+", editable=False
    )
    """Its wording on the day this was drafted: the roster is made by it or not at all."""
    is_sensitive = models.BooleanField(_("含敏感标签"), default=False, db_default=False, editable=False)
    """Who gets them tells of sensitive data: people are shown in tens. For good (sql/100_sensitive_grants.sql)."""
    birthday_month = models.PositiveSmallIntegerField(
        _("生日月份"), null=True, blank=True, help_text=_("生日慰问填 1 到 12，只发给当月生日的会员。")
    )
    roster_on = models.DateField(_("名册日期"), help_text=_("在这一天在籍的会员。"))
    sections = ArrayField(
        models.SlugField(max_length=24), verbose_name=_("可用专区"), default=list, blank=True
    )
    """Empty: every shelf."""
    expires_on = models.DateField(_("有效期至"), help_text=_("当天仍可使用。"))
    people = models.PositiveIntegerField(_("应发人数"), default=0, editable=False)
    refused = models.PositiveIntegerField(_("未发人数"), default=0, editable=False)
    granted = models.PositiveIntegerField(_("已发人数"), default=0, editable=False)
    screened = models.PositiveIntegerField(_("已核对人数"), default=0, editable=False)
    screened_to = models.BigIntegerField(default=0, editable=False)
    """The last row of the roster that the rules were asked about."""
    problem = models.CharField(_("没有办成的原因"), max_length=300, blank=True, editable=False)
    state = models.CharField(_("状态"), max_length=16, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("复核人")
    )
    checked_at = models.DateTimeField(_("复核时间"), null=True, editable=False)
    took_part = models.PositiveIntegerField(
        _("参加人数"),
        null=True,
        blank=True,
        help_text=_("参加培训或活动的总人数；规定了获奖比例的，按它核对名单。"),
    )
    days = models.PositiveSmallIntegerField(
        _("天数"), null=True, blank=True, help_text=_("含往返路途；当日往返的填 1。")
    )
    is_paired = models.BooleanField(_("去的是对口支援、东西部协作地区"), default=False, db_default=False)
    affirmed = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, db_default=[], editable=False
    )
    """经办人已确认: the conditions of the rules, word for word as they were."""

    class Meta:
        verbose_name = verbose_name_plural = _("福豆发放")
        constraints = [
            models.CheckConstraint(condition=Q(per_head__range=(1, 100_000)), name="funds_grant_per_head"),
            models.CheckConstraint(
                condition=Q(audience=None, audience_version=None)
                | Q(audience__isnull=False, audience_version__isnull=False),
                name="funds_grant_audience_as_worded",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gt=F("roster_on")),
                name="funds_grant_expires_later",
                violation_error_message=_("有效期要在名册日期之后。"),
            ),
            models.CheckConstraint(
                condition=Q(birthday_month=None) | Q(birthday_month__range=(1, 12)), name="funds_grant_month"
            ),
            models.CheckConstraint(
                condition=(Q(took_part=None) | Q(took_part__gte=1)) & (Q(days=None) | Q(days__range=(1, 60))),
                name="funds_grant_took_part_and_days",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "cancelled"])
                | (Q(checker__isnull=False) & ~Q(maker=F("checker"))),
                name="funds_grant_maker_is_not_checker",
                violation_error_message=_("复核人不能是经办人自己。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_screening(self) -> bool:
        """The rules are still being asked about the roster, after submitting or, with a checker, after checking."""
        return self.state == self.State.SUBMITTED and (not self.people or self.screened < self.people)


class GrantedPerson(Row):
    """名册快照 of one grant: one row a person, whatever became of it."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("grant__union__path", verb="points.view"))
    audit = Audit.no("the roster as it was; the transfers are the record")

    class State(models.TextChoices):
        WAITING = "waiting", _("待发放")
        GRANTED = "granted", _("已发放")
        REFUSED = "refused", _("不予发放")

    grant = models.ForeignKey(PointGrant, models.CASCADE, related_name="roster", db_index=False)
    person = models.ForeignKey("members.Person", models.PROTECT, related_name="+")
    state = models.CharField(
        _("状态"), max_length=8, choices=State, default=State.WAITING, db_default=State.WAITING
    )
    rule = models.ForeignKey(
        "funds.BenefitRule",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("依据"),
    )
    """The rule that refused; null for other reasons."""
    reason = models.CharField(_("原因"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = verbose_name_plural = _("发放名册")
        constraints = [models.UniqueConstraint(fields=["grant", "person"], name="funds_granted_once")]
        indexes = [
            models.Index(fields=["grant", "id"], condition=Q(state="waiting"), name="funds_granted_waiting"),
            models.Index(fields=["grant", "id"], condition=Q(state="refused"), name="funds_granted_refused"),
        ]
