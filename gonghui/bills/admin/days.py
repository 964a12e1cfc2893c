"""工惠日 in the back office: those of a union, of all below it and of those above; what follows each."""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, Func, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.bills.actions import days as actions
from gonghui.bills.actions.days import DayPlan, coming_days
from gonghui.bills.forms import group_choices, in_line
from gonghui.bills.models import BenefitDay, OfferTerms, ReleaseSeries
from gonghui.funds.admin.asking import written_unions
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    home_of,
    link_column,
    page_facts,
    subtree_filter,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.members.models import WorkerGroup

COMING_SHOWN = 6


class DatesField(forms.CharField):
    """Dates, one a line; given as a tuple."""

    def __init__(self, **facts: Any):
        known = {
            "widget": forms.Textarea(attrs={"rows": 4}),
            "help_text": gettext_lazy("一行一个，例如 2026-12-18。"),
        }
        super().__init__(**(known | facts))

    def clean(self, value: Any) -> tuple[date, ...]:
        texts = super().clean(value).replace("/", "-").replace("，", " ").replace("、", " ").split()
        try:
            return tuple(date.fromisoformat(text) for text in texts)
        except ValueError as wrong:
            raise forms.ValidationError(_("日子要写成 2026-12-18 这样，一行一个。")) from wrong


class DayForm(forms.Form):
    shown_when: ClassVar = {
        "days": ("rule", "dates"), "day": ("rule", "monthly"), "nth": ("rule", "nth"), "weekday": ("rule", "nth"),
    }  # fmt: skip
    halves = ("nth", "weekday")
    union = forms.ModelChoiceField(
        None, label=gettext_lazy("哪一级工会的工惠日"), empty_label=gettext_lazy("请选择"),
        help_text=gettext_lazy("下级工会的优惠和定期投放也可以按它办。"),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("名称"), max_length=40, help_text=gettext_lazy("例如：骑手工惠日。")
    )
    rule = forms.ChoiceField(
        label=gettext_lazy("哪些日子"), choices=BenefitDay.Rule, initial=BenefitDay.Rule.NTH
    )
    day = forms.IntegerField(
        label=gettext_lazy("每月几号"), min_value=1, max_value=31, initial=1,
        help_text=gettext_lazy("没有这一天的月份，在最后一天。"),
    )  # fmt: skip
    nth = forms.TypedChoiceField(
        label=gettext_lazy("每月第几个"), choices=BenefitDay.Nth, coerce=int, initial=BenefitDay.Nth.LAST
    )
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("星期几"),
        choices=BenefitDay.Weekday,
        coerce=int,
        initial=BenefitDay.Weekday.FRIDAY,
    )
    days = DatesField(label=gettext_lazy("指定的日子"), required=False)
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("面向的群体"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都不选表示所有会员。"),
    )  # fmt: skip

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["union"].queryset = written_unions(actor, "releases.write")
        fields["union"].initial = home_of(actor, "releases.write")
        fields["groups"].choices = group_choices()

    def facts(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        union = given.pop("union")
        return {"union_id": union.pk, "plan": DayPlan(**given | {"groups": tuple(given["groups"])})}


def day_address(row: BenefitDay) -> str:
    return reverse("admin:benefit_day", args=[row.pk])


class DayVerb(Verb):
    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return day_address(row)


VERBS = (
    DayVerb("end", gettext_lazy("停用"), actions.end_benefit_day, "releases.write", key="day_id", icon="block", tone="danger",
            when=lambda row: row.ended_at is None,
            question=gettext_lazy("停用后不能再选；已经按它办的优惠和定期投放照旧。")),
)  # fmt: skip


@admin.register(BenefitDay)
class BenefitDayAdmin(ScopedAdmin):
    icon, order = "event_available", 13
    new_page = ("benefit_day_new", "releases.write", gettext_lazy("新建工惠日"))
    empty_hint = gettext_lazy(
        "给常用的日子起个名字，例如“骑手工惠日：每月最后一个周五”；优惠时段和定期投放就按它办，不用每次重填。"
    )
    view_verb, export_verb = "releases.view", "reports.export"
    path_field = "union__path"
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("名称")
    list_display = (
        link_column(gettext_lazy("工惠日"), day_address, lambda row: row.name),
        "union", "which", "next_day", "whom", "standing",
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("rule", ChoicesDropdownFilter))
    ordering = ("union__path", "name")
    fields = ("union", "name", "rule", "which", "whom", "ended_at")
    verbs = VERBS

    def within(self, actor: Actor, *verbs: str) -> QuerySet:
        """Also those of the unions above, which are followed but not changed."""
        if actor.is_system or set(verbs) - {self.view_verb}:
            return super().within(actor, *verbs)
        return BenefitDay.objects.filter(in_line(actor, "union", self.view_verb))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        place = Func(
            OuterRef("groups"), F("code"), function="array_position", output_field=models.IntegerField()
        )
        named = WorkerGroup.objects.alias(place=place).filter(place__isnull=False).order_by("id")
        found = super().get_queryset(request).select_related("union")
        return found.annotate(_groups=ArraySubquery(named.values("name")))

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "which", "whom"]

    @display(description=gettext_lazy("哪些日子"))
    def which(self, row: BenefitDay) -> str:
        return row.named.says() or _("都已过去")

    @display(description=gettext_lazy("下一次"))
    def next_day(self, row: BenefitDay) -> str:
        found = next(coming_days(row.named, clock.today()), None)
        return f"{found}" if found else "—"

    @display(description=gettext_lazy("面向"))
    def whom(self, row: BenefitDay) -> str:
        return says_groups(row)

    @display(description=gettext_lazy("状态"), label={_("在用"): "success"})
    def standing(self, row: BenefitDay) -> str:
        return _("已停用") if row.ended_at else _("在用")


