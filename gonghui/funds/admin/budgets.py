"""经费来源 and 预算 in the back office: the tree with its bars, one budget with everything that hangs on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.funds.actions import budgets as actions
from gonghui.funds.actions import sources
from gonghui.funds.admin import asking
from gonghui.funds.admin.quorum import said_after
from gonghui.funds.decided import Hands, hands_of
from gonghui.funds.models import Budget, BudgetChange, Commitment, FundReceipt, FundSource, Matter
from gonghui.funds.queries import BudgetFigures, budget_figures, budget_forest, figures_of, whole_figures_of
from gonghui.kit.console import (
    Amount,
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    in_state,
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
from gonghui.kit.identifiers import row_id
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger.kinds import subject_names

TONES = {
    "draft": "info",
    "submitted": "warning",
    "approved": "success",
    "adjusting": "warning",
    "closed": "info",
}
CHANGE_TONES = {"proposed": "warning", "approved": "success", "rejected": "danger"}
AMOUNT = gettext_lazy("金额（元）")
TREE_MAX = 1_000
OPEN_WHOLE_UP_TO = 40
"""Larger forests show their roots and open branch by branch."""
COMMITMENTS_SHOWN = 50
SHEET_CHUNK = 1_000
SHOWN = {
    "open": (gettext_lazy("进行中"), ("draft", "submitted", "approved", "adjusting")),
    "waiting": (gettext_lazy("等待批准"), ("submitted", "adjusting")),
    "closed": (gettext_lazy("已结清"), ("closed",)),
    "all": (gettext_lazy("全部"), tuple(Budget.State.values)),
}


def budget_address(budget: Budget) -> str:
    return reverse("admin:budget", args=[budget.pk])


class BudgetVerb(Verb):
    """Comes back to the budget's own page."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return budget_address(row.budget if isinstance(row, BudgetChange) else row)


# --- Sources ------------------------------------------------------------------------------------------------


@admin.register(FundReceipt)
class FundReceiptAdmin(ScopedAdmin):
    icon, order = "receipt_long", 7
    view_verb, export_verb = "budgets.view", "reports.export"
    search = SmallNameSearch("document")
    search_help_text = gettext_lazy("凭证号")
    empty_hint = gettext_lazy("到“经费来源”里打开一笔来源，点“登记到账”。")
    list_display = ("document", "source", money_column(AMOUNT, "amount_fen"), "received_on", "maker")
    list_select_related = ("source__union", "maker")
    list_filter = (subtree_filter("source__union__path"), related_filter("source"))
    ordering = ("-received_on", "-id")
    fields = ("document", "source", "amount_shown", "received_on", "maker")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "amount_shown"]

    @display(description=AMOUNT)
    def amount_shown(self, row: FundReceipt) -> str:
        return yuan(row.amount_fen)


@admin.register(FundSource)
class FundSourceAdmin(ScopedAdmin):
    icon, order = "savings", 5
    view_verb, export_verb = "budgets.view", "reports.export"
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("来源名称")
    empty_hint = gettext_lazy("由财务人员建立；上级拨来的预算不用在这里登记。")
    list_display = (
        "name",
        "union",
        "kind",
        "level",
        "arrived",
        "left",
        when_column("closed_at", gettext_lazy("停用")),
    )
    list_select_related = ("union", "account")
    list_filter = (subtree_filter(), ("kind", ChoicesDropdownFilter), ("level", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("name", "union", ("kind", "level"), ("arrived", "left"), "closed_at", "next_steps")
    verbs = (
        Verb("receive", gettext_lazy("登记到账"), sources.record_receipt, "funds.write", key="source_id", icon="add_card",
             tone="primary", form=asking.ReceiptForm, initial=asking.new_key, when=lambda row: row.closed_at is None,
             question=gettext_lazy("登记后不能修改，请对照凭证核对金额。")),
        Verb("close", gettext_lazy("停用"), sources.close_source, "funds.write", key="source_id", icon="block", tone="danger",
             when=lambda row: row.closed_at is None, question=gettext_lazy("停用后不能再登记到账，也不能再拨出预算。")),
    )  # fmt: skip

    new_page = ("source_new", "funds.write", gettext_lazy("新建经费来源"))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).select_related("union", "account")
        return found.annotate(_arrived=Sum("receipts__amount_fen"))

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "arrived", "left", "next_steps"]

    @display(description=gettext_lazy("累计到账（元）"))
    def arrived(self, row: FundSource) -> Amount:
        return money(row._arrived or 0)

    @display(description=gettext_lazy("尚未拨出（元）"))
    def left(self, row: FundSource) -> Amount:
        return money(row.account.available)

    @display(description=gettext_lazy("接下来"))
    def next_steps(self, row: FundSource) -> str:
        """Where one goes from a source: its statement, its receipts, a budget out of it."""
        links = [
            (reverse("admin:ledger_statement", args=[row.account_id]), _("查看对账单")),
            (f"{reverse('admin:funds_fundreceipt_changelist')}?source={row.pk}", _("查看到账记录")),
        ]
        if row.closed_at is None:
            links.append((f"{reverse('admin:budget_new')}?source={row.pk}", _("从这里新建预算")))
        return format_html_join(" · ", '<a href="{}" class="text-link">{}</a>', links)


