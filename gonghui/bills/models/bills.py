"""账单: what was bought, who paid which fen of every line, and what went back. Facts never change (sql/20_bills.sql)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree

# verb → {from: to}; the same table stands in sql/20_bills.sql.
BILL_VERBS = {
    "settle": {"held": "settled"},
    "cancel": {"held": "cancelled"},
    "refund": {"settled": "refunded"},
}
LIVE_STATES = ("held", "settled")


class Payer(models.TextChoices):
    MERCHANT = "merchant", _("商家让利")
    UNION = "union", _("工会补贴")
    EMPLOYER = "employer", _("单位补贴")
    POINTS = "points", _("福豆")
    WORKER = "worker", _("职工支付")


class Bill(Row):
    """One purchase at one store. Lines add up to it, parts add up to each line: by deferred trigger, whoever writes."""

    class State(models.TextChoices):
        HELD = "held", _("待支付")
        SETTLED = "settled", _("已完成")
        CANCELLED = "cancelled", _("已取消")
        REFUNDED = "refunded", _("已全退")

    class Method(models.TextChoices):
        NONE = "", _("无需支付")
        CASH = "cash", _("柜台收款")
        WECHAT = "wechat", _("微信支付")

    scope = AnyOf(
        ByKey("person", "person_id"),
        ByKey("store", "store_id"),
        ByKey("books", "store_id"),
        BySubtree("union__path", verb="bills.view"),
    )
    audit = Audit.CHANGES

    key = models.UUIDField(unique=True, editable=False)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="bills", verbose_name=_("签约工会"))
    """The partner's: its merchant accounts and the worker's `paid` account are this union's."""
    partner = models.ForeignKey(
        "partners.Partner", models.PROTECT, related_name="bills", verbose_name=_("商户")
    )
    store = models.ForeignKey("partners.Store", models.PROTECT, related_name="bills", verbose_name=_("门店"))
    person = models.ForeignKey("members.Person", models.PROTECT, related_name="bills", verbose_name=_("会员"))
    clerk = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("经手人")
    )
    at = models.DateTimeField(_("时间"))
    list_fen = models.BigIntegerField(_("原价（分）"))
    due_fen = models.BigIntegerField(_("职工支付（分）"))
    points = models.PositiveIntegerField(_("福豆"), default=0)
    method = models.CharField(_("付款方式"), max_length=8, choices=Method, default=Method.NONE, blank=True)
    payment = models.OneToOneField(
        "payments.Payment", models.PROTECT, null=True, related_name="bill", verbose_name=_("支付")
    )
    state = models.CharField(_("状态"), max_length=10, choices=State, editable=False)
    held_until = models.DateTimeField(_("支付期限"), null=True, editable=False)
    settled_at = models.DateTimeField(_("完成时间"), null=True, editable=False)
    refunded_fen = models.BigIntegerField(_("已退原价（分）"), default=0, editable=False)
    """Kept by the refunds' trigger, as are the lines' and the parts'."""
    offline_at = models.DateTimeField(_("离线收银时间"), null=True, editable=False)
    """When the till sold it without network; `at` is when it was handed in and its money moved."""

    class Meta:
        verbose_name = verbose_name_plural = _("账单")
        indexes = [
            models.Index(fields=["partner", "settled_at"], name="bills_bill_of_partner"),
            models.Index(fields=["store", "-at"], name="bills_bill_of_store"),
            models.Index(fields=["person", "-at"], name="bills_bill_of_person"),
            models.Index(fields=["held_until"], condition=Q(state="held"), name="bills_bill_held"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(list_fen__gt=0, due_fen__gte=0, due_fen__lte=F("list_fen")),
                name="bills_bill_amounts",
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("list_fen")),
                name="bills_bill_refunded_at_most_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["settled", "refunded"], settled_at__isnull=False)
                | Q(state="held", settled_at=None, held_until__isnull=False, refunded_fen=0)
                | Q(state="cancelled", settled_at=None, refunded_fen=0),
                name="bills_bill_times_of_state",
            ),
            models.CheckConstraint(
                condition=Q(method="", due_fen=0)
                | Q(method="cash", due_fen__gt=0, payment=None)
                | Q(method="wechat", due_fen__gt=0),
                name="bills_bill_method_of_due",
            ),
            models.CheckConstraint(
                condition=Q(offline_at=None)
                | Q(offline_at__lte=F("at"), method__in=["", "cash"], points=0, payment=None),
                name="bills_bill_offline_is_cash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.store_id}/{self.pk}"


class BillLine(Row):
    scope = AnyOf(
        ByKey("person", "bill__person_id"),
        ByKey("store", "bill__store_id"),
        ByKey("books", "bill__store_id"),
        BySubtree("bill__union__path", verb="bills.view"),
    )
    audit = Audit.no("facts never change; what went back is the refunds' rows")

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="lines", verbose_name=_("账单"))
    nth = models.PositiveSmallIntegerField(_("行"))
    name = models.CharField(_("商品"), max_length=120)
    quantity = models.PositiveIntegerField(_("数量"), default=1)
    list_fen = models.BigIntegerField(_("原价（分）"))
    section = models.CharField(_("专区"), max_length=40, blank=True)
    code = models.CharField(_("商品编码"), max_length=40, blank=True)
    gift_of = models.ForeignKey("benefits.Offer", models.PROTECT, null=True, related_name="+")
    refunded_quantity = models.PositiveIntegerField(_("已退数量"), default=0, editable=False)
    refunded_fen = models.BigIntegerField(_("已退原价（分）"), default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("账单行")
        ordering = ["bill", "nth"]
        indexes = [models.Index(fields=["code", "bill"], condition=~Q(code=""), name="bills_line_of_code")]
        constraints = [
            models.UniqueConstraint(fields=["bill", "nth"], name="bills_line_nth"),
            models.CheckConstraint(condition=Q(list_fen__gte=0, quantity__gte=1), name="bills_line_amounts"),
            models.CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("list_fen"))
                & Q(refunded_quantity__lte=F("quantity")),
                name="bills_line_refunded_at_most_once",
            ),
        ]