def says_groups(row: BenefitDay) -> str:
    """Of a row of the screen's queryset."""
    return "、".join(row._groups) or _("所有会员")


@console_page("bills/days/new", name="benefit_day_new", needs="releases.write")
def new_day(request: HttpRequest) -> HttpResponse:
    form = DayForm(request.POST or None, actor=request.actor)
    return ask(
        request,
        form,
        actions.write_benefit_day,
        title=_("新建工惠日"),
        goes_to=day_address,
        says=_("已保存。优惠时段和定期投放现在可以按它办。"),
    )


@console_page("bills/days/<int:day_id>/edit", name="benefit_day_edit", needs="releases.write")
def edit_day(request: HttpRequest, day_id: int) -> HttpResponse:
    row = day_seen(request, day_id)
    require(request.actor.may("releases.write", row.union.path))
    plan = actions.plan_of(row)
    known = {
        "union": row.union_id, "name": plan.name, "rule": plan.rule, "day": plan.day, "nth": plan.nth,
        "weekday": plan.weekday, "groups": plan.groups, "days": "\n".join(f"{day}" for day in sorted(plan.days)),
    }  # fmt: skip
    form = DayForm(request.POST or None, actor=request.actor, initial=known)

    def written(actor: Actor, **facts: Any) -> BenefitDay:
        return actions.write_benefit_day(actor, day_id=row.pk, **facts)

    back = day_address(row)
    return ask(
        request, form, written, title=_("修改工惠日"), goes_to=day_address, says=_("已保存。"), back=back
    )


def day_seen(request: HttpRequest, day_id: int) -> BenefitDay:
    row = admin.site._registry[BenefitDay].get_queryset(request).filter(pk=day_id).first()
    require(row, NOT_FOUND)
    return row


@console_page("bills/days/<int:day_id>", name="benefit_day", needs="releases.view")
def day_page(request: HttpRequest, day_id: int) -> HttpResponse:
    row, actor = day_seen(request, day_id), request.actor
    offers = OfferTerms.objects.visible_to(actor).filter(windows__benefit_day=row)
    writes = actor.may("releases.write", row.union.path)
    facts: dict[str, Any] = {
        "day": row,
        "which": row.named.says() or _("都已过去"),
        "whom": says_groups(row),
        "coming": list(islice(coming_days(row.named, clock.today()), COMING_SHOWN)),
        "offers": offers.select_related("offer__union").distinct().order_by("-id"),
        "series": ReleaseSeries.objects.visible_to(actor)
        .filter(benefit_day=row)
        .select_related("template__union")
        .order_by("-id"),
        "may_edit": writes,
        "end_url": reverse("admin:bills_benefitday_end", args=[row.pk])
        if writes and row.ended_at is None
        else "",
    }
    return render(request, "bills/console/day.html", page_facts(request, row.name, **facts))
