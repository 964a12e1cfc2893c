"""爽约: counted, forgiven with a reason, and barred for a time where a union says so."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone


class NoShowRule(Row):
    """`count` no-shows at releases of `union` and below within `within_days` bar for `bar_days` from the last of them."""

    scope = Everyone("members are told the rule before it meets them")
    audit = Audit.ALL

    union = models.OneToOneField(
        "orgs.Union", models.PROTECT, related_name="no_show_rule", verbose_name=_("工会")
    )
    count = models.PositiveSmallIntegerField(_("爽约次数"))
    within_days = models.PositiveSmallIntegerField(_("统计天数"))
    bar_days = models.PositiveSmallIntegerField(_("暂停天数"))

    class Meta:
        verbose_name = verbose_name_plural = _("爽约规则")
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gte=1, within_days__gte=1, bar_days__gte=1),
                name="benefits_no_show_rule_limits",
                violation_error_message=_("次数和天数都要大于 0。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.union}：{self.within_days} 天内 {self.count} 次"


class NoShowExemption(Row):
    """A no-show that does not count: illness, an order to work, a mistake at the gate."""

    scope = AnyOf(
        ByKey("person", "voucher__person_id"),
        BySubtree("voucher__release__union__path", verb="vouchers.view"),
    )
    audit = Audit.ALL

    voucher = models.OneToOneField(
        "benefits.Voucher", models.PROTECT, related_name="exemption", verbose_name=_("券")
    )
    reason = models.CharField(_("原因"), max_length=200)
    granted_by = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", verbose_name=_("经手人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("爽约豁免")
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="benefits_exemption_has_reason")]
