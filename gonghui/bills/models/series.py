"""定期投放: a release repeated by a rule; every time is a release of its own, with its own money."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree

# verb → {from: to}
SERIES_VERBS = {
    "review": {"draft": "reviewed"},
    "stop": {"draft": "stopped", "reviewed": "stopped"},
}


class ReleaseSeries(Row):
    """`template` is a draft that is never released itself: its offer, audience, pools and times of day are repeated."""

    class Rule(models.TextChoices):
        MONTHLY = "monthly", _("每月")
        WEEKLY = "weekly", _("每周")
        DAYS = "days", _("指定的日子")
        NAMED = "named", _("工惠日")

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        REVIEWED = "reviewed", _("执行中")
        STOPPED = "stopped", _("已停止")

    scope = BySubtree("template__union__path", verb="releases.view")
    audit = Audit.ALL

    template = models.OneToOneField(
        "benefits.Release", models.PROTECT, related_name="series", verbose_name=_("投放样板")
    )
    title = models.CharField(_("名称"), max_length=80)
    rule = models.CharField(_("重复"), max_length=8, choices=Rule)
    day = models.PositiveSmallIntegerField(
        _("每月几号"), default=1, help_text=_("没有这一天的月份，在最后一天。")
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("星期"), default=list, blank=True
    )
    days = ArrayField(models.DateField(), verbose_name=_("日子"), default=list, blank=True)
    benefit_day = models.ForeignKey(
        "bills.BenefitDay",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="series",
        verbose_name=_("工惠日"),
    )
    starts_on = models.DateField(_("从哪天起"))
    ends_on = models.DateField(_("到哪天止"))
    ahead_days = models.PositiveSmallIntegerField(_("提前几天备好"), default=7)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("复核人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("定期投放")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on"), day__range=(1, 31), ahead_days__range=(1, 60)),
                name="bills_series_dates",
            ),
            models.CheckConstraint(
                condition=Q(rule="monthly")
                | Q(rule="weekly", weekdays__len__gt=0, weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7])
                | Q(rule="days", days__len__gt=0)
                | Q(rule="named", benefit_day__isnull=False),
                name="bills_series_rule",
            ),
            models.CheckConstraint(
                condition=~Q(state="reviewed") | (Q(checker__isnull=False) & ~Q(maker=F("checker"))),
                name="bills_series_maker_is_not_checker",
                violation_error_message=_("复核人不能是经办人自己。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SeriesDay(Row):
    """One time of a series. Without money its release stays a draft and `problem` says why."""

    scope = BySubtree("series__template__union__path", verb="releases.view")
    audit = Audit.ALL

    series = models.ForeignKey(
        ReleaseSeries, models.PROTECT, related_name="occurrences", verbose_name=_("定期投放")
    )
    starts_on = models.DateField(_("日期"))
    release = models.OneToOneField(
        "benefits.Release", models.PROTECT, related_name="series_day", verbose_name=_("投放")
    )
    problem = models.TextField(_("没有备好的原因"), blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("定期投放的一期")
        ordering = ["series", "starts_on"]
        constraints = [models.UniqueConstraint(fields=["series", "starts_on"], name="bills_series_day_once")]

    def __str__(self) -> str:
        return f"{self.series} {self.starts_on}"
