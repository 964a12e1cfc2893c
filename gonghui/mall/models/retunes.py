"""月度调整: a month's subsidy over the ranked sections, as it was worked out, agreed by a second person, and begun as offers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree

# verb → {from: to}; the same table stands in sql/40_retunes.sql.
RETUNE_VERBS = {
    "agree": {"drafted": "agreed"},
    "start": {"agreed": "started"},
    "replace": {"started": "over"},
    "withdraw": {"drafted": "withdrawn", "agreed": "withdrawn"},
}


class Retune(Row):
    """`inputs` and `items` are those of `allotting`: from the inputs of its version anybody gets the items again. They add up to
    `total_fen`, by trigger. Only its state moves."""

    class State(models.TextChoices):
        DRAFTED = "drafted", _("待复核")
        AGREED = "agreed", _("已复核")
        STARTED = "started", _("执行中")
        OVER = "over", _("已被下一次替换")
        WITHDRAWN = "withdrawn", _("已撤回")

    scope = BySubtree("budget__union__path", verb="mall.view")
    audit = Audit.ALL

    snapshot = models.ForeignKey(
        "mall.RankingSnapshot", models.PROTECT, related_name="retunes", verbose_name=_("热度排名")
    )
    budget = models.ForeignKey("funds.Budget", models.PROTECT, related_name="+", verbose_name=_("预算"))
    starts_on = models.DateField(_("从"))
    ends_on = models.DateField(_("到"))
    wave_two_on = models.DateField(_("后一半门店从哪天起"), null=True)
    total_fen = models.BigIntegerField(_("一共（分）"))
    threshold_fen = models.BigIntegerField(_("满（分）"))
    off_fen = models.BigIntegerField(_("减（分）"))
    times_a_month = models.PositiveSmallIntegerField(_("每人每月几次"))
    version = models.PositiveSmallIntegerField(_("算法版本"))
    inputs = models.JSONField(_("依据"))
    items = models.JSONField(_("方案"))
    first_stores = models.JSONField(_("先开始的门店"), default=list)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFTED, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", editable=False, verbose_name=_("经办人")
    )
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("复核人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("补贴月度调整")
        constraints = [
            models.CheckConstraint(
                condition=Q(total_fen__gt=0, off_fen__gt=0, threshold_fen__gte=F("off_fen"), starts_on__lte=F("ends_on")),
                name="mall_retune_of_something",
            ),
            models.CheckConstraint(
                condition=Q(wave_two_on=None) | Q(wave_two_on__gt=F("starts_on"), wave_two_on__lte=F("ends_on")),
                name="mall_retune_second_half_later",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["drafted", "withdrawn"]) | (Q(checker__isnull=False) & ~Q(checker=F("maker"))),
                name="mall_retune_maker_is_not_checker",
            ),
            models.UniqueConstraint(
                fields=["budget"], condition=Q(state="started"), name="mall_retune_one_at_a_time"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.starts_on:%Y-%m} {self.budget}"
