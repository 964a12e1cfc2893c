"""订单 and 售后. An order is the lines of one shop and has one bill: its money is the bill's and stands nowhere else."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.fields import RowSealedTextField, RowSecretField
from gonghui.kit.masks import mask_name, mask_phone
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree

# SM-09: verb → {from: to}; the same table stands in sql/20_orders.sql. Cancelled and refunded orders give their stock back there.
ORDER_VERBS = {
    "hold": {"created": "points_held"},
    "pay": {"points_held": "paid"},
    "cancel": {"created": "cancelled", "points_held": "cancelled"},
    "accept": {"paid": "to_ship"},
    "ship": {"to_ship": "shipped"},
    "deliver": {"shipped": "delivered"},
    "complete": {"delivered": "completed"},
    "ask_refund": {"paid": "refund_requested", "to_ship": "refund_requested"},
    "refuse_refund": {"refund_requested": "to_ship"},
    "refund": dict.fromkeys(("paid", "to_ship", "refund_requested"), "refunded"),
    "return": {"shipped": "returned", "delivered": "returned"},
}
# Nobody has sent anything: what was taken from the shelf goes back to it.
UNSENT = ("created", "points_held", "paid", "to_ship", "refund_requested")
SENT = ("shipped", "delivered", "completed", "returned")
# The supplier reads where to send it while it is on its way.
TO_BE_SENT = ("paid", "to_ship", "refund_requested", "shipped")
OPEN_TO_AFTER_SALE = ("shipped", "delivered")

AFTER_SALE_VERBS = {
    "agree": {"applied": "agreed"},
    "refuse": {"applied": "refused"},
    "withdraw": {"applied": "withdrawn", "refused": "withdrawn", "agreed": "withdrawn"},
    "appeal": {"refused": "appealed"},
    "award": {"appealed": "agreed"},
    "dismiss": {"appealed": "dismissed"},
    "receive": {"agreed": "received"},
    "refund": {"received": "refunded"},
    "replace": {"received": "replaced"},
}
AFTER_SALE_OPEN = ("applied", "agreed", "refused", "appealed", "received")


class MallOrder(Row):
    class State(models.TextChoices):
        CREATED = "created", _("已下单")
        POINTS_HELD = "points_held", _("待付款")
        PAID = "paid", _("已付款")
        TO_SHIP = "to_ship", _("备货中")
        SHIPPED = "shipped", _("已发货")
        DELIVERED = "delivered", _("已收货")
        COMPLETED = "completed", _("已完成")
        CANCELLED = "cancelled", _("已取消")
        REFUND_REQUESTED = "refund_requested", _("申请退款")
        REFUNDED = "refunded", _("已退款")
        RETURNED = "returned", _("已退货")

    scope = AnyOf(
        ByKey("person", "person_id"),
        ByKey("books", "shop__store_id"),
        BySubtree("shop__store__partner__union__path", verb="mall.view"),
    )
    audit = Audit.CHANGES

    key = models.UUIDField(unique=True, editable=False)
    basket_key = models.UUIDField(db_index=True, editable=False)
    """Of the checkout; orders of several shops placed together share it."""
    shop = models.ForeignKey("mall.Shop", models.PROTECT, related_name="orders", verbose_name=_("网上店"))
    person = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="mall_orders", verbose_name=_("会员")
    )
    bill = models.OneToOneField(
        "bills.Bill", models.PROTECT, null=True, related_name="mall_order", verbose_name=_("账单")
    )
    state = models.CharField(_("状态"), max_length=16, choices=State, default=State.CREATED, editable=False)
    receiver = RowSealedTextField(_("收件人"))
    phone = RowSealedTextField(_("电话"))
    address = RowSealedTextField(_("地址"))
    row_secret = RowSecretField()
    """Emptied when the member is forgotten: where it went stays on record, and nobody opens it."""
    carrier = models.CharField(_("快递公司"), max_length=24, blank=True, editable=False)
    tracking_no = models.CharField(_("快递单号"), max_length=40, blank=True, editable=False)
    reason = models.CharField(_("原因"), max_length=200, blank=True, editable=False)
    answer = models.CharField(_("商家答复"), max_length=200, blank=True, editable=False)
    asked_at = models.DateTimeField(_("申请退款时间"), null=True, editable=False)
    shipped_at = models.DateTimeField(_("发货时间"), null=True, editable=False)
    delivered_at = models.DateTimeField(_("收货时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("商城订单")
        indexes = [
            models.Index(fields=["person", "-id"], name="mall_order_of_person"),
            models.Index(fields=["shop", "state", "-id"], name="mall_order_of_shop"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["created", "cancelled"]) | Q(bill__isnull=False),
                name="mall_order_has_its_bill",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=SENT) | (Q(shipped_at__isnull=False) & ~Q(tracking_no="")),
                name="mall_order_sent_with_a_number",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["delivered", "completed"]) | Q(delivered_at__isnull=False),
                name="mall_order_delivered_some_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="refund_requested") | (Q(asked_at__isnull=False) & ~Q(reason="")),
                name="mall_order_refund_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"M{self.pk:08d}"

    @property
    def masked_to(self) -> str:
        """Where it goes, for those it does not concern: no street, no number."""
        return f"{mask_name(self.receiver)} {mask_phone(self.phone)} {str(self.address)[:6]}…"

    @property
    def is_to_be_sent(self) -> bool:
        return self.state in TO_BE_SENT


class OrderLine(Row):
    scope = AnyOf(
        ByKey("person", "order__person_id"),
        ByKey("books", "order__shop__store_id"),
        BySubtree("order__shop__store__partner__union__path", verb="mall.view"),
    )
    audit = Audit.no("facts never change; what went back to the shelf follows the order and its after-sales")

    order = models.ForeignKey(MallOrder, models.PROTECT, related_name="lines", verbose_name=_("订单"))
    nth = models.PositiveSmallIntegerField(_("行"))
    """Of the bill's lines too."""
    product = models.ForeignKey("mall.Product", models.PROTECT, related_name="+", verbose_name=_("商品"))
    title = models.CharField(_("商品"), max_length=60)
    quantity = models.PositiveSmallIntegerField(_("数量"))
    price_fen = models.PositiveIntegerField(_("单价（分）"))
    restocked = models.PositiveSmallIntegerField(_("已回库存"), default=0, editable=False)
    picture = models.ForeignKey(
        "mall.Picture", models.PROTECT, null=True, related_name="lines", editable=False
    )
    """The cover on the day, set by the database."""

    class Meta:
        verbose_name = verbose_name_plural = _("订单商品")
        ordering = ["order", "nth"]
        constraints = [
            models.UniqueConstraint(fields=["order", "nth"], name="mall_line_nth"),
            models.UniqueConstraint(fields=["order", "product"], name="mall_line_of_product_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="mall_line_of_something"),
            models.CheckConstraint(
                condition=Q(restocked__lte=F("quantity")), name="mall_line_back_on_the_shelf_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.nth}"

    @property
    def list_fen(self) -> int:
        return self.quantity * self.price_fen


class AfterSale(Row):
    """售后 of one line: money back, or another piece. One under way at a time."""

    class State(models.TextChoices):
        APPLIED = "applied", _("待商家答复")
        AGREED = "agreed", _("请寄回")
        REFUSED = "refused", _("商家不同意")
        APPEALED = "appealed", _("工会裁定中")
        DISMISSED = "dismissed", _("裁定不支持")
        RECEIVED = "received", _("商家已收到")
        REFUNDED = "refunded", _("已退款")
        REPLACED = "replaced", _("已换货")
        WITHDRAWN = "withdrawn", _("已撤回")

    class Wanted(models.TextChoices):
        REFUND = "refund", _("退货退款")
        REPLACEMENT = "replacement", _("换货")

    scope = AnyOf(
        ByKey("person", "line__order__person_id"),
        ByKey("books", "line__order__shop__store_id"),
        BySubtree("line__order__shop__store__partner__union__path", verb="mall.view"),
    )
    audit = Audit.ALL

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="after_sales", verbose_name=_("商品"))
    quantity = models.PositiveSmallIntegerField(_("数量"))
    wanted = models.CharField(_("希望"), max_length=12, choices=Wanted, default=Wanted.REFUND)
    reason = models.CharField(_("原因"), max_length=200)
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.APPLIED, editable=False)
    since = models.DateTimeField(_("这一步从何时起"), default=clock.now, editable=False)
    answer = models.CharField(_("商家答复"), max_length=200, blank=True, editable=False)
    ruling = models.CharField(_("裁定"), max_length=200, blank=True, editable=False)
    sent_no = models.CharField(_("寄回单号"), max_length=40, blank=True, editable=False)
    replaced_no = models.CharField(_("换货单号"), max_length=40, blank=True, editable=False)
    refund = models.OneToOneField(
        "bills.BillRefund", models.PROTECT, null=True, related_name="after_sale", editable=False
    )
    arbiter = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("裁定人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("售后")
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(state__in=AFTER_SALE_OPEN), name="mall_after_sale_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1) & ~Q(reason=""), name="mall_after_sale_of_what"
            ),
            models.CheckConstraint(
                condition=~Q(state="refunded") | Q(refund__isnull=False),
                name="mall_after_sale_refunded_by_a_refund",
            ),
            models.CheckConstraint(
                condition=~Q(state="replaced") | ~Q(replaced_no=""),
                name="mall_after_sale_replaced_with_a_number",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | (Q(arbiter__isnull=False) & ~Q(ruling="")),
                name="mall_after_sale_dismissed_with_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}/{self.pk}"
