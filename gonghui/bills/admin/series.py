"""定期投放 in the back office: what comes again, when next, and which times are not ready and why."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.benefits.models import Release
from gonghui.bills.actions import series as actions
from gonghui.bills.actions.series import SeriesPlan, days_of
from gonghui.bills.admin.days import DatesField
from gonghui.bills.forms import WEEKDAYS, day_choices, days_to_choose
from gonghui.bills.models import ReleaseSeries
from gonghui.kit import clock
from gonghui.kit.actors import Actor
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
    state_column,
    subtree_filter,
)
from gonghui.kit.console.asking import ask, day_field
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.scope import BySubtree

TONES = {"draft": "info", "reviewed": "success", "stopped": "info"}
NEXT_SHOWN = 6


def series_address(series: ReleaseSeries) -> str:
    return reverse("admin:series", args=[series.pk])


class SeriesForm(forms.Form):
    shown_when: ClassVar = {
        "day": ("rule", "monthly"), "weekdays": ("rule", "weekly"), "days": ("rule", "days"), "benefit_day": ("rule", "named"),
    }  # fmt: skip
    halves = ("starts_on", "ends_on")
    release = forms.ModelChoiceField(
        None, empty_label=gettext_lazy("请选择"), label=gettext_lazy("按哪份投放草稿重复"),
        help_text=gettext_lazy("优惠、面向的人、名额和每天的时间都照它；草稿自己不会开放。"),
    )  # fmt: skip
    title = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    rule = forms.ChoiceField(label=gettext_lazy("重复"), choices=ReleaseSeries.Rule)
    day = forms.IntegerField(
        label=gettext_lazy("每月几号"), min_value=1, max_value=31, initial=1,
        help_text=gettext_lazy("没有这一天的月份，在最后一天。"),
    )  # fmt: skip
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("每周的哪几天"), required=False, choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple
    )  # fmt: skip
    days = DatesField(label=gettext_lazy("指定的日子"), required=False)
    benefit_day = forms.ChoiceField(
        label=gettext_lazy("工惠日"), required=False,
        help_text=gettext_lazy("没有面向的群体时，按工惠日的群体。工惠日在“工惠日”里维护。"),
    )  # fmt: skip
    starts_on = day_field(gettext_lazy("从哪天起"))
    ends_on = day_field(gettext_lazy("到哪天止"))
    ahead_days = forms.IntegerField(
        label=gettext_lazy("提前几天备好"), min_value=1, max_value=60, initial=7,
        help_text=gettext_lazy("提前建好每一期并留足资金；资金不足时这一期留作草稿，并通知经办人和复核人。"),
    )  # fmt: skip

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        found = Release.objects.unscoped("narrowed to what the actor writes to").select_related("offer")
        rule = BySubtree("union__path", verb="releases.write")
        found = found.filter(rule.condition(actor), state="draft", series=None, series_day=None)
        self.named_days = days_to_choose(actor)
        self.fields["benefit_day"].choices = [("", "—"), *day_choices(self.named_days.values())]
        self.fields["release"].queryset = found.exclude(mode="draw").order_by("-id")

    def facts(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        release = given.pop("release")
        given["weekdays"] = tuple(int(day) for day in given["weekdays"])
        given["benefit_day"] = self.named_days.get(given["benefit_day"])
        return {"release_id": release.pk, "plan": SeriesPlan(**given)}


class SeriesVerb(Verb):
    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return series_address(row)


VERBS = (
    SeriesVerb("review", gettext_lazy("复核通过"), actions.review_series, "releases.review", key="series_id",
               icon="fact_check", tone="primary", when=in_state("draft"),
               question=gettext_lazy("复核一次，以后每一期都按它自动备好、留足资金。经办人不能复核自己的。")),
    SeriesVerb("stop", gettext_lazy("停止"), actions.stop_series, "releases.write", key="series_id", icon="block",
               tone="danger", form=ReasonForm, when=in_state("draft", "reviewed"),
               question=gettext_lazy("停止后不再备新的一期；已经备好的照常，不要的请逐一取消。")),
)  # fmt: skip


@admin.register(ReleaseSeries)
class ReleaseSeriesAdmin(ScopedAdmin):
    icon, order = "event_repeat", 15
    new_page = ("series_new", "releases.write", gettext_lazy("新建定期投放"))
    empty_hint = gettext_lazy("例如每月 1 号发 20,000 张券：复核一次，以后每一期自动备好、留足资金。")
    view_verb, export_verb = "releases.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("名称")
    list_display = (
        link_column(gettext_lazy("定期投放"), series_address, lambda row: row.title),
        "union_name", "rule", "next_day", "made", "unready", state_column("state", TONES),
    )  # fmt: skip
    list_select_related = ("template__union",)
    list_filter = (
        subtree_filter("template__union__path"),
        ("state", ChoicesDropdownFilter),
        ("rule", ChoicesDropdownFilter),
    )
    ordering = ("-id",)
    fields = ("title", "template", "rule", "starts_on", "ends_on", "state", ("maker", "checker"))
    verbs = VERBS

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = (
            super().get_queryset(request).select_related("template__union", "benefit_day", "maker", "checker")
        )
        not_ready = Q(occurrences__release__state="draft") & ~Q(occurrences__problem="")
        return found.annotate(_made=Count("occurrences"), _unready=Count("occurrences", filter=not_ready))

    @display(description=gettext_lazy("工会"), ordering="template__union__path")
    def union_name(self, row: ReleaseSeries) -> str:
        return row.template.union.name

    @display(description=gettext_lazy("下一期"))
    def next_day(self, row: ReleaseSeries) -> str:
        found = next(days_of(row, clock.today() + timedelta(days=1), row.ends_on), None)
        return f"{found}" if found and row.state != "stopped" else "—"

    @display(description=gettext_lazy("已备"))
    def made(self, row: ReleaseSeries) -> int:
        return row._made

    @display(description=gettext_lazy("没备好"))
    def unready(self, row: ReleaseSeries) -> int:
        return row._unready


@console_page("bills/series/new", name="series_new", needs="releases.write")
def new_series(request: HttpRequest) -> HttpResponse:
    form = SeriesForm(
        request.POST or None, actor=request.actor, initial={"release": request.GET.get("release")}
    )
    return ask(
        request,
        form,
        actions.draft_series,
        title=_("新建定期投放"),
        goes_to=series_address,
        says=_("已存为草稿，请另一位同事复核。"),
    )


@console_page("bills/series/<int:series_id>", name="series", needs="releases.view")
def series_page(request: HttpRequest, series_id: int) -> HttpResponse:
    found = admin.site._registry[ReleaseSeries].get_queryset(request).filter(pk=series_id)
    series = found.select_related("template__offer", "benefit_day").first()
    require(series, NOT_FOUND)
    path = series.template.union.path
    coming = days_of(series, clock.today() + timedelta(days=1), series.ends_on)
    facts: dict[str, Any] = {
        "series": series,
        "tone": TONES[series.state],
        "pools": series.template.pools.order_by("id"),
        "weekdays": [label for value, label in WEEKDAYS if int(value) in series.weekdays],
        "coming": [] if series.state == "stopped" else list(islice(coming, NEXT_SHOWN)),
        "made": series.occurrences.select_related("release").order_by("-starts_on"),
        "verbs": [
            {"verb": verb, "url": reverse(f"admin:bills_releaseseries_{verb.name}", args=[series.pk])}
            for verb in VERBS
            if verb.when(series) and request.actor.may(verb.needs, path)
        ],
    }
    return render(request, "bills/console/series.html", page_facts(request, series.title, **facts))
