"""福豆负债: what is out, by budget and month of expiry, and the money behind it, equal to the fen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.points import Liability, breakage, coming_back, liabilities
from gonghui.funds.worth import POINT_FEN
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.console.exporting import record_export, sheet_answer
from gonghui.kit.errors import require
from gonghui.kit.sheets import Column
from gonghui.members.models import MembershipChange


@console_page(
    "points/liability", name="point_liability", needs="points.view", title=gettext_lazy("福豆负债"), icon="account_balance",
    group="funds", order=45,
)  # fmt: skip
def liability(request: HttpRequest) -> HttpResponse:
    rows = liabilities(request.actor)
    months: Counter[str] = Counter()
    for row in rows:
        months.update(dict(row.months))
    past = breakage(request.actor)
    points, backing_fen = sum(row.points for row in rows), sum(row.backing_fen for row in rows)
    back = coming_back(request.actor)
    surely = sum(row.points for row in back)
    facts = {
        "rows": rows,
        "points": points,
        "backing_fen": backing_fen,
        "owed_fen": points * POINT_FEN,
        "is_equal": all(row.is_equal for row in rows) and months.total() == points,
        "months": sorted(months.items()),
        "past": past,
        "forecast": past.forecast(points - surely),
        "back": [{"kind": MembershipChange.Kind(row.kind).label, "row": row} for row in back],
        "surely": surely,
        "chart": ageing_chart(sorted(months.items())),
        "may_export": request.actor.may_anywhere("reports.export"),
    }
    return render(request, "funds/console/liability.html", page_facts(request, _("福豆负债"), **facts))


def ageing_chart(months: list[tuple[str, int]]) -> dict[str, Any]:
    chart = {
        "kind": "bar", "labels": [month for month, _n in months], "unit": "",
        "series": [{"name": _("福豆"), "values": [n for _month, n in months]}],
    }  # fmt: skip
    return {
        "id": "chart-ageing",
        "title": _("按到期月份"),
        "summary": _("每个月要用完、到期收回或按规定退回的福豆。"),
        "chart": chart,
    }


@console_page("points/liability.xlsx", name="point_liability_sheet", needs="points.view")
def liability_sheet(request: HttpRequest) -> HttpResponse:
    require(request.actor.may_anywhere("reports.export"))
    rows = liabilities(request.actor)
    record_export(request.actor, table="ledger_account", count=len(rows), asked={"sheet": "liability"})
    columns = [
        Column(_("工会"), 32), Column(_("预算"), 32), Column(_("到期月份"), 12), Column(_("未用福豆"), 14, "number"),
        Column(_("备付（元）"), 16, "money"), Column(_("相符"), 8),
    ]  # fmt: skip
    return sheet_answer(columns, sheet_rows(rows), name=_("福豆负债"))


def sheet_rows(rows: list[Liability]) -> list[list]:
    """A line a budget and month, then its sum with the money behind it."""
    lines: list[list] = []
    for row in rows:
        lines += [[row.union, row.budget, month, points, None, ""] for month, points in row.months]
        equal = _("相符") if row.is_equal else _("不相符")
        lines.append([row.union, row.budget, _("合计"), row.points, row.backing_fen, equal])
    return lines
