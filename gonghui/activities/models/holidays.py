"""节日: the year's twelve periods, each with its theme."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.activities.calendar import NAMES
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import Everyone


class Colour(models.TextChoices):
    RED = "red", _("朱红")
    AMBER = "amber", _("琥珀")
    GREEN = "green", _("松绿")
    BLUE = "blue", _("靛蓝")


class HolidayPeriod(Row):
    """Written by `actions.plan_year` from the computed calendar; dates, theme and colour may be edited afterwards."""

    scope = Everyone("the calendar of holidays is public")
    audit = Audit.ALL

    year = models.PositiveSmallIntegerField(_("年份"))
    code = models.SlugField(_("节日"), choices=list(NAMES.items()))
    name = models.CharField(_("名称"), max_length=24)
    date = models.DateField(_("正日"))
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"))
    theme = models.CharField(_("主题"), max_length=48)
    colour = models.CharField(_("色调"), max_length=8, choices=Colour.choices, default=Colour.RED)

    class Meta:
        verbose_name = verbose_name_plural = _("节日")
        ordering = ["starts_on", "code"]
        constraints = [
            models.UniqueConstraint(fields=["year", "code"], name="activities_holiday_once_a_year"),
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("date")) & Q(date__lte=F("ends_on")),
                name="activities_holiday_holds_its_day",
                violation_error_message=_("正日要在开始和结束日期之间。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"
