"""外部券的钱: the budget behind a provider's coupons, and what each use of one took out of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree

# verb → {from: to}. `come_back` of a use nobody has told yet is a row that begins there: the provider's news have no order.
USE_VERBS = {
    "post": {"uncovered": "posted"},
    "come_back": {"posted": "returned", "uncovered": "returned"},
}


class StockFunding(Row):
    """All coupons of the stock at their face are set aside when another than its maker approves it, before it is ordered:
    none goes out uncovered."""

    scope = BySubtree("stock__union__path", verb="payments.view")
    audit = Audit.ALL

    stock = models.OneToOneField(
        "payments.ExternalStock", models.PROTECT, related_name="funding", verbose_name=_("外部券批次")
    )
    budget = models.ForeignKey(
        "funds.Budget", models.PROTECT, related_name="stock_fundings", verbose_name=_("预算")
    )
    commitment = models.OneToOneField(
        "funds.Commitment", models.PROTECT, null=True, related_name="stock_funding"
    )
    """None while nobody has approved it."""
    programme = models.ForeignKey(
        "bills.Programme",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="stock_fundings",
        verbose_name=_("项目"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("外部券出资")

    def __str__(self) -> str:
        return str(self.stock)


class ExternalUse(Row):
    """One use as the provider numbered it; it is paid out of the commitment once and comes back at most once."""

    class State(models.TextChoices):
        POSTED = "posted", _("已入账")
        UNCOVERED = "uncovered", _("预留不足")
        RETURNED = "returned", _("已退回")

    scope = BySubtree("funding__stock__union__path", verb="payments.view")
    audit = Audit.no("facts never change; its state is what its transfers say, and those are the record")

    # No index of its own: the unique one begins with it.
    funding = models.ForeignKey(
        StockFunding, models.PROTECT, db_index=False, related_name="uses", verbose_name=_("外部券批次")
    )
    use_id = models.CharField(_("渠道事件"), max_length=64)
    code = models.CharField(_("券号"), max_length=64)
    off_fen = models.BigIntegerField(_("优惠（分）"), default=0)
    paid_fen = models.BigIntegerField(_("职工支付（分）"), default=0)
    state = models.CharField(_("状态"), max_length=10, choices=State, editable=False)
    returned_at = models.DateTimeField(_("退回时间"), null=True, editable=False)
    """Of what was posted before it came back."""

    class Meta:
        verbose_name = verbose_name_plural = _("外部券使用")
        constraints = [
            models.CheckConstraint(
                condition=Q(returned_at=None) | Q(state="returned"), name="bills_external_returned_at"
            ),
            models.UniqueConstraint(fields=["funding", "use_id"], name="bills_external_use_once"),
            models.CheckConstraint(
                condition=Q(off_fen__gte=0, paid_fen__gte=0), name="bills_external_amounts"
            ),
        ]
        indexes = [
            models.Index(
                fields=["funding", "id"], condition=Q(state="uncovered"), name="bills_external_waiting"
            )
        ]

    def __str__(self) -> str:
        return self.use_id
