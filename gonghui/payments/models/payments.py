"""支付 and 退款. A payment that succeeded never goes back; what returns to the worker is a refund of its own."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Nobody

AMOUNT_FEN_MAX = 100_000_000
"""One payment: a million yuan, far above what a worker pays at once."""

# verb → {from: to}. `succeed_late`: the money came after we had given up; it goes straight back.
PAYMENT_VERBS = {
    "start": {"created": "paying", "paying": "paying"},
    "succeed": {"created": "succeeded", "paying": "succeeded"},
    "fail": {"created": "failed", "paying": "failed"},
    "close": {"created": "closed", "paying": "closed"},
    "succeed_late": {"closed": "succeeded", "failed": "succeeded"},
}
REFUND_VERBS = {"succeed": {"requested": "succeeded"}, "fail": {"requested": "failed"}}


class Payment(Row):
    """`refunded_fen` counts what was refunded or is on its way; the database keeps it, from the refunds."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("union__path", verb="payments.view"))
    audit = Audit.CHANGES

    class Method(models.TextChoices):
        WECHAT = "wechat", _("微信支付")
        CASH = "cash", _("柜台现金")

    class State(models.TextChoices):
        CREATED = "created", _("待支付")
        PAYING = "paying", _("支付中")
        SUCCEEDED = "succeeded", _("已支付")
        FAILED = "failed", _("未成功")
        CLOSED = "closed", _("已关闭")

    key = models.UUIDField(unique=True, editable=False)
    person = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="payments", verbose_name=_("付款人")
    )
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="payments", verbose_name=_("工会"))
    amount_fen = models.BigIntegerField(_("金额（分）"))
    refunded_fen = models.BigIntegerField(_("已退（分）"), default=0, editable=False)
    method = models.CharField(_("方式"), max_length=8, choices=Method)
    purpose = models.CharField(_("凭证"), max_length=64)
    """What it pays: "bill:203"."""
    out_trade_no = models.CharField(_("商户单号"), max_length=32, unique=True, editable=False)
    transaction_id = models.CharField(
        _("渠道单号"), max_length=64, null=True, blank=True, unique=True, editable=False
    )
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.CREATED, editable=False)
    is_late = models.BooleanField(_("关闭后到账"), default=False, editable=False)
    expires_at = models.DateTimeField(_("支付期限"), null=True, blank=True, editable=False)
    paid_at = models.DateTimeField(_("支付时间"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("支付")
        indexes = [
            models.Index(fields=["purpose"], name="payment_purpose"),
            models.Index(fields=["paid_at"], name="payment_paid"),
            models.Index(
                fields=["expires_at"], condition=Q(state__in=["created", "paying"]), name="payment_waiting"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, amount_fen__lte=AMOUNT_FEN_MAX), name="payment_amount"
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("amount_fen")),
                name="payment_refunded_at_most_once",
            ),
            models.CheckConstraint(
                condition=Q(state="succeeded", paid_at__isnull=False)
                | (~Q(state="succeeded") & Q(paid_at__isnull=True, refunded_fen=0)),
                name="payment_paid_at",
            ),
            models.CheckConstraint(
                condition=Q(method="cash", state="succeeded", expires_at__isnull=True)
                | Q(method="wechat", expires_at__isnull=False),
                name="payment_cash_never_waits",
            ),
        ]

    def __str__(self) -> str:
        return self.out_trade_no

    @property
    def refundable_fen(self) -> int:
        return self.amount_fen - self.refunded_fen if self.state == self.State.SUCCEEDED else 0


class Refund(Row):
    scope = AnyOf(
        ByKey("person", "payment__person_id"), BySubtree("payment__union__path", verb="payments.view")
    )
    audit = Audit.CHANGES

    class State(models.TextChoices):
        REQUESTED = "requested", _("退款中")
        SUCCEEDED = "succeeded", _("已退回")
        FAILED = "failed", _("退款失败")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("支付"))
    key = models.UUIDField(unique=True, editable=False)
    amount_fen = models.BigIntegerField(_("金额（分）"))
    out_refund_no = models.CharField(_("商户退款单号"), max_length=32, unique=True, editable=False)
    refund_id = models.CharField(_("渠道退款单号"), max_length=64, null=True, blank=True, unique=True)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.REQUESTED, editable=False)
    accepted_at = models.DateTimeField(_("渠道受理"), null=True, blank=True, editable=False)
    settled_at = models.DateTimeField(_("完成时间"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("支付退款")
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="requested"), name="payment_refund_waiting")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payment_refund_amount"),
            models.CheckConstraint(
                condition=Q(state="requested", settled_at__isnull=True)
                | (~Q(state="requested") & Q(settled_at__isnull=False)),
                name="payment_refund_settled",
            ),
        ]

    def __str__(self) -> str:
        return self.out_refund_no


class Notification(Row):
    """What a provider told us, once per event; append-only. The envelope itself is not kept, its digest is."""

    scope = Nobody("read by their event id; the screens show what they moved")
    audit = Audit.no("append-only: it is its own record")

    class Verdict(models.TextChoices):
        MOVED = "moved", _("已入账")
        KNOWN = "known", _("已知结果")
        UNKNOWN = "unknown", _("没有这一单")
        DIFFERENT = "different", _("金额不符")
        IGNORED = "ignored", _("与账目无关")

    provider = models.CharField(_("渠道"), max_length=16)
    event_id = models.CharField(_("事件号"), max_length=64)
    event_type = models.CharField(_("事件"), max_length=64)
    subject = models.CharField(_("单号"), max_length=64, blank=True)
    digest = models.CharField(_("原文摘要"), max_length=64)
    verdict = models.CharField(_("处理"), max_length=10, choices=Verdict)
    received_at = models.DateTimeField(_("收到"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("渠道通知")
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="payment_notification_once")
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.subject}"
