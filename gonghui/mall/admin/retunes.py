"""补贴月度调整: a month's subsidy over the ranked sections; its figures before and after, and the verbs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.models import Budget
from gonghui.kit import clock
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    Verb,
    console_page,
    in_state,
    link_column,
    page_facts,
    state_column,
    subtree_filter,
)
from gonghui.kit.console.asking import YuanField, ask, day_field
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.templatetags.kit import count, yuan
from gonghui.mall.actions import retuning
from gonghui.mall.actions.ranking import FEWEST
from gonghui.mall.actions.retuning import RetunePlan
from gonghui.mall.models import RankingSnapshot, Retune
from gonghui.mall.retune_effects import increment_of, outcomes_of

TONES = {
    "drafted": "warning", "agreed": "info", "started": "success", "over": "info", "withdrawn": "info",
}  # fmt: skip
WHYS = {
    "new": gettext_lazy("第一次补贴，按需求分"),
    "demand": gettext_lazy("按需求调整"),
    "calm": gettext_lazy("变化不到一成，不动"),
    "floor": gettext_lazy("新业态等重点群体关注多，不减"),
}


PLAN = link_column(
    gettext_lazy("方案"),
    lambda row: reverse("admin:mall_retune_page", args=[row.pk]),
    lambda row: _("看方案和效果"),
)


@admin.register(Retune)
class RetuneAdmin(ScopedAdmin):
    icon, order = "tune", 51
    state_field = "state"
    empty_hint = gettext_lazy("在“热度排名”里选一次排名，拟出下个月每类商品的补贴，另一位同事复核后开始。")
    list_display = (
        "starts_on", "ends_on", "budget", "total_shown", state_column("state", TONES),
        PLAN,
    )  # fmt: skip
    list_select_related = ("budget",)
    list_filter = (subtree_filter("budget__union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        ("budget", "total_shown"), ("starts_on", "ends_on"), "wave_two_on", "offer_says", "snapshot_says",
        ("maker", "checker"), "state", PLAN,
    )  # fmt: skip
    verbs = (
        Verb("agree", gettext_lazy("复核通过"), retuning.agree_retune, "releases.review", icon="task_alt", tone="primary",
             when=in_state("drafted"), question=gettext_lazy("方案里每一类的优惠一起复核。拟方案的人不能自己复核。")),
        Verb("start", gettext_lazy("开始"), retuning.start_retune, "releases.write", icon="play_arrow", tone="primary",
             when=in_state("agreed"), question=gettext_lazy("每一类的钱马上从预算留出来；上次调整同时结束，没用完的退回预算。")),
        Verb("withdraw", gettext_lazy("撤回"), retuning.withdraw_retune, "releases.write", icon="undo", tone="danger",
             form=ReasonForm, when=in_state("drafted", "agreed")),
    )  # fmt: skip

    def get_readonly_fields(self, request, obj=None) -> list:
        return [
            *super().get_readonly_fields(request, obj),
            "total_shown",
            "offer_says",
            "snapshot_says",
            PLAN,
        ]

    @admin.display(description=gettext_lazy("一共（元）"))
    def total_shown(self, row: Retune) -> str:
        return yuan(row.total_fen)

    @admin.display(description=gettext_lazy("优惠"))
    def offer_says(self, row: Retune) -> str:
        return offer_words(row)

    @admin.display(description=gettext_lazy("依据的排名"))
    def snapshot_says(self, row: Retune) -> str:
        return f"{row.snapshot.from_day:%Y-%m-%d} – {row.snapshot.to_day:%Y-%m-%d}"


def offer_words(row: Retune) -> str:
    facts = {"at": yuan(row.threshold_fen), "off": yuan(row.off_fen), "n": row.times_a_month}
    return _("满 %(at)s 元减 %(off)s 元，每人每月每类 %(n)s 次") % facts


class RetuneForm(forms.Form):
    budget = forms.ModelChoiceField(None, label=gettext_lazy("从哪个预算出"), empty_label=None)
    total_fen = YuanField(label=gettext_lazy("一共拿出多少元"), min_value=Decimal("0.01"))
    threshold_fen = YuanField(label=gettext_lazy("满多少元"), min_value=Decimal("0.01"))
    off_fen = YuanField(label=gettext_lazy("减多少元"), min_value=Decimal("0.01"))
    starts_on = day_field(gettext_lazy("从"))
    ends_on = day_field(gettext_lazy("到"))
    wave_two_on = day_field(
        gettext_lazy("后一半门店从哪天起"),
        required=False,
        help_text=gettext_lazy(
            "填了就分两批开始：抽签先开始一半门店，两批对照，看补贴真正多带动了多少消费。不填就一起开始。"
        ),
    )
    times_a_month = forms.IntegerField(
        label=gettext_lazy("每人每月几次"), min_value=1, max_value=99, initial=1
    )
    halves = ("threshold_fen", "off_fen", "starts_on", "ends_on", "wave_two_on", "times_a_month")

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Budget.objects.visible_to(actor).filter(state="approved").select_related("union")
        self.fields["budget"].queryset = found.order_by("-id")
        self.fields["starts_on"].initial, self.fields["ends_on"].initial = retuning.month_after(clock.today())

    def clean(self) -> dict[str, Any]:
        facts = super().clean()
        at, off = facts.get("threshold_fen"), facts.get("off_fen")
        if at and off and off > at:
            self.add_error("off_fen", _("减的金额不能多于满的金额。"))
        return facts

    def facts(self) -> dict[str, Any]:
        return {"plan": RetunePlan(**self.cleaned_data)}


@console_page("mall/ranking/<int:snapshot_id>/retune", name="mall_retune_new", needs="releases.write")
def retune_new(request: HttpRequest, snapshot_id: int) -> HttpResponse:
    found = RankingSnapshot.objects.unscoped("sums of sections")
    require(found.filter(pk=snapshot_id).exists(), NOT_FOUND)
    form = RetuneForm(request.POST or None, actor=request.actor)

    def draft(actor, **facts) -> Retune:
        return retuning.draft_retune(actor, snapshot_id=snapshot_id, **facts)

    facts = {"title": _("拟下个月的补贴"), "says": _("方案已拟好，请另一位同事复核后开始。")}
    return ask(
        request, form, draft, goes_to=lambda row: reverse("admin:mall_retune_page", args=[row.pk]),
        back=reverse("admin:mall_ranking"), **facts,
    )  # fmt: skip


@console_page("mall/retunes/<int:retune_id>", name="mall_retune_page", needs="mall.view")
def retune_page(request: HttpRequest, retune_id: int) -> HttpResponse:
    """Before and after, section by section, and what it brought; four queries."""
    found = Retune.objects.visible_to(request.actor).select_related("snapshot", "budget__union")
    row = found.filter(pk=retune_id).first()
    require(row, NOT_FOUND)
    rows = outcomes_of(row)
    facts = {
        "row": row,
        "rows": [(one, WHYS[one.why]) for one in rows],
        "was_fen": sum(one.was_fen for one in rows),
        "offer": offer_words(row),
        "chart": chart_of(rows),
        "increment": increment_of(row, retuning.store_ids_of(row.budget)),
        "given_fen": sum(one.given_fen for one in rows),
        "inputs": inputs_shown(row, {one.code: one.name for one in rows}),
    }
    return render(request, "mall/console/retune.html", page_facts(request, _("补贴月度调整"), **facts))


def inputs_shown(row: Retune, names: dict[str, str]) -> list[tuple[str, list[str]]]:
    """People counted; fewer than ten are not told apart."""
    asked = ("people", "buyers", "before", "priority")
    few = _("不足 %d") % FEWEST
    return [
        (names[one["code"]], [few if 0 < one[name] < FEWEST else count(one[name]) for name in asked])
        for one in row.inputs
    ]


def chart_of(rows: list) -> dict[str, Any]:
    return {
        "kind": "bar",
        "unit": _(" 元"),
        "labels": [one.name for one in rows],
        "series": [
            {"name": _("上次"), "values": [one.was_fen / 100 for one in rows]},
            {"name": _("这次"), "values": [one.fen / 100 for one in rows]},
            {"name": _("已用"), "values": [one.given_fen / 100 for one in rows]},
        ],
    }
