"""结算期: a stretch of days of one union and cycle, half-open, that is stated once and then closed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.clock import CHINA
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree
from gonghui.partners.models import Agreement
from gonghui.settlement.cycles import bounds_of

# verb → {from: to}; the same table stands in sql/10_statements.sql.
PERIOD_VERBS = {"make": {"open": "closing"}, "close": {"closing": "closed"}}


class Period(Row):
    """Days from `starts_on` up to, not including, `ends_on`, in China's time. Periods of one union and cycle never overlap."""

    scope = BySubtree("union__path", verb="settlements.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        OPEN = "open", _("进行中")
        CLOSING = "closing", _("结算中")
        CLOSED = "closed", _("已关账")

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="settlement_periods", verbose_name=_("工会")
    )
    cycle = models.CharField(_("结算周期"), max_length=12, choices=Agreement.Cycle)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期（不含）"))
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN, editable=False)
    made_at = models.DateTimeField(_("出账时间"), null=True, editable=False)
    """When every statement of it was made; nothing joins it afterwards."""
    closed_at = models.DateTimeField(_("关账时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("结算期")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lt=F("ends_on")), name="settlement_period_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(state="open", made_at=None, closed_at=None)
                | Q(state="closing", made_at__isnull=False, closed_at=None)
                | Q(state="closed", made_at__isnull=False, closed_at__isnull=False),
                name="settlement_period_times_of_state",
            ),
        ]

    def __str__(self) -> str:
        first, last = self.starts_on, self.last_day
        if bounds_of("monthly", first) == (first, self.ends_on):
            return _now("{year}年{month}月").format(year=first.year, month=first.month)
        until = f"{last:%m-%d}" if last.year == first.year else f"{last:%Y-%m-%d}"
        return f"{first:%Y-%m-%d} – {until}"

    @property
    def last_day(self):
        return self.ends_on - timedelta(days=1)

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.starts_on, time(), CHINA)

    @property
    def ends_at(self) -> datetime:
        """The first moment that is no longer in it."""
        return datetime.combine(self.ends_on, time(), CHINA)
