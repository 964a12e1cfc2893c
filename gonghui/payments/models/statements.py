"""对账: one provider's daily file beside our own rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree

ROW_VERBS = {"settle": {"open": "settled"}}


class StatementFile(Row):
    """One day of one provider. The same file again is the same row; another one for the day is refused."""

    scope = BySubtree("union__path", verb="payments.view")
    audit = Audit.CHANGES

    class Kind(models.TextChoices):
        TRADES = "trades", _("交易账单")
        COUPONS = "coupons", _("券核销明细")

    provider = models.CharField(_("渠道"), max_length=16, default="wechat")
    kind = models.CharField(_("类型"), max_length=8, choices=Kind, default=Kind.TRADES)
    subject = models.CharField(_("批次"), max_length=32, blank=True)
    """A coupon file is of one stock."""
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    day = models.DateField(_("账单日"))
    digest = models.CharField(_("文件摘要"), max_length=64)
    row_count = models.IntegerField(_("行数"))
    total_fen = models.BigIntegerField(_("收款合计（分）"))
    refund_fen = models.BigIntegerField(_("退款合计（分）"))

    class Meta:
        verbose_name = verbose_name_plural = _("对账单")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "subject", "day"], name="payment_statement_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.get_kind_display()}"


class StatementRow(Row):
    """`matched` needs nothing; the others stay open until somebody settles them with a note."""

    scope = BySubtree("union__path", verb="payments.view")
    audit = Audit.CHANGES

    class Verdict(models.TextChoices):
        MATCHED = "matched", _("相符")
        MISSING = "missing", _("渠道缺单")
        SURPLUS = "surplus", _("渠道多单")
        DIFFERENT = "different", _("金额不符")

    class State(models.TextChoices):
        OPEN = "open", _("待核实")
        SETTLED = "settled", _("已了结")

    file = models.ForeignKey(StatementFile, models.PROTECT, related_name="rows", verbose_name=_("对账单"))
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    kind = models.CharField(_("种类"), max_length=8)
    """trade | refund | used | returned"""
    number = models.CharField(_("商户单号"), max_length=64)
    provider_no = models.CharField(_("渠道单号"), max_length=64, blank=True)
    ours_fen = models.BigIntegerField(_("我方金额（分）"), null=True)
    theirs_fen = models.BigIntegerField(_("渠道金额（分）"), null=True)
    verdict = models.CharField(_("结果"), max_length=10, choices=Verdict)
    state = models.CharField(_("状态"), max_length=8, choices=State)
    note = models.CharField(_("处理说明"), max_length=200, blank=True)
    settled_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("处理人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("对账明细")
        indexes = [models.Index(fields=["file", "verdict"], name="payment_statement_verdict")]
        constraints = [
            models.UniqueConstraint(fields=["file", "kind", "number"], name="payment_statement_row_once"),
            models.CheckConstraint(
                condition=Q(verdict="matched", state="settled") | ~Q(verdict="matched"),
                name="payment_statement_matched_is_settled",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(verdict="matched") | ~Q(note=""),
                name="payment_statement_settled_with_note",
            ),
        ]

    def __str__(self) -> str:
        return self.number
