"""离线核销例外: what was honoured without network and could not be taken as it was, tickets and coupons alike; of a coupon's sale
a bill can still be made."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.benefits.actions.redemptions import settle_offline_exception
from gonghui.benefits.admin.asking import NoteForm, voucher_holder
from gonghui.benefits.admin.tickets import OfVoucher, SettledFilter, spaced_code
from gonghui.benefits.counter_days import DESKS
from gonghui.benefits.models import OfflineException
from gonghui.bills.actions.offline import post_exception
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ScopedAdmin,
    Verb,
    related_filter,
    subtree_filter,
    when_column,
)
from gonghui.kit.templatetags.kit import cn_when, yuan


@admin.register(OfflineException)
class OfflineExceptionAdmin(OfVoucher, ScopedAdmin):
    icon, order = "cloud_off", 60
    view_verb = "vouchers.view"
    list_display = (
        spaced_code,
        voucher_holder,
        "why",
        "short_shown",
        when_column("at", _("离线核销时间")),
        "this_desk",
        "first_desk",
        when_column("settled_at", _("处理时间")),
    )
    list_select_related = (*DESKS, "voucher__person", "voucher__release", "voucher__pool")
    list_filter = (
        subtree_filter("voucher__release__union__path"),
        related_filter("store"),
        ("why", ChoicesDropdownFilter),
        SettledFilter,
    )
    ordering = ("-id",)
    fields = (
        spaced_code, voucher_holder, ("why", "says"), "at", "this_desk", "first_desk", "arrived",
        ("list_shown", "due_shown", "short_shown"), "settled_at", "note",
    )  # fmt: skip
    verbs = (
        Verb("post", _("补记成账单"), post_exception, "vouchers.void", key="exception_id", icon="receipt_long", tone="primary",
             form=NoteForm, when=lambda row: row.settled_at is None and row.list_fen is not None,
             question=_("按当时的价补记：补贴入门店的账，券记为已用。金额与规则算出的不同、券已在别处用掉的，补记不了。")),
        Verb("settle", _("写明结果并了结"), settle_offline_exception, "vouchers.void", key="exception_id",
             icon="task_alt", form=NoteForm, when=lambda row: row.settled_at is None),
    )  # fmt: skip

    def get_readonly_fields(self, request, obj=None) -> list:
        own = ["this_desk", "first_desk", "says", "list_shown", "due_shown", "short_shown"]
        return [*super().get_readonly_fields(request, obj), *own]

    @display(description=_("经手的门店和店员"))
    def this_desk(self, row: OfflineException) -> str:
        return row.desk

    @display(description=_("先用的一处"))
    def first_desk(self, row: OfflineException) -> str:
        return f"{row.first.desk} · {cn_when(row.first.at)}" if row.first else "—"

    @display(description=_("消费金额（元）"))
    def list_shown(self, row: OfflineException) -> str:
        return yuan(row.list_fen)

    @display(description=_("已收（元）"))
    def due_shown(self, row: OfflineException) -> str:
        return yuan(row.due_fen)

    @display(description=_("差额（元）"))
    def short_shown(self, row: OfflineException) -> str:
        return yuan(row.short_fen)
