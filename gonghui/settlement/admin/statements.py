"""结算单 in the back office: the list, and one statement with everything on it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from gonghui.funds.decided import Hands, hands_of
from gonghui.funds.models import Budget, Matter
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    in_state,
    link_column,
    page_facts,
    related_filter,
    state_column,
    subtree_filter,
)
from gonghui.kit.console.asking import YuanField
from gonghui.kit.errors import require
from gonghui.payments.admin.payments import yuan_column
from gonghui.settlement import actions
from gonghui.settlement.admin import tones
from gonghui.settlement.models import Adjustment, Dispute, Statement
from gonghui.settlement.queries import happened_apart, left_to, line_name, lines_of, money_back, statement_for
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.sheets import statement_sheet

LINES_SHOWN = 50
YUAN_MAX = 10**9


def statement_address(row: Statement) -> str:
    return reverse("admin:statement", args=[row.pk])


class StatementVerb(Verb):
    """Comes back to the statement's own page."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        found = row if isinstance(row, Statement) else getattr(row, "statement", None) or row.line.statement
        return statement_address(found)


class AdjustForm(ReasonForm):
    line_id = forms.IntegerField(
        label=gettext_lazy("针对哪一行"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("填明细前面的序号；不针对某一行的不填。"),
    )
    budget_id = forms.ChoiceField(
        label=gettext_lazy("预算"), help_text=gettext_lazy("补付从这里出，扣回退到这里。")
    )
    amount_fen = YuanField(
        label=gettext_lazy("金额（元）"),
        min_value=-YUAN_MAX,
        help_text=gettext_lazy("补付写正数，扣回写负数。"),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ("line_id", "amount_fen", "budget_id", "reason")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        found = Budget.objects.unscoped("those of the statement's union").filter(
            union__path__startswith=self.row.union.path, state__in=("approved", "adjusting")
        )
        self.fields["budget_id"].choices = [
            (b.pk, f"{b.union.name} · {b.name}") for b in found.select_related("union")
        ]

    def facts(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        key, budget_id = given.pop("key"), int(given.pop("budget_id"))
        return {"key": key, "amends": actions.Amends(budget_id=budget_id, **given)}


@admin.register(Statement)
class StatementAdmin(ScopedAdmin):
    icon, order = "receipt_long", 20
    export_verb = "reports.export"
    state_field = "state"
    search = SmallNameSearch("partner__name")
    search_help_text = gettext_lazy("商户名称")
    list_display = (
        link_column(gettext_lazy("结算单"), statement_address, lambda row: row.number),
        "partner", "union", "period", "bill_count", "owed", "carried", "total", state_column("state", tones.STATEMENTS),
    )  # fmt: skip
    list_select_related = ("partner", "union", "period")
    list_filter = (subtree_filter(), related_filter("period"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        "partner",
        "union",
        "period",
        "state",
        ("owed", "carried", "total"),
        ("maker", "checker"),
        "confirmed_by",
    )
    verbs = (
        StatementVerb("send", gettext_lazy("发给商户"), actions.send_statement, "settlements.write", icon="send", tone="primary",
                      when=in_state("draft", "disputed"),
                      question=gettext_lazy("与账本核对，一分不差才发出；发出后内容不能改。")),
        StatementVerb("adjust", gettext_lazy("提出调整"), actions.propose_adjustment, "settlements.write", icon="tune",
                      form=AdjustForm, when=in_state("disputed"), initial=lambda _row: {"key": uuid4()},
                      question=gettext_lazy("另一人批准后，差额才从预算划转，并作为一行记在结算单上。")),
        StatementVerb("approve", gettext_lazy("批准付款"), actions.approve_statement, "settlements.approve", icon="fact_check",
                      tone="primary", when=in_state("confirmed"),
                      question=gettext_lazy("批准后可以进入付款批次。发出的人不能批准。")),
    )  # fmt: skip

    owed = yuan_column(gettext_lazy("本期应付（元）"), "owed_fen")
    carried = yuan_column(gettext_lazy("上期结转（元）"), "carried_fen")
    total = yuan_column(gettext_lazy("应付合计（元）"), "total_fen")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "owed", "carried", "total"]


@console_page("settlement/statements/<int:statement_id>", name="statement", needs="settlements.view")
def statement_page(request: HttpRequest, statement_id: int) -> HttpResponse:
    row = statement_for(request.actor, statement_id)
    require(request.actor.may("settlements.view", row.union.path))
    lines = Paginator(lines_of(row), LINES_SHOWN).get_page(request.GET.get("page"))
    path = row.union.path
    facts = {
        "row": row,
        "tone": tones.STATEMENTS[row.state],
        "verbs": verbs_of(request, StatementAdmin.verbs, row, path),
        "page_obj": lines,
        "lines": [(line, line_name(line), happened_apart(line, row.period)) for line in lines],
        "funders": [
            (one, request.actor.may("budgets.view", one.budget.union.path))
            for one in row.funders.select_related("budget__union")
        ],
        "accounts": row.accounts.select_related("account").order_by("account_id"),
        "disputes": hanging(request, Dispute, row, path),
        "adjustments": hanging(request, Adjustment, row, path),
        "sendings": row.sendings.select_related("maker").order_by("round"),
        "payouts": row.payouts.select_related("batch").order_by("id"),
        "money_back": money_back(row),
        "carries": left_to(row),
        "found": reconcile(row),
        "may_export": request.actor.may("reports.export", path),
        "sees_bills": request.actor.may("bills.view", path),
    }
    return render(request, "settlement/console/statement.html", page_facts(request, row.number, **facts))


def verbs_of(request: HttpRequest, verbs, row, path: str) -> list[tuple[Verb, str]]:
    name = f"{row._meta.app_label}_{row._meta.model_name}"
    return [
        (verb, reverse(f"admin:{name}_{verb.name}", args=[row.pk]))
        for verb in verbs
        if verb.when(row) and request.actor.may(verb.needs, path)
    ]


def hanging(request: HttpRequest, model, row: Statement, path: str) -> list[dict[str, Any]]:
    """Disputes or adjustments of a statement, each with its tone and its verbs."""
    screen = admin.site._registry[model]
    where = {"line__statement": row} if model is Dispute else {"statement": row}
    known = tones.DISPUTES if model is Dispute else tones.ADJUSTMENTS
    return [
        {"one": one, "tone": known[one.state], "verbs": verbs_of(request, screen.verbs, one, path),
         "hands": hands_on(request, one, row)}
        for one in model.objects.unscoped("of a statement already fetched").filter(**where).order_by("id")
    ]  # fmt: skip


def hands_on(request: HttpRequest, one: Dispute | Adjustment, row: Statement) -> Hands | None:
    """Who agreed to an adjustment, and who is missing."""
    if isinstance(one, Dispute):
        return None
    return hands_of(request.actor, Matter.ADJUSTMENT, one.pk, union=row.union, amount_fen=abs(one.amount_fen))


@console_page(
    "settlement/statements/<int:statement_id>.xlsx", name="statement_sheet", needs="settlements.view"
)
def statement_download(request: HttpRequest, statement_id: int) -> HttpResponse:
    row = statement_for(request.actor, statement_id)
    require(request.actor.may("reports.export", row.union.path))
    return statement_sheet(request.actor, row)
