"""外部券: coupons a provider gives out for us. Its callbacks are facts; the coupon's state follows from all of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Nobody

# verb → {from: to}
STOCK_VERBS = {
    "approve": {"draft": "pending"},
    "reject": {"draft": "rejected"},
    "open": {"pending": "active"},
}


class ExternalStock(Row):
    """Drafted by one, ordered from the provider when another approved it. Those without a maker are of before that."""

    scope = BySubtree("union__path", verb="payments.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("待批准")
        REJECTED = "rejected", _("未批准")
        PENDING = "pending", _("等待渠道")
        ACTIVE = "active", _("可发放")

    key = models.UUIDField(unique=True, editable=False)
    provider = models.CharField(_("渠道"), max_length=16, default="wechat")
    stock_id = models.CharField(_("批次号"), max_length=32, null=True, blank=True)  # noqa: DJ001 - unique once known
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    name = models.CharField(_("名称"), max_length=20)
    face_fen = models.BigIntegerField(_("面额（分）"))
    threshold_fen = models.BigIntegerField(_("门槛（分）"))
    total = models.IntegerField(_("数量"))
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("经办人")
    )
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("批准人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("外部券批次")
        constraints = [
            models.UniqueConstraint(fields=["provider", "stock_id"], name="payment_stock_once"),
            models.CheckConstraint(
                condition=Q(face_fen__gt=0, threshold_fen__gte=0, total__gt=0), name="payment_stock_amounts"
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(stock_id__isnull=False), name="payment_stock_active_has_id"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", checker=None)
                | Q(maker=None, checker=None)
                | Q(checker__isnull=False) & ~Q(maker=F("checker")),
                name="payment_stock_maker_is_not_checker",
                violation_error_message=_("批准人不能是经办人自己。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExternalCoupon(Row):
    """`state` is what the coupon's events say in the order they happened, in whatever order they came."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("stock__union__path", verb="payments.view"))
    audit = Audit.CHANGES

    class State(models.TextChoices):
        ORDERED = "ordered", _("发放中")
        SENT = "sent", _("已发放")
        USED = "used", _("已使用")
        RETURNED = "returned", _("已退回")

    key = models.UUIDField(unique=True, null=True, editable=False)
    stock = models.ForeignKey(ExternalStock, models.PROTECT, related_name="coupons", verbose_name=_("批次"))
    person = models.ForeignKey(
        "members.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("会员")
    )
    code = models.CharField(_("券号"), max_length=64, null=True, blank=True)  # noqa: DJ001 - unique once known
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.ORDERED, editable=False)
    off_fen = models.BigIntegerField(_("优惠（分）"), default=0)
    paid_fen = models.BigIntegerField(_("实付（分）"), default=0)
    told_event = models.CharField(max_length=64, blank=True, editable=False)
    """The use that was told to the apps above and not taken back."""

    class Meta:
        verbose_name = verbose_name_plural = _("外部券")
        constraints = [models.UniqueConstraint(fields=["stock", "code"], name="payment_coupon_once")]

    def __str__(self) -> str:
        return self.code or str(self.key)


class CouponEvent(Row):
    """Append-only; kept for coupons and stocks nobody knows yet, too."""

    scope = Nobody("read by stock and code when a coupon's state is worked out")
    audit = Audit.no("append-only: it is its own record")

    class Kind(models.TextChoices):
        SENT = "sent", _("发放")
        USED = "used", _("使用")
        RETURNED = "returned", _("退回")

    provider = models.CharField(max_length=16)
    event_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind)
    stock_id = models.CharField(max_length=32)
    code = models.CharField(max_length=64)
    at = models.DateTimeField()
    """When it happened at the provider."""
    off_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("外部券事件")
        indexes = [models.Index(fields=["provider", "stock_id", "code"], name="payment_coupon_event_of")]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="payment_coupon_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"
