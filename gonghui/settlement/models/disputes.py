"""异议与调整: a merchant says a line is wrong; it stands, or an amount is put right by a transfer, never by an edit."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree

DISPUTE_VERBS = {"stand": {"open": "stands"}, "adjust": {"open": "adjusted"}}
ADJUSTMENT_VERBS = {"approve": {"proposed": "approved"}, "reject": {"proposed": "rejected"}}


class Dispute(Row):
    scope = AnyOf(
        ByKey("partner", "line__statement__partner_id"),
        BySubtree("line__statement__union__path", verb="settlements.view"),
    )
    audit = Audit.ALL

    class State(models.TextChoices):
        OPEN = "open", _("待答复")
        STANDS = "stands", _("维持原账")
        ADJUSTED = "adjusted", _("已调整")

    line = models.ForeignKey(
        "settlement.StatementLine", models.PROTECT, related_name="disputes", verbose_name=_("结算明细")
    )
    reason = models.CharField(_("异议"), max_length=300)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("提出人"))
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN, editable=False)
    answer = models.CharField(_("答复"), max_length=300, blank=True)
    answerer = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("答复人")
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    adjustment = models.ForeignKey(
        "settlement.Adjustment", models.PROTECT, null=True, related_name="disputes", verbose_name=_("调整")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("异议")
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(state="open"), name="settlement_dispute_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(reason="")
                & (
                    Q(state="open", answer="", answerer=None, answered_at=None, adjustment=None)
                    | Q(state="stands", answerer__isnull=False, answered_at__isnull=False, adjustment=None)
                    & ~Q(answer="")
                    | Q(
                        state="adjusted",
                        answerer__isnull=False,
                        answered_at__isnull=False,
                        adjustment__isnull=False,
                    )
                ),
                name="settlement_dispute_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.reason[:40]


class Adjustment(Row):
    """Proposed by one, decided by another; approved it is a line of the statement and a transfer from or to a budget."""

    scope = AnyOf(
        ByKey("partner", "statement__partner_id"),
        BySubtree("statement__union__path", verb="settlements.view"),
    )
    audit = Audit.ALL

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待批准")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("未批准")

    key = models.UUIDField(unique=True, editable=False)
    statement = models.ForeignKey(
        "settlement.Statement", models.PROTECT, related_name="adjustments", verbose_name=_("结算单")
    )
    line = models.ForeignKey(
        "settlement.StatementLine",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="adjusted_by",
        verbose_name=_("针对的明细"),
    )
    budget = models.ForeignKey("funds.Budget", models.PROTECT, related_name="+", verbose_name=_("预算"))
    """Gives what is added; takes back what is deducted."""
    amount_fen = models.BigIntegerField(_("金额（分）"))
    reason = models.CharField(_("原因"), max_length=300)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PROPOSED, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("批准人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("调整")
        constraints = [
            models.CheckConstraint(
                condition=~Q(amount_fen=0) & ~Q(reason=""), name="settlement_adjustment_whole"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | Q(checker__isnull=False) & ~Q(maker=F("checker")),
                name="settlement_adjustment_maker_is_not_checker",
                violation_error_message=_("批准人不能是经办人自己。"),
            ),
        ]

    def __str__(self) -> str:
        return self.reason[:40]
