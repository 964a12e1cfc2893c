"""采购比选: how a supplier that is paid with union money was chosen, and from which sum on several quotes are compared."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import Everyone


class Selection(models.TextChoices):
    COMPARISON = "comparison", _("比选")
    FRAMEWORK = "framework", _("框架协议")
    TENDER = "tender", _("招标")
    SINGLE = "single", _("单一来源")


class PurchaseRule(Row):
    """From this sum a year on, so many quotes are compared. Binds all unions; of several in force the strictest counts."""

    scope = Everyone("what binds everybody")
    audit = Audit.ALL

    above_fen = models.BigIntegerField(_("从多少分起"), default=0)
    quotes_min = models.PositiveSmallIntegerField(_("至少比几家"), default=3)
    clause = models.CharField(_("依据"), max_length=200)
    effective_from = models.DateField(_("施行日期"))
    effective_until = models.DateField(_("废止日期"), null=True, blank=True)
    is_verified = models.BooleanField(
        _("已核实"), default=False, help_text=_("有人对照文件核过条文和金额以后再勾。没有核实的也照样约束。")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("采购比选规定")
        constraints = [
            models.CheckConstraint(
                condition=Q(above_fen__gte=0, quotes_min__gte=2, quotes_min__lte=10) & ~Q(clause=""),
                name="partner_purchase_rule_whole",
                violation_error_message=_("至少比两家，最多十家；依据不能空。"),
            ),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gt=F("effective_from")),
                name="partner_purchase_rule_dates",
                violation_error_message=_("废止日期要在施行日期之后。"),
            ),
        ]

    def __str__(self) -> str:
        return self.clause

    @property
    def cited(self) -> str:
        """As a refusal names it."""
        return (
            self.clause
            if self.is_verified
            else str(_("{clause}（尚未有人对照文件核实）")).format(clause=self.clause)
        )
