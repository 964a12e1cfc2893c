"""投放 and 名额池: how much goes out, when, to whom, and how much is left."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone, Where

PUBLIC_STATES = ("announced", "open", "paused", "closed", "cancelled")
CLAIMABLE_STATES = ("announced", "open")
PER_PERSON_MAX = 30  # the claim function keeps a person's tickets in the bits of one integer

# verb → {from: to}. Claims follow the clock (opens_at, closes_at), not the timer that runs these verbs.
RELEASE_VERBS = {
    "review": {"draft": "reviewed"},
    "send_back": {"reviewed": "draft"},
    "announce": {"reviewed": "announced"},
    "open": {"announced": "open"},
    "pause": {"open": "paused"},
    "resume": {"paused": "open"},
    "close": dict.fromkeys(("announced", "open", "paused"), "closed"),
    "cancel": dict.fromkeys(("draft", "reviewed", "announced", "open", "paused", "closed"), "cancelled"),
}


class Release(Row):
    """One lock for all pools of a release: a person's limit counts across its pools (docs/decisions/0003)."""

    class Mode(models.TextChoices):
        GRAB = "grab", _("抢票")
        DRAW = "draw", _("抽签")
        GRANT = "grant", _("直接发放")
        PACK = "pack", _("随礼包发放")

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        REVIEWED = "reviewed", _("已复核")
        ANNOUNCED = "announced", _("已预告")
        OPEN = "open", _("进行中")
        PAUSED = "paused", _("已暂停")
        CLOSED = "closed", _("已结束")
        CANCELLED = "cancelled", _("已取消")

    scope = AnyOf(BySubtree("union__path", verb="releases.view"), Where(state__in=PUBLIC_STATES))
    audit = Audit.ALL

    offer = models.ForeignKey(
        "benefits.Offer", models.PROTECT, related_name="releases", verbose_name=_("权益")
    )
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="releases", verbose_name=_("发放工会")
    )
    title = models.CharField(_("名称"), max_length=120)
    mode = models.CharField(_("方式"), max_length=8, choices=Mode.choices, default=Mode.GRAB)
    audience_union = models.ForeignKey(
        "orgs.Union",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("面向的工会"),
        help_text=_("不填表示发放工会及其下级。"),
    )
    verified_only = models.BooleanField(_("仅限实名会员"), default=True)
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
    """Its wording on the day this was written: a later one does not change who was promised something."""
    announce_at = models.DateTimeField(_("预告时间"))
    opens_at = models.DateTimeField(_("开放时间"))
    closes_at = models.DateTimeField(_("结束时间"))
    per_person = models.PositiveSmallIntegerField(_("每人限领次数"), default=1)
    party_max = models.PositiveSmallIntegerField(_("每次最多人数（含本人）"), default=1)
    names_required = models.BooleanField(_("同行人须实名"), default=False)
    cancel_until = models.DateTimeField(
        _("最晚退票时间"), null=True, blank=True, help_text=_("不填表示到结束时间。")
    )
    confirm_within_s = models.PositiveIntegerField(
        _("确认时限（秒）"), default=0, help_text=_("0 表示领到即确认。")
    )
    waitlist_max = models.PositiveIntegerField(
        _("候补上限"),
        null=True,
        blank=True,
        help_text=_("每个名额池；不填表示与名额数相同，0 表示不设候补。"),
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False
    )
    pause_reason = models.CharField(_("暂停原因"), max_length=200, blank=True, editable=False)
    """Why it is paused, as members read it; empty at any other time."""
    paused_at = models.DateTimeField(_("暂停时间"), null=True, blank=True, editable=False)
    """Set and cleared by the database with the state."""
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("复核人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("投放")
        indexes = [models.Index(fields=["state", "opens_at"], name="benefits_release_calendar")]
        constraints = [
            models.CheckConstraint(
                condition=Q(announce_at__lte=F("opens_at")) & Q(opens_at__lt=F("closes_at")),
                name="benefits_release_times_in_order",
                violation_error_message=_("时间要依次为：预告、开放、结束。"),
            ),
            models.CheckConstraint(
                condition=Q(cancel_until=None) | Q(cancel_until__gt=F("opens_at")),
                name="benefits_release_cancel_after_opening",
                violation_error_message=_("最晚退票时间要在开放时间之后。"),
            ),
            models.CheckConstraint(
                condition=Q(per_person__range=(1, PER_PERSON_MAX)) & Q(party_max__gte=1),
                name="benefits_release_limits",
                violation_error_message=_("每人限领 1 到 30 次，每次至少 1 人。"),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"])
                | (Q(checker__isnull=False) & ~Q(maker=F("checker"))),
                name="benefits_release_maker_is_not_checker",
                violation_error_message=_("复核人不能是经办人自己。"),
            ),
            models.CheckConstraint(
                condition=Q(audience=None, audience_version=None)
                | Q(audience__isnull=False, audience_version__isnull=False),
                name="benefits_release_audience_as_worded",
            ),
            models.CheckConstraint(
                condition=Q(state="paused", pause_reason__gt="") | (~Q(state="paused") & Q(pause_reason="")),
                name="benefits_release_paused_says_why",
                violation_error_message=_("暂停要写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def can_return_at(self, moment: datetime) -> bool:
        return moment < (self.cancel_until or self.closes_at)


class Pool(Row):
    """`remaining` is moved by the vouchers' own trigger only; what is written here is ignored."""

    class HonourBy(models.TextChoices):
        GATE = "gate", _("现场扫码入场")
        EXCHANGE = "exchange", _("窗口换票")

    scope = AnyOf(
        BySubtree("release__union__path", verb="releases.view"),
        Where(release__state__in=PUBLIC_STATES),
        ByKey("store", "store_id"),
    )
    audit = Audit.no(
        "its own trigger records people's changes; counters move with the vouchers, which are the record"
    )

    release = models.ForeignKey(
        "benefits.Release", models.PROTECT, related_name="pools", verbose_name=_("投放")
    )
    label = models.CharField(_("场次"), max_length=120)
    capacity = models.PositiveIntegerField(_("名额"))
    remaining = models.PositiveIntegerField(_("剩余"), editable=False, default=0)
    next_serial = models.PositiveIntegerField(_("下一个序号"), editable=False, default=1)
    next_position = models.PositiveIntegerField(_("下一个候补序号"), editable=False, default=1)
    opens_at = models.DateTimeField(_("开放时间"), null=True, blank=True, help_text=_("不填表示与投放相同。"))
    closes_at = models.DateTimeField(
        _("结束时间"), null=True, blank=True, help_text=_("不填表示与投放相同。")
    )
    valid_from = models.DateTimeField(_("可用时间起"), null=True, blank=True)
    valid_until = models.DateTimeField(_("可用时间止"), null=True, blank=True)
    place = models.CharField(_("地点"), max_length=200, blank=True)
    store = models.ForeignKey(
        "partners.Store", models.PROTECT, null=True, blank=True, related_name="pools", verbose_name=_("门店")
    )
    honour_by = models.CharField(_("使用方式"), max_length=8, choices=HonourBy.choices, default=HonourBy.GATE)

    class Meta:
        verbose_name = verbose_name_plural = _("名额池")
        ordering = ["release", "valid_from", "id"]
        constraints = [
            # The target of the vouchers' composite key: a voucher's release is its pool's release.
            models.UniqueConstraint(fields=["id", "release"], name="benefits_pool_of_release"),
            models.CheckConstraint(
                condition=Q(remaining__gte=0) & Q(remaining__lte=F("capacity")),
                name="benefits_pool_never_oversold",
                violation_error_message=_("名额不能少于已发出的数量。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_from__lt=F("valid_until")),
                name="benefits_pool_validity_in_order",
                violation_error_message=_("可用时间的起要早于止。"),
            ),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(opens_at__lt=F("closes_at")),
                name="benefits_pool_times_in_order",
                violation_error_message=_("开放时间要早于结束时间。"),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def opening(self) -> datetime:
        return self.opens_at or self.release.opens_at

    @property
    def closing(self) -> datetime:
        return self.closes_at or self.release.closes_at


class Reminder(Row):
    """A member asked to be told when a release opens."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("release__union__path", verb="releases.view"))
    audit = Audit.CHANGES

    release = models.ForeignKey(
        "benefits.Release", models.CASCADE, related_name="reminders", verbose_name=_("投放")
    )
    person = models.ForeignKey(
        "members.Person", models.CASCADE, related_name="reminders", verbose_name=_("会员")
    )
    sent_at = models.DateTimeField(_("提醒时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("开抢提醒")
        constraints = [models.UniqueConstraint(fields=["release", "person"], name="benefits_reminder_once")]

    def __str__(self) -> str:
        return f"{self.release_id}/{self.person_id}"


class WaitingPage(Row):
    """The waiting page as Django rendered it at publication; gates serve it from memory."""

    scope = Everyone("the same page for every visitor, without personal data")
    audit = Audit.no("rendered from audited rows, can be rendered again")

    release = models.OneToOneField(
        "benefits.Release", models.CASCADE, related_name="waiting_page", verbose_name=_("投放")
    )
    html = models.BinaryField()
    etag = models.CharField(max_length=80)
    rendered_at = models.DateTimeField(_("生成时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("等候页")

    def __str__(self) -> str:
        return f"{self.release_id} {self.etag}"
