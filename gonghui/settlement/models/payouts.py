"""付款批次: one file for the bank, hashed, made by one and approved by another; each payout is paid or bounces."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree

BATCH_VERBS = {
    "approve": {"made": "approved"},
    "cancel": {"made": "cancelled"},
    "finish": {"approved": "done"},
}
PAYOUT_VERBS = {
    "send": {"made": "sent"},
    "cancel": {"made": "cancelled"},
    "pay": {"sent": "paid"},
    "bounce": {"sent": "bounced", "paid": "bounced"},
}

LIVING = ("made", "sent", "paid")
"""A statement has one of these at most: it is paid, or about to be."""


class PayoutBatch(Row):
    scope = BySubtree("union__path", verb="settlements.view")
    audit = Audit.CHANGES

    class State(models.TextChoices):
        MADE = "made", _("待批准")
        APPROVED = "approved", _("付款中")
        DONE = "done", _("已完成")
        CANCELLED = "cancelled", _("已作废")

    key = models.UUIDField(unique=True, editable=False)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("付款工会"))
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.MADE, editable=False)
    amount_fen = models.BigIntegerField(_("合计（分）"))
    count = models.PositiveIntegerField(_("笔数"))
    file = SealedTextField(verbose_name=_("银行文件"))
    """Base64 of the .xlsx: whole account numbers stand in it."""
    sha256 = models.CharField(_("文件指纹（SHA-256）"), max_length=64)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("批准人")
    )
    approved_at = models.DateTimeField(_("批准时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("付款批次")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, count__gt=0), name="settlement_batch_amount"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["made", "cancelled"])
                | Q(checker__isnull=False, approved_at__isnull=False) & ~Q(maker=F("checker")),
                name="settlement_batch_maker_is_not_checker",
                violation_error_message=_("批准人不能是经办人自己。"),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"FK{self.pk:06d}" if self.pk else ""


class Payout(Row):
    scope = AnyOf(
        ByKey("partner", "statement__partner_id"), BySubtree("batch__union__path", verb="settlements.view")
    )
    audit = Audit.CHANGES

    class State(models.TextChoices):
        MADE = "made", _("待批准")
        SENT = "sent", _("已提交银行")
        PAID = "paid", _("已到账")
        BOUNCED = "bounced", _("被退回")
        CANCELLED = "cancelled", _("已作废")

    key = models.UUIDField(unique=True, editable=False)
    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="payouts", verbose_name=_("批次"))
    statement = models.ForeignKey(
        "settlement.Statement", models.PROTECT, related_name="payouts", verbose_name=_("结算单")
    )
    amount_fen = models.BigIntegerField(_("金额（分）"))
    account = SealedTextField(verbose_name=_("收款账号"))
    account_shown = models.CharField(_("收款账户"), max_length=120)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.MADE, editable=False)
    bank_number = models.CharField(_("银行流水号"), max_length=64, blank=True)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    ended_at = models.DateTimeField(_("结果时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("付款")
        indexes = [
            models.Index(fields=["statement"], condition=Q(state="bounced"), name="settlement_payout_bounced")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["statement"],
                condition=Q(state__in=LIVING),
                name="settlement_statement_paid_once",
            ),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="settlement_payout_amount"),
            models.CheckConstraint(
                condition=(~Q(state="paid") | ~Q(bank_number="")) & (~Q(state="bounced") | ~Q(note="")),
                name="settlement_payout_says_how",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"FK{self.batch_id:06d}-{self.pk:06d}"
