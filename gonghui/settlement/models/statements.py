"""结算单: what a merchant is owed for a period, line by line, funder by funder. Lines are never changed (sql/)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.bills.models import Payer
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree

# verb → {from: to}; the same table stands in sql/10_statements.sql.
STATEMENT_VERBS = {
    "send": {"draft": "sent", "disputed": "sent"},
    "confirm": {"sent": "confirmed"},
    "dispute": {"sent": "disputed", "disputed": "disputed"},
    "approve": {"confirmed": "approved"},
    "pay": {"approved": "paid"},
    "unpay": {"paid": "approved"},
    "close": {"paid": "closed", "approved": "closed"},
}
# What adds up from the lines, by trigger.
SUMS = (
    "list_fen", "merchant_fen", "union_fen", "employer_fen", "points_fen", "cash_fen", "online_fen", "fee_fen",
    "adjusted_fen", "owed_fen",
)  # fmt: skip


# What reaches the merchant through the union: the fee is a part of it, rounded down to the fen.
HANDED_OVER = F("union_fen") + F("employer_fen") + F("points_fen") + F("online_fen")


def fen(label) -> models.BigIntegerField:
    return models.BigIntegerField(label, default=0, editable=False)


class Statement(Row):
    """Of the partner the agreement is with, and all below it. Totals follow the lines, by trigger."""

    scope = AnyOf(ByKey("partner", "partner_id"), BySubtree("union__path", verb="settlements.view"))
    audit = Audit.CHANGES

    class State(models.TextChoices):
        DRAFT = "draft", _("待发出")
        SENT = "sent", _("待商户确认")
        DISPUTED = "disputed", _("有异议")
        CONFIRMED = "confirmed", _("商户已确认")
        APPROVED = "approved", _("已批准")
        PAID = "paid", _("已付款")
        CLOSED = "closed", _("已结清")

    period = models.ForeignKey(
        "settlement.Period", models.PROTECT, related_name="statements", verbose_name=_("结算期")
    )
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="statements", verbose_name=_("签约工会")
    )
    partner = models.ForeignKey(
        "partners.Partner", models.PROTECT, related_name="statements", verbose_name=_("商户")
    )
    agreement = models.ForeignKey(
        "partners.Agreement", models.PROTECT, related_name="statements", verbose_name=_("协议")
    )
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    bill_count = models.PositiveIntegerField(_("账单数"), default=0, editable=False)
    refund_count = models.PositiveIntegerField(_("退货数"), default=0, editable=False)
    list_fen = fen(_("原价"))
    merchant_fen = fen(_("商家让利"))
    union_fen = fen(_("工会补贴"))
    employer_fen = fen(_("单位补贴"))
    points_fen = fen(_("福豆"))
    cash_fen = fen(_("柜台收款"))
    online_fen = fen(_("线上代收"))
    fee_fen = fen(_("服务费"))
    adjusted_fen = fen(_("调整"))
    returned_fen = fen(_("退货收回的补贴"))
    owed_fen = fen(_("本期应付"))
    carried_fen = fen(_("上期结转"))
    """What statements before left: less than zero what the merchant owed, more what a bank gave back after its period closed."""
    carried_into = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="carries", verbose_name=_("结转到")
    )
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("经办人")
    )
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("批准人")
    )
    sent_at = models.DateTimeField(_("发出时间"), null=True, editable=False)
    round = models.PositiveSmallIntegerField(_("第几次发出"), default=0, editable=False)
    confirmed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("确认人")
    )
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, editable=False)
    """With nobody in `confirmed_by`: silence counted as confirmed, as the agreement says."""
    approved_at = models.DateTimeField(_("批准时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("结算单")
        indexes = [models.Index(fields=["partner", "-id"], name="settlement_of_partner")]
        constraints = [
            models.UniqueConstraint(fields=["period", "partner"], name="settlement_statement_once"),
            models.CheckConstraint(
                condition=Q(checker=None) | Q(maker__isnull=False) & ~Q(maker=F("checker")),
                name="settlement_maker_is_not_checker",
                violation_error_message=_("批准人不能是经办人自己。"),
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(state__in=["sent", "disputed"], sent_at__isnull=False, maker__isnull=False)
                | Q(state="confirmed", confirmed_at__isnull=False)
                | Q(
                    state__in=["approved", "paid", "closed"],
                    confirmed_at__isnull=False,
                    checker__isnull=False,
                ),
                name="settlement_statement_times_of_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.period}"

    @property
    def number(self) -> str:
        return f"JS{self.period_id:05d}-{self.pk:06d}"

    @property
    def total_fen(self) -> int:
        """What is paid out; less than zero is carried to the next one."""
        return self.owed_fen + self.carried_fen

    @property
    def less_fee_fen(self) -> int:
        """As the merchant reads it: what was taken is less than zero."""
        return -self.fee_fen


class StatementLine(Row):
    """One bill, refund or adjustment, on exactly one statement ever. Refunds are negative. `owed_fen` moved the payable."""

    scope = AnyOf(
        ByKey("partner", "statement__partner_id"),
        BySubtree("statement__union__path", verb="settlements.view"),
    )
    audit = Audit.no("append-only by trigger")

    class Kind(models.TextChoices):
        BILL = "bill", _("消费")
        REFUND = "refund", _("退货")
        ADJUSTMENT = "adjustment", _("调整")

    statement = models.ForeignKey(
        Statement, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("结算单")
    )
    kind = models.CharField(_("类型"), max_length=10, choices=Kind)
    bill = models.OneToOneField(
        "bills.Bill", models.PROTECT, null=True, related_name="statement_line", verbose_name=_("账单")
    )
    refund = models.OneToOneField(
        "bills.BillRefund", models.PROTECT, null=True, related_name="statement_line", verbose_name=_("退货")
    )
    adjustment = models.OneToOneField(
        "settlement.Adjustment",
        models.PROTECT,
        null=True,
        related_name="statement_line",
        verbose_name=_("调整"),
    )
    partner = models.ForeignKey(
        "partners.Partner", models.PROTECT, related_name="+", db_index=False, verbose_name=_("商户")
    )
    store = models.ForeignKey(
        "partners.Store",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("门店"),
    )
    account = models.ForeignKey(
        "ledger.LedgerAccount", models.PROTECT, related_name="+", verbose_name=_("应付账户")
    )
    at = models.DateTimeField(_("时间"))
    list_fen = fen(_("原价"))
    merchant_fen = fen(_("商家让利"))
    union_fen = fen(_("工会补贴"))
    employer_fen = fen(_("单位补贴"))
    points_fen = fen(_("福豆"))
    cash_fen = fen(_("柜台收款"))
    online_fen = fen(_("线上代收"))
    fee_fen = fen(_("服务费"))
    fee_bp = models.PositiveSmallIntegerField(_("服务费（万分比）"), default=0, editable=False)
    """Of the agreement that held on the day of the bill; a refund gives back by the rate of its bill."""
    adjusted_fen = fen(_("调整"))
    owed_fen = fen(_("应付"))

    class Meta:
        verbose_name = verbose_name_plural = _("结算明细")
        indexes = [models.Index(fields=["statement", "at", "id"], name="settlement_line_in_order")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="bill", bill__isnull=False, refund=None, adjustment=None, list_fen__gt=0)
                | Q(kind="refund", bill=None, refund__isnull=False, adjustment=None, list_fen__lte=0)
                | Q(kind="adjustment", bill=None, refund=None, adjustment__isnull=False, list_fen=0),
                name="settlement_line_is_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(
                    list_fen=F("merchant_fen")
                    + F("union_fen")
                    + F("employer_fen")
                    + F("points_fen")
                    + F("cash_fen")
                    + F("online_fen")
                ),
                name="settlement_line_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    owed_fen=F("union_fen")
                    + F("employer_fen")
                    + F("points_fen")
                    + F("online_fen")
                    + F("adjusted_fen")
                    - F("fee_fen")
                ),
                name="settlement_line_owed",
            ),
            models.CheckConstraint(
                condition=Q(kind="bill", fee_fen=HANDED_OVER * F("fee_bp") / 10_000)
                | Q(kind="refund", fee_fen__lte=0, fee_fen__gte=HANDED_OVER)
                | Q(kind="adjustment", fee_bp=0, fee_fen=0),
                name="settlement_line_fee",
            ),
            models.CheckConstraint(
                condition=Q(kind="adjustment") | Q(adjusted_fen=0), name="settlement_line_adjusted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id}/{self.pk}"

    @property
    def less_fee_fen(self) -> int:
        return -self.fee_fen


class StatementAccount(Row):
    """Of one payable account on a statement; a group's shops each have their own."""

    scope = AnyOf(
        ByKey("partner", "statement__partner_id"),
        BySubtree("statement__union__path", verb="settlements.view"),
    )
    audit = Audit.no("kept by the lines' trigger")

    statement = models.ForeignKey(
        Statement, models.PROTECT, related_name="accounts", verbose_name=_("结算单")
    )
    account = models.ForeignKey(
        "ledger.LedgerAccount", models.PROTECT, related_name="+", verbose_name=_("应付账户")
    )
    owed_fen = fen(_("本期应付"))
    carried_fen = fen(_("上期结转"))

    class Meta:
        verbose_name = verbose_name_plural = _("应付账户")
        constraints = [
            models.UniqueConstraint(fields=["statement", "account"], name="settlement_account_once")
        ]

    @property
    def total_fen(self) -> int:
        return self.owed_fen + self.carried_fen