@console_page("funds/sources/new", name="source_new", needs="funds.write")
def new_source(request: HttpRequest) -> HttpResponse:
    form = asking.SourceForm(request.POST or None, actor=request.actor)
    goes_to = lambda made: reverse("admin:funds_fundsource_change", args=[made.pk])  # noqa: E731
    return asking.ask(
        request,
        form,
        sources.open_source,
        title=_("新建经费来源"),
        goes_to=goes_to,
        says=_("已建立，请登记到账。"),
        back=reverse("admin:funds_fundsource_changelist"),
    )


# --- The list, for searching and exporting -------------------------------------------------------------------


VERBS = (
    BudgetVerb("submit", gettext_lazy("提交批准"), actions.submit_budget, "budgets.write", icon="send", tone="primary",
               when=in_state("draft"), question=gettext_lazy("提交后不能再改，除非退回。")),
    BudgetVerb("approve", gettext_lazy("批准"), actions.approve_budget, "budgets.approve", icon="fact_check", tone="primary",
               when=in_state("submitted"), question=gettext_lazy("批准后钱立即划入这项预算。"), done=said_after("budget")),
    BudgetVerb("send_back", gettext_lazy("退回"), actions.send_back_budget, "budgets.approve", icon="undo", form=ReasonForm,
               when=in_state("submitted")),
    BudgetVerb("propose", gettext_lazy("提出调整"), actions.propose_change, "budgets.write", icon="tune",
               form=asking.ChangeForm, when=in_state("approved"),
               question=gettext_lazy("批准前预算照常执行；批准后差额立即划转。")),
    BudgetVerb("classify", gettext_lazy("归入支出类别"), actions.classify_budget, "budgets.write", icon="category",
               form=asking.ClassForm, when=lambda row: not row.expense_class and row.state != "draft",
               question=gettext_lazy("以前的预算没有问过类别。归类不动钱，归好以后不能再改。")),
    BudgetVerb("close", gettext_lazy("结清"), actions.close_budget, "budgets.approve", icon="task_alt", tone="danger",
               when=in_state("approved"), question=gettext_lazy("剩余的钱退回上级预算或经费来源，结清后不能恢复。")),
)  # fmt: skip


