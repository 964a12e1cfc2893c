"""账单 and 退货 in the back office: read only; one bill as the matrix of its lines and funders, with its transfers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.bills.models import Bill, BillLine, BillRefund, Payer
from gonghui.bills.origins import ways_of
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    ScopedAdmin,
    SmallNameSearch,
    console_page,
    link_column,
    page_facts,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.masks import mask_name
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger.kinds import word_of
from gonghui.ledger.models import Transfer

TONES = {"held": "warning", "settled": "success", "cancelled": "info", "refunded": "info"}
READ = "parts of a bill in the reader's scope"


def bill_address(bill: Bill) -> str:
    return reverse("admin:bill", args=[bill.pk])


def right(text: str) -> str:
    return format_html('<span class="bo-n">{}</span>', text)


@admin.register(Bill)
class BillAdmin(ScopedAdmin):
    icon, order = "receipt_long", 30
    view_verb, export_verb, export_people = "bills.view", "reports.export", ("person",)
    state_field = "state"
    search = SmallNameSearch("store__name")
    search_help_text = gettext_lazy("门店名称")
    list_display = (
        link_column(gettext_lazy("单号"), bill_address, lambda row: row.pk),
        when_column("at", gettext_lazy("时间")), "store", "member", "list_shown", "off_shown", "due_shown", "back_shown",
        "method", state_column("state", TONES),
    )  # fmt: skip
    list_select_related = ("store", "person")
    list_filter = (
        subtree_filter(),
        ("state", ChoicesDropdownFilter),
        ("method", ChoicesDropdownFilter),
        ("at", RangeDateFilter),
        related_filter("store"),
    )
    ordering = ("-id",)
    fields = (
        "store", "union", "partner", "member", ("at", "offline_at"), "list_shown", "off_shown", "due_shown", "back_shown",
        "method", "state",
    )  # fmt: skip

    class Media:
        css = {"all": ["bills/console.css"]}

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("store", "person", "union", "partner")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        own = ["member", "list_shown", "off_shown", "due_shown", "back_shown"]
        return [*super().get_readonly_fields(request, obj), *own]

    @display(description=gettext_lazy("会员"))
    def member(self, row: Bill) -> str:
        return mask_name(row.person.name)

    @display(description=gettext_lazy("原价（元）"), ordering="list_fen")
    def list_shown(self, row: Bill) -> str:
        return right(yuan(row.list_fen))

    @display(description=gettext_lazy("优惠和福豆（元）"))
    def off_shown(self, row: Bill) -> str:
        return right(yuan(row.list_fen - row.due_fen))

    @display(description=gettext_lazy("职工付（元）"), ordering="due_fen")
    def due_shown(self, row: Bill) -> str:
        return right(yuan(row.due_fen))

    @display(description=gettext_lazy("已退（元）"))
    def back_shown(self, row: Bill) -> str:
        return right(yuan(row.refunded_fen)) if row.refunded_fen else "—"


@admin.register(BillRefund)
class BillRefundAdmin(ScopedAdmin):
    icon, order = "assignment_return", 40
    view_verb, export_verb = "bills.view", "reports.export"
    search = SmallNameSearch("bill__store__name")
    search_help_text = gettext_lazy("门店名称")
    list_display = (
        link_column(gettext_lazy("账单"), lambda row: bill_address(row.bill), lambda row: row.bill_id),
        when_column("at", gettext_lazy("时间")), "store", "list_shown", "worker_shown", "points", "reason", "maker",
    )  # fmt: skip
    list_select_related = ("bill__store", "maker")
    list_filter = (subtree_filter("bill__union__path"), ("at", RangeDateFilter))
    ordering = ("-id",)
    fields = ("store", "at", "list_shown", "worker_shown", "points", "reason", "maker")

    class Media:
        css = {"all": ["bills/console.css"]}

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("bill__store", "maker")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "store", "list_shown", "worker_shown"]

    @display(description=gettext_lazy("门店"))
    def store(self, row: BillRefund) -> str:
        return row.bill.store.name

    @display(description=gettext_lazy("退货原价（元）"))
    def list_shown(self, row: BillRefund) -> str:
        return right(yuan(row.list_fen))

    @display(description=gettext_lazy("退职工（元）"))
    def worker_shown(self, row: BillRefund) -> str:
        return right(yuan(row.worker_fen))


@console_page("bills/<int:bill_id>", name="bill", needs="bills.view")
def bill_page(request: HttpRequest, bill_id: int) -> HttpResponse:
    found = admin.site._registry[Bill].get_queryset(request).select_related("clerk", "payment")
    bill = found.filter(pk=bill_id).first()
    require(bill, NOT_FOUND)
    lines = list(bill.lines.prefetch_related("parts").order_by("nth"))
    refunds = list(bill.refunds.select_related("maker").order_by("id"))
    sees_ledger = request.actor.may("ledger.view", bill.union.path)
    facts: dict[str, Any] = {
        "bill": bill,
        "tone": TONES[bill.state],
        **matrix_of(lines),
        "offers": bill.offers_given.select_related("offer__priced_by", "voucher").order_by("id"),
        "refunds": refunds,
        "transfers": transfers_of(bill, refunds) if sees_ledger else [],
        "ways": ways_of(bill) if sees_ledger else [],
        "member": mask_name(bill.person.name),
    }
    return render(
        request, "bills/console/bill.html", page_facts(request, f"{bill.store.name} {bill.pk}", **facts)
    )


def matrix_of(lines: list[BillLine]) -> dict[str, Any]:
    """Lines by funders, with the sums of both; funders nobody used are left out."""
    used = [
        payer for payer in Payer if any(part.payer == payer for line in lines for part in line.parts.all())
    ]
    rows, sums, backs = [], dict.fromkeys(used, 0), dict.fromkeys(used, 0)
    for line in lines:
        cells = []
        for payer in used:
            parts = [part for part in line.parts.all() if part.payer == payer]
            fen, back = sum(part.fen for part in parts), sum(part.refunded_fen for part in parts)
            sums[payer] += fen
            backs[payer] += back
            cells.append((fen, back))
        rows.append({"line": line, "cells": cells})
    return {
        "payers": [payer.label for payer in used],
        "rows": rows,
        "sums": [(sums[payer], backs[payer]) for payer in used],
    }


def transfers_of(bill: Bill, refunds: list[BillRefund]) -> list[dict[str, Any]]:
    subjects = Q(subject=f"bill:{bill.pk}") | Q(
        subject__in=[f"bill_refund:{refund.pk}" for refund in refunds]
    )
    found = Transfer.objects.unscoped(READ).filter(subjects).select_related("debit", "credit").order_by("seq")
    return [{"row": row, "word": word_of(row.code)} for row in found]
