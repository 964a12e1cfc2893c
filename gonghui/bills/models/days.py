"""工惠日: days with a name, kept in one place; series and windows follow the name instead of dates of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.bills.pricing.named_days import DayRule, NamedDays
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import Everyone

NAMED = ("id", "name", "rule", "day", "nth", "weekday", "days", "groups")


class BenefitDay(Row):
    """Of a union and of all below it. What reviewed offers and series follow only gets further dates: sql/60_benefit_days.sql."""

    class Rule(models.TextChoices):
        DATES = "dates", _("指定的日子")
        MONTHLY = "monthly", _("每月几号")
        NTH = "nth", _("每月第几个星期几")

    class Nth(models.IntegerChoices):
        FIRST = 1, _("第一个")
        SECOND = 2, _("第二个")
        THIRD = 3, _("第三个")
        FOURTH = 4, _("第四个")
        LAST = -1, _("最后一个")

    class Weekday(models.IntegerChoices):
        MONDAY = 1, _("周一")
        TUESDAY = 2, _("周二")
        WEDNESDAY = 3, _("周三")
        THURSDAY = 4, _("周四")
        FRIDAY = 5, _("周五")
        SATURDAY = 6, _("周六")
        SUNDAY = 7, _("周日")

    scope = Everyone("announced to everybody, and followed by the unions below")
    audit = Audit.ALL

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="benefit_days", verbose_name=_("工会")
    )
    name = models.CharField(_("工惠日"), max_length=40)
    rule = models.CharField(_("哪些日子"), max_length=8, choices=Rule)
    day = models.PositiveSmallIntegerField(_("每月几号"), default=1)
    nth = models.SmallIntegerField(_("第几个"), choices=Nth, default=Nth.LAST)
    weekday = models.PositiveSmallIntegerField(_("星期几"), choices=Weekday, default=Weekday.FRIDAY)
    days = ArrayField(models.DateField(), verbose_name=_("日子"), default=list, blank=True)
    groups = ArrayField(models.SlugField(), verbose_name=_("面向的群体"), default=list, blank=True)
    ended_at = models.DateTimeField(_("停用时间"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("工惠日")
        constraints = [
            models.UniqueConstraint(fields=["union", "name"], name="bills_benefit_day_once"),
            models.CheckConstraint(
                condition=(~Q(rule="dates") | Q(days__len__gt=0))
                & Q(day__range=(1, 31), nth__in=[-1, 1, 2, 3, 4], weekday__range=(1, 7)),
                name="bills_benefit_day_rule",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def named(self) -> NamedDays:
        return named_days([getattr(self, name) for name in NAMED])

    def has(self, day: date) -> bool:
        return self.named.has(day)


def named_days(columns: Sequence[Any]) -> NamedDays:
    """Of `NAMED` in that order."""
    pk, name, rule, day, nth, weekday, days, groups = columns
    return NamedDays(pk, name, DayRule(rule), day, nth, weekday, frozenset(days), frozenset(groups))
