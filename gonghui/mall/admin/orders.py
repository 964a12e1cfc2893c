"""Orders and after-sales in the back office: masked, read; the union gives money back and rules where the two disagree."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.console import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    in_state,
    link_column,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.masks import mask_name
from gonghui.kit.templatetags.kit import yuan
from gonghui.mall.actions import after_sales, orders
from gonghui.mall.models import AfterSale, MallOrder

TONES = {
    "created": "info", "points_held": "warning", "paid": "info", "to_ship": "info", "shipped": "info",
    "delivered": "success", "completed": "success", "cancelled": "default", "refund_requested": "warning",
    "refunded": "default", "returned": "default",
}  # fmt: skip
AFTER_SALE_TONES = {
    "applied": "warning", "agreed": "info", "refused": "warning", "appealed": "danger", "dismissed": "default",
    "received": "info", "refunded": "success", "replaced": "success", "withdrawn": "default",
}  # fmt: skip


class NumberSearch:
    """By the whole number only: nobody is looked for by name."""

    def q(self, question: str) -> Q:
        digits = question.strip().upper().removeprefix("M")
        return Q(pk=int(digits[:18])) if digits.isascii() and digits.isdigit() else Q(pk=0)


def link_to_bill(row: MallOrder) -> str:
    return reverse("admin:bill", args=[row.bill_id]) if row.bill_id else ""


@admin.register(MallOrder)
class MallOrderAdmin(ScopedAdmin):
    icon, order = "shopping_bag", 30
    view_verb = "mall.view"
    state_field = "state"
    search = NumberSearch()
    search_help_text = _("订单号，要写全")
    list_display = (
        "number", "shop", "who", "goods", "sum_shown", state_column("state", TONES), when_column("created_at", _("下单")),
        link_column(_("账单"), link_to_bill, lambda row: row.bill_id or "—"),
    )  # fmt: skip
    list_display_links = ("number",)
    list_select_related = ("shop__store", "person", "bill")
    list_filter = (
        subtree_filter("shop__store__partner__union__path"),
        ("state", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
        related_filter("shop"),
    )
    ordering = ("-id",)
    fields = (
        "number", ("shop", "who"), "goods", "sum_shown", "state", "to", ("carrier", "tracking_no"),
        ("shipped_at", "delivered_at"), ("reason", "answer"),
    )  # fmt: skip
    verbs = (
        Verb("refund", _("退款给会员"), orders.refund_order, "mall.write", icon="undo", tone="danger", form=ReasonForm,
             when=in_state("paid", "to_ship", "refund_requested"),
             question=_("商家发不了货时用。福豆和钱原路退回，库存回到货架，会员会看到您写的原因。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        found = super().get_queryset(request)
        return found.select_related(*self.list_select_related).prefetch_related("lines")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "number", "who", "goods", "sum_shown", "to"]

    @display(description=_("订单号"))
    def number(self, row: MallOrder) -> str:
        return row.number

    @display(description=_("会员"))
    def who(self, row: MallOrder) -> str:
        return mask_name(row.person.name)

    @display(description=_("商品"))
    def goods(self, row: MallOrder) -> str:
        return "、".join(f"{line.title} × {line.quantity}" for line in row.lines.all())

    @display(description=_("合计 / 会员付（元）"))
    def sum_shown(self, row: MallOrder) -> str:
        return f"{yuan(row.bill.list_fen)} / {yuan(row.bill.due_fen)}" if row.bill else "—"

    @display(description=_("寄到"))
    def to(self, row: MallOrder) -> str:
        return row.masked_to


@admin.register(AfterSale)
class AfterSaleAdmin(ScopedAdmin):
    icon, order = "assignment_return", 40
    view_verb = "mall.view"
    state_field = "state"
    search = SmallNameSearch("line__title")
    search_help_text = _("商品名称：汉字、全拼或首字母")
    list_display = (
        "goods", "shop", "order_number", "wanted", "reason", state_column("state", AFTER_SALE_TONES),
        when_column("created_at", _("申请")),
    )  # fmt: skip
    list_select_related = ("line__order__shop__store",)
    list_filter = (
        subtree_filter("line__order__shop__store__partner__union__path"), ("state", ChoicesDropdownFilter)
    )  # fmt: skip
    ordering = ("-id",)
    fields = (
        ("goods", "shop"), "order_number", ("wanted", "reason"), "answer", ("state", "ruling"), ("sent_no", "replaced_no"),
        "arbiter",
    )  # fmt: skip
    verbs = (
        Verb("award", _("支持会员"), after_sales.award_after_sale, "mall.review", icon="gavel", tone="primary", form=ReasonForm,
             when=in_state("appealed"), question=_("商家要收回退货并退款或换货；双方都会看到您写的理由。")),
        Verb("dismiss", _("不支持"), after_sales.dismiss_after_sale, "mall.review", icon="gavel", form=ReasonForm,
             when=in_state("appealed"), question=_("会员会看到您写的理由。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "goods", "shop", "order_number"]

    @display(description=_("商品"))
    def goods(self, row: AfterSale) -> str:
        return f"{row.line.title} × {row.quantity}"

    @display(description=_("网上店"))
    def shop(self, row: AfterSale) -> str:
        return row.line.order.shop.store.name

    @display(description=_("订单号"))
    def order_number(self, row: AfterSale) -> str:
        return row.line.order.number
