"""Payments, refunds and external coupons, as they stand. Money moves by the apps above and by the provider only."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.console import (
    Amount,
    ChoicesDropdownFilter,
    RangeDateFilter,
    ScopedAdmin,
    money,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.masks import mask_name
from gonghui.payments.models import ExternalCoupon, ExternalStock, Payment, Refund

TONES = {"created": "info", "paying": "info", "succeeded": "success", "failed": "danger", "closed": "default"}
REFUND_TONES = {"requested": "warning", "succeeded": "success", "failed": "danger"}


class NumberSearch:
    """Whole numbers only: each is found by its index, however many rows there are."""

    def __init__(self, *fields: str):
        self.fields = fields

    def q(self, question: str) -> Q:
        return reduce(or_, [Q(**{field: question}) for field in self.fields])


def yuan_column(title, field: str) -> Callable:
    """A method of the screen: an amount in yuan."""

    @display(description=title, ordering=field)
    def column(_screen: ScopedAdmin, row) -> Amount:
        return money(getattr(row, field))

    return column


class ReadOnly(ScopedAdmin):
    view_verb, export_verb = "payments.view", "reports.export"


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    icon, order, export_people = "payments", 10, ("person",)
    empty_hint = _("会员在线付款或柜台付现金后，每一笔都在这里。")
    state_field = "state"
    search = NumberSearch("out_trade_no", "transaction_id", "purpose")
    search_help_text = _("商户单号、渠道单号或凭证，要写全")
    list_display = (
        "out_trade_no", "payer", "union", "amount", "refunded", "method", state_column("state", TONES),
        when_column("paid_at", _("支付时间")),
    )  # fmt: skip
    list_select_related = ("union", "person")
    list_filter = (
        subtree_filter("union__path"), ("state", ChoicesDropdownFilter), ("method", ChoicesDropdownFilter),
        ("paid_at", RangeDateFilter),
    )  # fmt: skip
    ordering = ("-id",)
    fields = (
        ("out_trade_no", "transaction_id"), ("payer", "union"), ("amount", "refunded"), ("method", "state"),
        ("purpose", "is_late"), ("expires_at", "paid_at"),
    )  # fmt: skip

    amount = yuan_column(_("金额（元）"), "amount_fen")
    refunded = yuan_column(_("已退（元）"), "refunded_fen")

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "payer", "amount", "refunded"]

    @display(description=_("付款人"))
    def payer(self, row: Payment) -> str:
        return mask_name(row.person.name)


@admin.register(Refund)
class RefundAdmin(ReadOnly):
    icon, order = "undo", 20
    empty_hint = _("退回给会员的每一笔都在这里。")
    state_field = "state"
    search = NumberSearch("out_refund_no", "refund_id", "payment__out_trade_no")
    search_help_text = _("退款单号或商户单号，要写全")
    list_display = (
        "out_refund_no", "payment", "amount", state_column("state", REFUND_TONES), when_column("created_at", _("申请")),
        when_column("settled_at", _("完成")),
    )  # fmt: skip
    list_select_related = ("payment",)
    list_filter = (subtree_filter("payment__union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        ("out_refund_no", "refund_id"),
        ("payment", "amount"),
        "state",
        ("accepted_at", "settled_at"),
    )

    amount = yuan_column(_("金额（元）"), "amount_fen")

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "amount"]


STOCK_TONES = {"draft": "warning", "rejected": "danger", "pending": "info", "active": "success"}


@admin.register(ExternalStock)
class ExternalStockAdmin(ReadOnly):
    icon, order = "local_activity", 40
    empty_hint = _("到“外部券出资”里从预算订一批微信支付商家券，批准后列在这里。")
    state_field = "state"
    search = NumberSearch("name", "stock_id")
    search_help_text = _("名称或批次号，要写全")
    list_display = (
        "name", "stock_id", "union", "face", "total",
        state_column("state", STOCK_TONES), when_column("ends_at", _("结束")),
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (subtree_filter("union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        ("name", "stock_id"),
        ("union", "total"),
        ("face", "threshold"),
        ("starts_at", "ends_at"),
        "state",
        ("maker", "checker"),
    )

    face = yuan_column(_("面额（元）"), "face_fen")
    threshold = yuan_column(_("门槛（元）"), "threshold_fen")

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "face", "threshold"]


@admin.register(ExternalCoupon)
class ExternalCouponAdmin(ReadOnly):
    icon, order, export_people = "confirmation_number", 50, ("person",)
    empty_hint = _("批次建立后，发给会员的券逐张列在这里。")
    state_field = "state"
    search = NumberSearch("code")
    search_help_text = _("券号，要写全")
    list_display = (
        "__str__", "stock",
        state_column("state", {"ordered": "info", "sent": "info", "used": "success", "returned": "default"}),
        "off", "paid", when_column("updated_at", _("更新")),
    )  # fmt: skip
    list_select_related = ("stock",)
    list_filter = (subtree_filter("stock__union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (("code", "stock"), ("off", "paid"), "state")

    off = yuan_column(_("优惠（元）"), "off_fen")
    paid = yuan_column(_("实付（元）"), "paid_fen")

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "off", "paid"]