class BillPart(Row):
    """Fen of one line that one funder pays. `account`: the commitment it came out of, or the lot of points."""

    scope = AnyOf(
        ByKey("person", "line__bill__person_id"),
        ByKey("store", "line__bill__store_id"),
        ByKey("books", "line__bill__store_id"),
        BySubtree("line__bill__union__path", verb="bills.view"),
    )
    audit = Audit.no("facts never change; what went back is the refunds' rows")

    line = models.ForeignKey(BillLine, models.PROTECT, related_name="parts", verbose_name=_("账单行"))
    nth = models.PositiveSmallIntegerField(_("次序"))
    payer = models.CharField(_("出资方"), max_length=8, choices=Payer)
    fen = models.BigIntegerField(_("金额（分）"))
    offer = models.ForeignKey("benefits.Offer", models.PROTECT, null=True, related_name="+")
    account = models.ForeignKey("ledger.LedgerAccount", models.PROTECT, null=True, related_name="+")
    refunded_fen = models.BigIntegerField(_("已退（分）"), default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("出资明细")
        ordering = ["line", "nth"]
        constraints = [
            models.UniqueConstraint(fields=["line", "nth"], name="bills_part_nth"),
            models.CheckConstraint(
                condition=Q(fen__gt=0, refunded_fen__gte=0, refunded_fen__lte=F("fen")),
                name="bills_part_refunded_at_most_once",
            ),
            models.CheckConstraint(
                condition=Q(payer__in=["merchant", "worker"], account=None)
                | Q(payer__in=["union", "employer", "points"], account__isnull=False),
                name="bills_part_account_of_payer",
            ),
            models.CheckConstraint(
                condition=~Q(payer="points") | Q(fen__gte=100), name="bills_part_points_whole"
            ),
        ]


class BillOffer(Row):
    """An offer given on a bill. While it is live its voucher is on no other bill."""

    scope = AnyOf(
        ByKey("person", "bill__person_id"),
        ByKey("store", "bill__store_id"),
        ByKey("books", "bill__store_id"),
        BySubtree("bill__union__path", verb="bills.view"),
    )
    audit = Audit.no("facts never change; a bill that ends frees its vouchers")

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="offers_given", verbose_name=_("账单"))
    offer = models.ForeignKey(
        "benefits.Offer", models.PROTECT, related_name="bill_offers", verbose_name=_("权益")
    )
    voucher = models.ForeignKey(
        "benefits.Voucher", models.PROTECT, null=True, related_name="bill_offers", verbose_name=_("券")
    )
    window = models.ForeignKey("bills.OfferWindow", models.PROTECT, null=True, related_name="+")
    window_day = models.DateField(null=True)
    discount_fen = models.BigIntegerField(_("优惠（分）"))
    gift = models.CharField(_("赠品"), max_length=80, blank=True)
    is_live = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("账单上的优惠")
        constraints = [
            models.UniqueConstraint(fields=["bill", "offer"], name="bills_offer_once_on_a_bill"),
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(is_live=True), name="bills_voucher_on_one_bill"
            ),
            models.CheckConstraint(condition=Q(discount_fen__gte=0), name="bills_offer_discount"),
        ]


