"""按支出类别 in the back office: the year's sums of each class of the union accounting system, as a page and as a sheet."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.expenses import ClassSum, class_sums, total_of
from gonghui.funds.models import Budget
from gonghui.kit import clock
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.console.exporting import record_export, sheet_answer
from gonghui.kit.errors import require
from gonghui.kit.sheets import Column

YEARS_BACK = 5


def asked_year(request: HttpRequest) -> int:
    typed, this = request.GET.get("year", ""), clock.today().year
    years = range(this - YEARS_BACK, this + 2)
    return int(typed) if typed.isdecimal() and len(typed) == 4 and int(typed) in years else this


@console_page(
    "funds/expenses", name="budget_classes", needs="budgets.view", title=gettext_lazy("按支出类别"),
    icon="category", group="funds", order=12,
)  # fmt: skip
def budget_classes(request: HttpRequest) -> HttpResponse:
    year, this = asked_year(request), clock.today().year
    sums = class_sums(request.actor, year)
    facts: dict[str, Any] = {
        "year": year,
        "years": range(this + 1, this - YEARS_BACK - 1, -1),
        "sums": [(one, _link(one)) for one in sums],
        "total": total_of(sums),
        "may_export": request.actor.may_anywhere("reports.export"),
    }
    return render(request, "funds/console/classes.html", page_facts(request, _("按支出类别"), **facts))


def _link(one: ClassSum) -> str:
    """To the list of its budgets."""
    if not one.budgets or not one.code:
        return ""
    return f"{reverse('admin:funds_budget_changelist')}?expense_class__exact={one.code}"


@console_page("funds/expenses.xlsx", name="budget_classes_sheet", needs="budgets.view")
def budget_classes_sheet(request: HttpRequest) -> HttpResponse:
    require(request.actor.may_anywhere("reports.export"))
    year = asked_year(request)
    sums = class_sums(request.actor, year)
    columns = [Column(_("支出类别"), 20), Column(_("预算项数"), 10, "number")]
    columns += [
        Column(name, 18, "money")
        for name in (
            _("自用额度（元）"),
            _("已预留（元）"),
            _("本年支出（元）"),
            _("累计支出（元）"),
            _("可用（元）"),
        )
    ]
    record_export(request.actor, table=Budget._meta.db_table, count=len(sums), asked={"classes": year})
    rows = [_row(one, one.name) for one in sums]
    rows.append(_row(total_of(sums), _("合计")))
    return sheet_answer(columns, iter(rows), name=_("按支出类别"), day=str(year))


def _row(one: ClassSum, name: str) -> list[Any]:
    return [name, one.budgets, one.own, one.committed, one.spent_in_year, one.spent, one.available]