@admin.register(Budget)
class BudgetAdmin(ScopedAdmin):
    in_side_bar = False
    view_verb, export_verb = "budgets.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("预算名称")
    list_display = (
        link_column(gettext_lazy("预算"), budget_address, lambda row: row.name),
        "union", "category", "class_shown", money_column(AMOUNT, "amount_fen"), "allotted", "committed", "spent",
        "available", "ends_on", state_column("state", TONES),
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (
        subtree_filter(), ("state", ChoicesDropdownFilter), ("category", ChoicesDropdownFilter),
        ("expense_class", ChoicesDropdownFilter),
    )  # fmt: skip
    ordering = ("-id",)
    fields = (
        "name", "union", ("parent", "source"), ("category", "expense_class"), ("starts_on", "ends_on"), "resolution", "state",
        ("maker", "checker"),
    )  # fmt: skip
    verbs = VERBS
    new_page = ("budget_new", "budgets.write", gettext_lazy("新建预算"))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("union", "source__union", "parent__union")

    def get_changelist_instance(self, request: HttpRequest):
        found = super().get_changelist_instance(request)
        with_figures(found.result_list)
        return found

    def _in_chunks(self, found: QuerySet) -> Iterator[Budget]:
        for rows in batched(super()._in_chunks(found), SHEET_CHUNK):
            yield from with_figures(rows)

    @display(description=gettext_lazy("支出类别"), ordering="expense_class")
    def class_shown(self, row: Budget) -> str:
        return row.class_name

    @display(description=gettext_lazy("已下拨"))
    def allotted(self, row: Budget) -> Amount:
        return money(_figures(row).allotted)

    @display(description=gettext_lazy("已预留"))
    def committed(self, row: Budget) -> Amount:
        return money(_figures(row).committed)

    @display(description=gettext_lazy("已支出"))
    def spent(self, row: Budget) -> Amount:
        return money(_figures(row).spent)

    @display(description=gettext_lazy("可用"))
    def available(self, row: Budget) -> Amount:
        return money(_figures(row).available)


def _figures(row: Budget) -> BudgetFigures:
    """As `with_figures` left them; of a single row they are asked."""
    return row.__dict__.get("_figures") or budget_figures(row)


def batched(rows: Iterable[Budget], size: int) -> Iterator[list[Budget]]:
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk


def with_figures(rows: Sequence[Budget]) -> Sequence[Budget]:
    """All in one statement."""
    figures = figures_of(rows)
    for row in rows:
        row.__dict__["_figures"] = figures[row.pk]
    return rows


@admin.register(BudgetChange)
class BudgetChangeAdmin(ScopedAdmin):
    in_side_bar = False
    view_verb = "budgets.view"
    state_field = "state"
    search = SmallNameSearch("budget__name")
    search_help_text = gettext_lazy("预算名称")
    empty_hint = gettext_lazy("在执行中的预算页上点“提出调整”。")
    list_display = (
        "budget",
        money_column(gettext_lazy("增减（元）"), "delta_fen"),
        "reason",
        "maker",
        "checker",
        state_column("state", CHANGE_TONES),
    )
    list_select_related = ("budget__union", "maker", "checker")
    list_filter = (subtree_filter("budget__union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("budget", "delta_shown", "reason", "resolution", "state", ("maker", "checker"))
    verbs = (
        BudgetVerb("approve", gettext_lazy("批准调整"), actions.approve_change, "budgets.approve", key="change_id",
                   icon="fact_check", tone="primary", when=in_state("proposed"),
                   question=gettext_lazy("批准后差额立即划转。"), done=said_after("change")),
        BudgetVerb("reject", gettext_lazy("不批准"), actions.reject_change, "budgets.approve", key="change_id", icon="undo",
                   form=ReasonForm, when=in_state("proposed")),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "delta_shown"]

    @display(description=gettext_lazy("增减（元）"))
    def delta_shown(self, row: BudgetChange) -> str:
        return yuan(row.delta_fen)


# --- The tree -----------------------------------------------------------------------------------------------


@console_page(
    "funds/budgets", name="budgets", needs="budgets.view", title=gettext_lazy("预算"), icon="account_tree", group="funds",
    order=10,
)  # fmt: skip
def budget_tree(request: HttpRequest) -> HttpResponse:
    """`show` one of SHOWN, `q` part of a name: what matches stands under what it takes from, if that matches too."""
    show = request.GET.get("show", "open")
    show = show if show in SHOWN else "open"
    asked = request.GET.get("q", "").strip()[:60]
    found = Budget.objects.visible_to(request.actor).filter(state__in=SHOWN[show][1])
    found = found.filter(name__icontains=asked) if asked else found
    budgets = list(found.select_related("union").order_by("union__path", "-ends_on", "id")[: TREE_MAX + 1])
    forest = budget_forest(budgets[:TREE_MAX])
    facts = {
        "forest": forest,
        "sums": sums_of(forest),
        "is_open": len(budgets) <= OPEN_WHOLE_UP_TO,
        "is_cut": len(budgets) > TREE_MAX,
        "most": TREE_MAX,
        "tones": TONES,
        "show": show,
        "asked": asked,
        "choices": [(name, label) for name, (label, _states) in SHOWN.items()],
        "may_write": request.actor.may_anywhere("budgets.write"),
    }
    return render(request, "funds/console/budgets.html", page_facts(request, _("预算"), **facts))


def sums_of(forest: list) -> BudgetFigures:
    """Over all trees: what came in at their roots, and where it is now."""
    names = ("amount", "allotted", "committed", "spent", "available")
    return BudgetFigures(**{name: sum(getattr(tree.figures, name) for tree in forest) for name in names})


# --- One budget ---------------------------------------------------------------------------------------------


def budget_seen(request: HttpRequest, budget_id: int) -> Budget:
    found = Budget.objects.visible_to(request.actor)
    found = found.select_related("union", "source__union", "parent__union", "maker", "checker")
    budget = found.filter(pk=budget_id).first()
    require(budget, NOT_FOUND)
    return budget


@console_page("funds/budgets/<int:budget_id>", name="budget", needs="budgets.view")
def budget_page(request: HttpRequest, budget_id: int) -> HttpResponse:
    budget = budget_seen(request, budget_id)
    actor, path = request.actor, budget.union.path
    below = list(budget.children.select_related("union").order_by("union__path", "id")[:TREE_MAX])
    commitments = budget.commitments.filter(state=Commitment.State.RESERVED).select_related("account")
    shown = list(commitments.order_by("-id")[:COMMITMENTS_SHOWN])
    said = subject_names(row.purpose for row in shown)
    giver = actions.giver_of(budget, budget.parent)
    hands = hands_of(actor, Matter.BUDGET, budget.pk, union=giver.union, amount_fen=budget.amount_fen)
    facts: dict[str, Any] = {
        "budget": budget,
        "hands": hands,
        "change_hands": change_hands(request, budget, giver),
        "tone": TONES[budget.state],
        "figures": whole_figures_of([budget])[budget.pk],
        "giver": giver,
        "giver_link": giver_link(request, budget),
        "verbs": [
            item
            for item in verbs_for(request, budget)
            if item["verb"].name != "approve" or not hands.is_decided
        ],
        "changes": changes_of(request, budget),
        "forest": budget_forest(below),
        "tones": TONES,
        "is_open": True,
        "commitments": [{"row": row, "said": said[row.purpose]} for row in shown],
        "commitment_count": commitments.count(),
        "may_write": actor.may("budgets.write", path),
        "sees_ledger": budget.account_id and actor.may("ledger.view", path),
    }
    return render(request, "funds/console/budget.html", page_facts(request, budget.name, **facts))


def giver_link(request: HttpRequest, budget: Budget) -> str:
    """To what it takes from, where that may be seen."""
    above = budget.parent or budget.source
    if not request.actor.may("budgets.view", above.union.path):
        return ""
    return (
        budget_address(above) if budget.parent else reverse("admin:funds_fundsource_change", args=[above.pk])
    )


def verbs_for(request: HttpRequest, budget: Budget) -> list[dict[str, Any]]:
    giver = actions.giver_of(budget, budget.parent).union.path
    asked_of = {"approve": giver, "send_back": giver}
    return [
        {"verb": verb, "url": reverse(f"admin:funds_budget_{verb.name}", args=[budget.pk])}
        for verb in VERBS
        if verb.when(budget) and request.actor.may(verb.needs, asked_of.get(verb.name, budget.union.path))
    ]


def change_hands(request: HttpRequest, budget: Budget, giver: actions.Giver) -> Hands | None:
    """Of the change that waits."""
    change = budget.changes.filter(state="proposed").first()
    if change is None:
        return None
    amount_fen = abs(change.delta_fen)
    return hands_of(request.actor, Matter.CHANGE, change.pk, union=giver.union, amount_fen=amount_fen)


def changes_of(request: HttpRequest, budget: Budget) -> list[dict[str, Any]]:
    may_decide = request.actor.may("budgets.approve", actions.giver_of(budget, budget.parent).union.path)
    return [
        {
            "change": change,
            "tone": CHANGE_TONES[change.state],
            "verbs": [
                (verb.label, reverse(f"admin:funds_budgetchange_{verb.name}", args=[change.pk]))
                for verb in BudgetChangeAdmin.verbs
                if may_decide and verb.when(change)
            ],
        }
        for change in budget.changes.select_related("maker", "checker").order_by("-id")
    ]


@console_page("funds/budgets/new", name="budget_new", needs="budgets.write")
def new_budget(request: HttpRequest) -> HttpResponse:
    """`from` or `source` names what it takes from, where one comes from that page."""
    parent_id, source_id = row_id(request.GET.get("from", "")), row_id(request.GET.get("source", ""))
    parent = Budget.objects.visible_to(request.actor).filter(pk=parent_id).first() if parent_id else None
    source = FundSource.objects.visible_to(request.actor).filter(pk=source_id).first() if source_id else None
    form = asking.BudgetForm(
        request.POST or None, actor=request.actor, initial=asking.place_of(parent, source)
    )
    return asking.ask(
        request,
        form,
        actions.write_budget,
        title=_("新建预算"),
        goes_to=budget_address,
        says=_("已存为草稿。"),
        back=reverse("admin:budgets"),
    )


@console_page("funds/budgets/<int:budget_id>/edit", name="budget_edit", needs="budgets.write")
def edit_budget(request: HttpRequest, budget_id: int) -> HttpResponse:
    budget = budget_seen(request, budget_id)
    require(request.actor.may("budgets.write", budget.union.path))
    form = asking.TermsForm(request.POST or None, actor=request.actor, initial=asking.fill(budget))

    def change(actor, **facts):
        return actions.change_budget(actor, budget_id=budget.pk, **facts)

    return asking.ask(
        request,
        form,
        change,
        title=_("修改预算"),
        goes_to=budget_address,
        says=_("已保存。"),
        back=budget_address(budget),
    )
