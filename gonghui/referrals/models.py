"""携手入会有礼: a member's code, the campaign that rewards it, and each introduction. Facts never change (sql/)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Where

PER_REFERRER_MAX = 30
"""As many vouchers of one release as a person may hold."""
CAMPAIGN_VERBS = {
    "start": {"draft": "running"},
    "end": {"draft": "ended", "running": "ended"},
}
# verb → {from: to}; the same moves stand in sql/10_referrals.sql.
VERBS = {
    "qualify": {"pending": "qualified"},
    "reward": {"qualified": "rewarded"},
    "void": {"pending": "void", "qualified": "void", "rewarded": "void"},
}


class ReferralCampaign(Row):
    """Who brings a new member gets one voucher, the new member another; the releases of both hold the money."""

    class State(models.TextChoices):
        DRAFT = "draft", _("待复核")
        RUNNING = "running", _("进行中")
        ENDED = "ended", _("已结束")

    scope = AnyOf(BySubtree("union__path", verb="joining.view"), Where(state__in=("running", "ended")))
    audit = Audit.ALL

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("主办工会"))
    name = models.CharField(_("名称"), max_length=60)
    groups = ArrayField(models.SlugField(), default=list, blank=True, verbose_name=_("面向的群体"))
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    joiner_pool = models.ForeignKey(
        "benefits.Pool", models.PROTECT, related_name="+", verbose_name=_("新会员的券")
    )
    referrer_pool = models.ForeignKey(
        "benefits.Pool", models.PROTECT, related_name="+", verbose_name=_("介绍人的券")
    )
    per_referrer = models.PositiveSmallIntegerField(_("每人最多奖励几次"), default=10)
    stay_days = models.PositiveSmallIntegerField(_("几天内退会则作废"), default=30)
    state = models.CharField(
        _("状态"), max_length=8, choices=State, default=State.DRAFT, db_default=State.DRAFT, editable=False
    )
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("复核人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("携手入会活动")
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="referral_campaign_times"),
            models.CheckConstraint(
                condition=Q(per_referrer__range=(1, PER_REFERRER_MAX)), name="referral_campaign_cap"
            ),
            models.CheckConstraint(
                condition=~Q(joiner_pool=F("referrer_pool")), name="referral_campaign_two_pools"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | (Q(checker__isnull=False) & ~Q(checker=F("maker"))),
                name="referral_campaign_by_two",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class InviteCode(Row):
    """Said, scanned or typed by whoever joins. One a member, made when they first look."""

    scope = ByKey("person", "person_id")
    audit = Audit.CHANGES

    person = models.OneToOneField("members.Person", models.CASCADE, related_name="invite_code")
    code = models.CharField(_("邀请码"), max_length=8, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = _("邀请码")

    def __str__(self) -> str:
        return self.code


class Referral(Row):
    """One application that named a code (SM-06). Paid for by an approved membership, never for passing the code on."""

    class State(models.TextChoices):
        PENDING = "pending", _("等待入会")
        QUALIFIED = "qualified", _("已入会，待发券")
        REWARDED = "rewarded", _("已发券")
        VOID = "void", _("无效")

    class Flag(models.TextChoices):
        SAME_DEVICE = "same_device", _("同一台手机登录过")
        HOUSEHOLD = "household", _("互为代约人")

    scope = AnyOf(ByKey("person", "referrer_id"), BySubtree("campaign__union__path", verb="joining.view"))
    audit = Audit.ALL

    campaign = models.ForeignKey(
        ReferralCampaign, models.PROTECT, related_name="referrals", verbose_name=_("活动")
    )
    referrer = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="introductions", verbose_name=_("介绍人")
    )
    application = models.OneToOneField(
        "joining.JoinApplication", models.PROTECT, related_name="referral", verbose_name=_("入会申请")
    )
    joinee = models.ForeignKey(
        "members.Person", models.PROTECT, null=True, related_name="introduced_by", verbose_name=_("新会员")
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=State, default=State.PENDING, db_default=State.PENDING
    )
    flags = ArrayField(
        models.CharField(max_length=12, choices=Flag), default=list, verbose_name=_("需要看看")
    )
    looked_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("看过的人")
    )
    why_void = models.CharField(_("作废原因"), max_length=200, blank=True)
    is_over_cap = models.BooleanField(_("介绍人已到上限"), default=False)
    joiner_voucher = models.OneToOneField("benefits.Voucher", models.PROTECT, null=True, related_name="+")
    referrer_voucher = models.OneToOneField("benefits.Voucher", models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(_("办结时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("携手入会")
        indexes = [
            models.Index(fields=["referrer", "-id"], name="referral_of_referrer"),
            models.Index(fields=["campaign", "state"], name="referral_of_campaign"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["joinee"],
                condition=Q(state__in=("qualified", "rewarded")),
                name="referral_joinee_once",
            ),
            models.CheckConstraint(
                condition=Q(joinee=None) | ~Q(joinee=F("referrer")), name="referral_not_oneself"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("qualified", "rewarded")) | Q(joinee__isnull=False),
                name="referral_of_somebody_who_joined",
            ),
            models.CheckConstraint(
                condition=~Q(state="rewarded")
                | (
                    Q(joiner_voucher__isnull=False)
                    & (Q(referrer_voucher__isnull=False) ^ Q(is_over_cap=True))
                ),
                name="referral_rewarded_both",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("pending", "qualified"))
                | Q(joiner_voucher=None, referrer_voucher=None),
                name="referral_nothing_before_reward",
            ),
            models.CheckConstraint(condition=Q(state="void") ^ Q(why_void=""), name="referral_void_says_why"),
            models.CheckConstraint(
                condition=~Q(state="rewarded") | Q(flags=[]) | Q(looked_by__isnull=False),
                name="referral_flagged_is_looked_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.referrer_id} → {self.application_id}"

    @property
    def needs_a_look(self) -> bool:
        return bool(self.flags) and self.looked_by_id is None and self.state == self.State.QUALIFIED