class BillRefund(Row):
    """退货: part of a bill undone, funder by funder, by what was stored."""

    scope = AnyOf(
        ByKey("person", "bill__person_id"),
        ByKey("store", "bill__store_id"),
        ByKey("books", "bill__store_id"),
        BySubtree("bill__union__path", verb="bills.view"),
    )
    audit = Audit.CHANGES

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="refunds", verbose_name=_("账单"))
    key = models.UUIDField(unique=True, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("经办人")
    )
    reason = models.CharField(_("原因"), max_length=200)
    at = models.DateTimeField(_("时间"))
    list_fen = models.BigIntegerField(_("退货原价（分）"))
    worker_fen = models.BigIntegerField(_("退职工（分）"))
    points = models.PositiveIntegerField(_("退福豆"), default=0)
    payment_refund = models.OneToOneField(
        "payments.Refund", models.PROTECT, null=True, related_name="bill_refund", verbose_name=_("支付退款")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("退货")
        indexes = [models.Index(fields=["bill", "id"], name="bills_refund_of_bill")]
        constraints = [
            models.CheckConstraint(
                condition=Q(list_fen__gt=0, worker_fen__gte=0) & ~Q(reason=""), name="bills_refund_amounts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.bill_id}/{self.pk}"


class RefundLine(Row):
    scope = AnyOf(
        ByKey("person", "refund__bill__person_id"),
        ByKey("store", "refund__bill__store_id"),
        ByKey("books", "refund__bill__store_id"),
        BySubtree("refund__bill__union__path", verb="bills.view"),
    )
    audit = Audit.no("append-only by trigger")

    refund = models.ForeignKey(BillRefund, models.PROTECT, related_name="lines", verbose_name=_("退货"))
    line = models.ForeignKey(BillLine, models.PROTECT, related_name="refund_lines", verbose_name=_("账单行"))
    quantity = models.PositiveIntegerField(_("数量"), default=0)
    """0: an amount of a line without units."""
    list_fen = models.BigIntegerField(_("原价（分）"))

    class Meta:
        verbose_name = verbose_name_plural = _("退货行")
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="bills_refund_line_once"),
            models.CheckConstraint(condition=Q(list_fen__gt=0), name="bills_refund_line_amount"),
        ]


class RefundPart(Row):
    scope = AnyOf(
        ByKey("person", "refund_line__refund__bill__person_id"),
        ByKey("store", "refund_line__refund__bill__store_id"),
        ByKey("books", "refund_line__refund__bill__store_id"),
        BySubtree("refund_line__refund__bill__union__path", verb="bills.view"),
    )
    audit = Audit.no("append-only by trigger")

    refund_line = models.ForeignKey(
        RefundLine, models.PROTECT, related_name="parts", verbose_name=_("退货行")
    )
    part = models.ForeignKey(
        BillPart, models.PROTECT, related_name="refund_parts", verbose_name=_("出资明细")
    )
    fen = models.BigIntegerField(_("金额（分）"))

    class Meta:
        verbose_name = verbose_name_plural = _("退回明细")
        constraints = [
            models.UniqueConstraint(fields=["refund_line", "part"], name="bills_refund_part_once"),
            models.CheckConstraint(condition=Q(fen__gt=0), name="bills_refund_part_amount"),
        ]
