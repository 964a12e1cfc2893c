"""热度排名: the nightly snapshots, and a subsidy drawn up from one of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.models import Budget
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.console.asking import YuanField, ask
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.mall.actions.ranking import FEWEST, SubsidyPlan, draft_subsidy
from gonghui.mall.models import RankingSnapshot, Subsidy

SHOWN = 14


class SubsidyForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("名称"), max_length=60, initial=gettext_lazy("热门类别满减补贴")
    )
    budget = forms.ModelChoiceField(None, label=gettext_lazy("从哪个预算出"), empty_label=None)
    threshold_fen = YuanField(label=gettext_lazy("满多少元"), min_value=Decimal("0.01"))
    off_fen = YuanField(label=gettext_lazy("减多少元"), min_value=Decimal("0.01"))
    set_aside_fen = YuanField(label=gettext_lazy("一共拿出多少元"), min_value=Decimal("0.01"))
    times_a_month = forms.IntegerField(
        label=gettext_lazy("每人每月几次"), min_value=1, max_value=99, initial=1
    )
    halves = ("threshold_fen", "off_fen", "set_aside_fen", "times_a_month")

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Budget.objects.visible_to(actor).filter(state="approved").select_related("union")
        self.fields["budget"].queryset = found.order_by("-id")

    def facts(self) -> dict[str, Any]:
        return {"plan": SubsidyPlan(**self.cleaned_data)}


@console_page(
    "mall/ranking",
    name="mall_ranking",
    needs="mall.view",
    title=gettext_lazy("热度排名"),
    icon="leaderboard",
    group="mall",
    order=50,
)
def ranking(request: HttpRequest) -> HttpResponse:
    """The latest first; the sums tell no fewer than ten people apart."""
    found = RankingSnapshot.objects.unscoped("sums of sections").order_by("-to_day", "-id")[:SHOWN]
    subsidies = (
        Subsidy.objects.visible_to(request.actor).select_related("terms__offer", "snapshot").order_by("-id")
    )
    facts = {"snapshots": list(found), "subsidies": list(subsidies[:SHOWN]), "few": FEWEST}
    return render(request, "mall/console/ranking.html", page_facts(request, _("热度排名"), **facts))


@console_page("mall/ranking/<int:snapshot_id>/subsidy", name="mall_subsidy_new", needs="releases.write")
def subsidy_new(request: HttpRequest, snapshot_id: int) -> HttpResponse:
    found = RankingSnapshot.objects.unscoped("sums of sections")
    require(found.filter(pk=snapshot_id).exists(), NOT_FOUND)
    form = SubsidyForm(request.POST or None, actor=request.actor)

    def draft(actor, **facts) -> Subsidy:
        return draft_subsidy(actor, snapshot_id=snapshot_id, **facts)

    facts = {"title": _("按排名拟补贴"), "says": _("补贴已拟成优惠草稿，请另一位同事复核后上线。")}
    return ask(
        request, form, draft, goes_to=lambda row: reverse("admin:offer", args=[row.terms_id]),
        back=reverse("admin:mall_ranking"), **facts,
    )  # fmt: skip
