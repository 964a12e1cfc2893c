"""外部券出资 in the back office: a provider's coupons ordered out of a budget, and what their uses took of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.bills.actions.external import order_funded_stock
from gonghui.bills.admin.bills import right
from gonghui.bills.models import ExternalUse, Programme, StockFunding
from gonghui.funds.models import Budget
from gonghui.funds.queries import OPEN
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import ScopedAdmin, SmallNameSearch, console_page, subtree_filter
from gonghui.kit.console.asking import ask
from gonghui.kit.scope import BySubtree
from gonghui.kit.templatetags.kit import yuan
from gonghui.payments.admin.stocks import StockForm

State = ExternalUse.State


class BudgetField(forms.ModelChoiceField):
    def label_from_instance(self, row: Budget) -> str:
        return f"{row.name} · {row.union.name}"


class FundedStockForm(StockForm):
    question = gettext_lazy("按面额乘以张数从预算留足，到期没用的退回预算；留不足就不下单。")
    halves = ("face_fen", "threshold_fen", "starts_on", "ends_on")
    field_order = ("budget", "programme")
    union = None  # type: ignore[assignment]
    budget = BudgetField(None, label=gettext_lazy("从哪项预算支出"), empty_label=gettext_lazy("请选择"))
    programme = forms.ModelChoiceField(
        None, label=gettext_lazy("项目"), required=False, empty_label=gettext_lazy("不属于哪个项目")
    )

    def narrow(self, actor: Actor) -> None:
        rule = BySubtree("union__path", verb="payments.write").condition(actor)
        found = Budget.objects.visible_to(actor).select_related("union")
        fields: dict[str, Any] = self.fields
        fields["budget"].queryset = found.filter(rule, state__in=OPEN, ends_on__gte=clock.today())
        fields["programme"].queryset = Programme.objects.filter(rule).order_by("-id")

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        programme = given["programme"]
        programme_id = programme.pk if programme else None
        return {"budget_id": given["budget"].pk, "order": self.order(), "programme_id": programme_id}


@console_page("bills/stocks/new", name="funded_stock_new", needs="payments.write")
def order_stock_page(request: HttpRequest) -> HttpResponse:
    """Sent twice it is one stock: the key stands in the form."""
    form = FundedStockForm(request.POST or None, actor=request.actor)
    return ask(
        request,
        form,
        order_funded_stock,
        title=_("订外部券"),
        says=_("已留足资金并提交，渠道建好后状态变为可用。"),
        goes_to=lambda made: reverse("admin:bills_stockfunding_change", args=[made.pk]),
        back=reverse("admin:bills_stockfunding_changelist"),
    )


@admin.register(StockFunding)
class StockFundingAdmin(ScopedAdmin):
    icon, order = "confirmation_number", 25
    new_page = ("funded_stock_new", "payments.write", gettext_lazy("订外部券"))
    empty_hint = gettext_lazy("从预算里订一批微信支付商家券：钱先留足，用一张付一张，没用的退回。")
    export_verb = "reports.export"
    search = SmallNameSearch("stock__name")
    search_help_text = gettext_lazy("券名")
    list_display = ("stock", "budget", "programme", "aside", "used", "left", "uncovered", "standing")
    list_select_related = ("stock", "budget", "programme", "commitment__account")
    list_filter = (subtree_filter("stock__union__path"),)
    ordering = ("-id",)
    fields = ("stock", "budget", "programme", "aside", "used", "left", "uncovered", "standing")

    class Media:
        css = {"all": ["bills/console.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request)
        found = found.select_related("stock", "budget", "programme", "commitment__account")
        posted, short = Q(uses__state=State.POSTED), Q(uses__state=State.UNCOVERED)
        return found.annotate(
            _used=Coalesce(Sum("uses__off_fen", filter=posted), Value(0)),
            _uncovered=Count("uses", filter=short),
        )

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        own = ["aside", "used", "left", "uncovered", "standing"]
        return [*super().get_readonly_fields(request, obj), *own]

    @display(description=gettext_lazy("预留（元）"))
    def aside(self, row: StockFunding) -> str:
        return right(yuan(row.commitment.amount_fen))

    @display(description=gettext_lazy("已用（元）"))
    def used(self, row: StockFunding) -> str:
        return right(yuan(row._used))

    @display(description=gettext_lazy("还剩（元）"))
    def left(self, row: StockFunding) -> str:
        return right(yuan(row.commitment.account.available))

    @display(description=gettext_lazy("预留不足的"))
    def uncovered(self, row: StockFunding) -> str:
        return _("%d 笔") % row._uncovered if row._uncovered else "—"

    @display(description=gettext_lazy("状态"))
    def standing(self, row: StockFunding) -> str:
        return str(row.stock.get_state_display())
