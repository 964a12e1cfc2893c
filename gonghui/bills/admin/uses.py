"""外部券使用 in the back office: what each use took, and the way of its money from the source."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.bills.models import ExternalUse
from gonghui.bills.origins import budgets_behind
from gonghui.kit.console import (
    Amount,
    ChoicesDropdownFilter,
    ScopedAdmin,
    SmallNameSearch,
    console_page,
    link_column,
    money,
    money_column,
    page_facts,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.ledger.kinds import word_of
from gonghui.ledger.models import Transfer

USE_TONES = {"posted": "success", "uncovered": "danger", "returned": "info"}


def use_address(row: ExternalUse) -> str:
    return reverse("admin:external_use", args=[row.pk])


@dataclass(frozen=True, slots=True)
class UseSearch(SmallNameSearch):
    """By the whole number of the event or the coupon, as the provider writes it."""

    def narrow(self, found: QuerySet, question: str) -> QuerySet:
        return found.filter(Q(use_id=question) | Q(code=question))


@admin.register(ExternalUse)
class ExternalUseAdmin(ScopedAdmin):
    icon, order = "redeem", 26
    view_verb, export_verb = "payments.view", "reports.export"
    search = UseSearch()
    search_help_text = gettext_lazy("渠道事件号或券号")
    empty_hint = gettext_lazy("会员在微信里用掉一张券，渠道通知到了，就在这里记一笔，并从预留里付出。")
    list_display = (
        link_column(gettext_lazy("渠道事件"), use_address, lambda row: row.use_id),
        "funding", money_column(gettext_lazy("优惠（元）"), "off_fen"), money_column(gettext_lazy("职工付（元）"), "paid_fen"),
        state_column("state", USE_TONES), when_column("created_at", gettext_lazy("通知到达")),
    )  # fmt: skip
    list_select_related = ("funding__stock",)
    list_filter = (
        subtree_filter("funding__stock__union__path"), related_filter("funding"), ("state", ChoicesDropdownFilter),
    )  # fmt: skip
    ordering = ("-id",)
    fields = ("funding", ("use_id", "code"), ("off", "paid"), "state", "returned_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("funding__stock")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "off", "paid"]

    @display(description=gettext_lazy("优惠（元）"))
    def off(self, row: ExternalUse) -> Amount:
        return money(row.off_fen)

    @display(description=gettext_lazy("职工付（元）"))
    def paid(self, row: ExternalUse) -> Amount:
        return money(row.paid_fen)


@console_page("bills/uses/<int:use_id>", name="external_use", needs="payments.view")
def external_use_page(request: HttpRequest, use_id: int) -> HttpResponse:
    """永久追溯 of one use: from the source of the money through every budget to what the provider took, with its transfers."""
    found = ExternalUse.objects.visible_to(request.actor).select_related(
        "funding__stock__union", "funding__budget", "funding__commitment"
    )
    use = found.filter(pk=use_id).first()
    require(use, NOT_FOUND)
    funding = use.funding
    commitment = funding.commitment
    sees_ledger = request.actor.may("ledger.view", funding.stock.union.path)
    transfers = Transfer.objects.unscoped("of a use the reader may see").filter(
        subject=f"external:{use.pk}", code__in=("use_external", "return_external")
    )
    facts = {
        "use": use,
        "stock": funding.stock,
        "tone": USE_TONES[use.state],
        "way": budgets_behind([commitment.account_id]).get(commitment.account_id, ()) if commitment else (),
        "transfers": [(row, word_of(row.code)) for row in transfers.order_by("seq")],
        "sees_ledger": sees_ledger,
    }
    return render(
        request, "bills/console/external_use.html", page_facts(request, funding.stock.name, **facts)
    )
