"""多人复核: from which sum on how many people have to agree, who has agreed to what, and what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree


class Matter(models.TextChoices):
    BUDGET = "budget", _("预算")
    CHANGE = "change", _("预算调整")
    GRANT = "grant", _("发放福豆")
    PAYOUT = "payout", _("付款批次")
    RELEASE = "release", _("投放券")
    PLAN = "plan", _("健康关爱计划")
    ADJUSTMENT = "adjust", _("结算调整")
    STOCK = "stock", _("外部券")


class QuorumRule(Row):
    """Of a union and all below it: whoever stands lower may ask for more hands, never for fewer."""

    scope = BySubtree("union__path", verb="budgets.view")
    audit = Audit.ALL

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="quorum_rules", verbose_name=_("工会及其下级")
    )
    matter = models.CharField(_("事项"), max_length=8, choices=Matter)
    above_fen = models.BigIntegerField(_("从多少分起"), default=0)
    hands = models.PositiveSmallIntegerField(_("要几位复核"), default=2)
    cooling_h = models.PositiveSmallIntegerField(
        _("冷静期（小时）"), default=0, db_default=0,
        help_text=_("最后一位同意后过这么久才生效，其间复核的同事和经审委可以提出异议，退回重来。填 0 表示马上生效。"),
    )  # fmt: skip
    is_active = models.BooleanField(_("在用"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("多人复核规定")
        constraints = [
            models.UniqueConstraint(fields=["union", "matter", "above_fen"], name="funds_quorum_rule_once"),
            models.CheckConstraint(
                condition=Q(hands__gte=1, hands__lte=5, above_fen__gte=0)
                & (Q(hands__gte=2) | Q(cooling_h__gte=1)),
                name="funds_quorum_hands",
                violation_error_message=_("一位复核的，要有冷静期；多位复核的，最多五位。"),
            ),
            models.CheckConstraint(
                condition=Q(cooling_h__lte=720),
                name="funds_quorum_cooling",
                violation_error_message=_("冷静期最长 720 小时（30 天）。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.union} {self.get_matter_display()}"


class Consent(Row):
    """One person's yes to one matter, as it was then. Append-only; what is sent back or done anew needs new ones."""

    scope = BySubtree("union__path", verb="budgets.view")
    audit = Audit.no("append-only by trigger")

    matter = models.CharField(_("事项"), max_length=8, choices=Matter)
    subject = models.BigIntegerField(_("编号"))
    title = models.CharField(_("内容"), max_length=200)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    amount_fen = models.BigIntegerField(_("金额（分）"))
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("复核人"))
    nth = models.PositiveSmallIntegerField(_("第几位"))
    hands = models.PositiveSmallIntegerField(_("共要几位"))
    is_open = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("复核记录")
        constraints = [
            models.UniqueConstraint(
                fields=["matter", "subject", "user"], condition=Q(is_open=True), name="funds_consent_once"
            ),
            models.UniqueConstraint(
                fields=["matter", "subject", "nth"], condition=Q(is_open=True), name="funds_consent_in_turn"
            ),
            models.CheckConstraint(condition=Q(nth__gte=1, nth__lte=F("hands")), name="funds_consent_counts"),
        ]
        indexes = [models.Index(fields=["union", "-id"], name="funds_consent_of_union")]

    def __str__(self) -> str:
        return self.title

    @property
    def left(self) -> int:
        """How many more have to agree."""
        return self.hands - self.nth


class Decision(Row):
    """What enough hands agreed to: it takes effect at once or after the cooling-off, or goes back. The public log shows
    `words`, never `title`, and no sum that would tell of a few people."""

    scope = BySubtree("union__path", verb="budgets.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        PENDING = "pending", _("待生效")
        EFFECTIVE = "effective", _("已生效")
        BACK = "back", _("已退回")

    matter = models.CharField(_("事项"), max_length=8, choices=Matter)
    subject = models.BigIntegerField(_("编号"))
    title = models.CharField(_("内容"), max_length=200)
    words = models.CharField(_("公示的内容"), max_length=200)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    amount_fen = models.BigIntegerField(_("金额（分）"))
    is_sum_public = models.BooleanField(_("公示金额"), default=True)
    given = models.PositiveSmallIntegerField(_("同意的人数"))
    hands = models.PositiveSmallIntegerField(_("要几位"))
    cooling_h = models.PositiveSmallIntegerField(_("冷静期（小时）"))
    decided_by = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", verbose_name=_("最后同意的人")
    )
    takes_effect_at = models.DateTimeField(_("生效时间"))
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PENDING, editable=False)
    ended_at = models.DateTimeField(_("生效或退回的时间"), null=True, editable=False)
    reason = models.CharField(_("退回的原因"), max_length=200, blank=True)
    objector = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("提出异议的人"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("经费决定")
        constraints = [
            models.UniqueConstraint(
                fields=["matter", "subject"], condition=Q(state="pending"), name="funds_decision_one_pending"
            ),
            models.CheckConstraint(condition=Q(given__gte=F("hands")), name="funds_decision_hands"),
            models.CheckConstraint(
                condition=Q(state="pending", ended_at=None) | Q(state__in=["effective", "back"], ended_at__isnull=False),
                name="funds_decision_ended",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["union", "-id"], name="funds_decision_of_union"),
            models.Index(fields=["matter", "subject", "-id"], name="funds_decision_of_matter"),
            models.Index(fields=["takes_effect_at"], condition=Q(state="pending"), name="funds_decision_due"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_cooling(self) -> bool:
        """Somebody may still object."""
        return self.state == self.State.PENDING and self.cooling_h > 0 and clock.now() < self.takes_effect_at
