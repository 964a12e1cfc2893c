"""项目成效: what each programme put in and set moving, by month, with the words of every figure."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.console import console_page, page_facts
from gonghui.kit.errors import require
from gonghui.settlement.programmes import Effect, effects_of, measures, programme_for, programmes_of
from gonghui.settlement.sheets import programme_sheet

SHOWN = 200


@console_page(
    "settlement/programmes", name="programme_effects", needs="settlements.view", title=gettext_lazy("项目成效"),
    icon="trending_up", group="settlement", order=60,
)  # fmt: skip
def programmes(request: HttpRequest) -> HttpResponse:
    found = programmes_of(request.actor)[:SHOWN]
    return render(
        request,
        "settlement/console/programmes.html",
        page_facts(request, _("项目成效"), programmes=found, measures=measures()),
    )


@console_page("settlement/programmes/<int:programme_id>", name="programme_effect", needs="settlements.view")
def programme_page(request: HttpRequest, programme_id: int) -> HttpResponse:
    programme = programme_for(request.actor, programme_id)
    whole, months = effects_of(programme)
    facts = {
        "programme": programme,
        "whole": whole,
        "months": months,
        "chart": month_chart(months),
        "measures": measures(),
        "may_export": request.actor.may("reports.export", programme.union.path),
    }
    return render(request, "settlement/console/programme.html", page_facts(request, programme.title, **facts))


def month_chart(months: list[Effect]) -> dict[str, Any]:
    """In yuan."""
    series = (("投入合计", "input_fen"), ("商家让利", "merchant_fen"), ("拉动消费", "consumption_fen"))
    return {
        "kind": "bar", "unit": _(" 元"), "labels": [f"{one.month:%Y-%m}" for one in months if one.month],
        "series": [{"name": _(name), "values": [getattr(one, field) / 100 for one in months]} for name, field in series],
    }  # fmt: skip


@console_page(
    "settlement/programmes/<int:programme_id>.xlsx", name="programme_effect_sheet", needs="settlements.view"
)
def programme_download(request: HttpRequest, programme_id: int) -> HttpResponse:
    programme = programme_for(request.actor, programme_id)
    require(request.actor.may("reports.export", programme.union.path))
    return programme_sheet(request.actor, programme)