class StatementFunder(Row):
    """What one budget gives on a statement, and what refunds returned to it."""

    scope = AnyOf(
        ByKey("partner", "statement__partner_id"),
        BySubtree("statement__union__path", verb="settlements.view"),
    )
    audit = Audit.no("append-only by trigger")

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="funders", verbose_name=_("结算单"))
    payer = models.CharField(_("出资方"), max_length=8, choices=Payer)
    budget = models.ForeignKey("funds.Budget", models.PROTECT, related_name="+", verbose_name=_("预算"))
    fen = models.BigIntegerField(_("补贴（分）"))
    returned_fen = models.BigIntegerField(_("退货收回（分）"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("出资预算")
        ordering = ["statement", "payer", "budget"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "payer", "budget"], name="settlement_funder_once"),
            models.CheckConstraint(
                condition=Q(fen__gte=0, returned_fen__gte=0, payer__in=["union", "employer", "points"]),
                name="settlement_funder_amounts",
            ),
        ]

    @property
    def net_fen(self) -> int:
        return self.fen - self.returned_fen


class Sending(Row):
    """What was sent, each time: the total and the fingerprint of every line as it stood."""

    scope = AnyOf(
        ByKey("partner", "statement__partner_id"),
        BySubtree("statement__union__path", verb="settlements.view"),
    )
    audit = Audit.no("append-only by trigger")

    statement = models.ForeignKey(
        Statement, models.PROTECT, related_name="sendings", verbose_name=_("结算单")
    )
    round = models.PositiveSmallIntegerField(_("第几次"))
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("发出时间"))
    total_fen = models.BigIntegerField(_("应付（分）"))
    line_count = models.PositiveIntegerField(_("行数"))
    sha256 = models.CharField(_("指纹"), max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = _("发出记录")
        constraints = [models.UniqueConstraint(fields=["statement", "round"], name="settlement_sending_once")]
