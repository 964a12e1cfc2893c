"""热度排名: the nightly snapshots, and what was drawn up from them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.console import console_page, page_facts
from gonghui.mall.actions.ranking import FEWEST
from gonghui.mall.models import RankingSnapshot, Retune

SHOWN = 14


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
    retunes = Retune.objects.visible_to(request.actor).select_related("budget", "snapshot").order_by("-id")
    facts = {"snapshots": list(found), "retunes": list(retunes[:SHOWN]), "few": FEWEST}
    return render(request, "mall/console/ranking.html", page_facts(request, _("热度排名"), **facts))
