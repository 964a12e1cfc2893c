"""海报: made for a place, printed on A4, closed; and which of them brings members."""

from __future__ import annotations

from typing import Any

import segno
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.joining import actions, queries, statistics
from gonghui.joining.admin.applications import group_names
from gonghui.joining.models import JoinPoster
from gonghui.kit.console import (
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    go_to,
    number,
    page_facts,
    subtree_filter,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.console.filters import DropdownFilter
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.scope import BySubtree
from gonghui.members.criteria import JOINABLE, POOL


class PosterForm(VerbForm):
    union = ScopedChoiceField(
        "joining.JoinPoster", "union", home="joining.write", label=gettext_lazy("加入哪个工会"),
        help_text=gettext_lazy("工会，或者会员周转库。扫码的人直接向它申请。"),
        error_messages={"required": gettext_lazy("请选择工会。")},
    )  # fmt: skip
    place = forms.CharField(
        label=gettext_lazy("贴在哪里"), max_length=40,
        help_text=gettext_lazy("例如：东站货运场 2 号门。一处一张，才看得出哪里有效。"),
        error_messages={"required": gettext_lazy("请写明贴在哪里。")},
    )  # fmt: skip
    group = forms.ChoiceField(label=gettext_lazy("预设职业群体"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = [("", _("不预设")), *queries.groups().items()]

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"union_id": given["union"].pk, "place": given["place"], "group": given["group"]}


class PrintVerb(Verb):
    """Leads to the sheet; changes nothing."""

    def run(self, screen, request: HttpRequest, object_id: str) -> HttpResponse:
        row = screen.get_object(request, object_id)
        require(row, NOT_FOUND)
        return go_to(request, reverse("admin:join_poster_print", args=[row.pk]))


class InUseFilter(DropdownFilter):
    title, parameter_name = gettext_lazy("使用中"), "in_use"

    def lookups(self, request, model_admin):
        return [("1", _("使用中")), ("0", _("已停用"))]

    def queryset(self, request, queryset):
        return queryset.filter(is_active=self.value() == "1") if self.value() in ("0", "1") else queryset


@admin.register(JoinPoster)
class JoinPosterAdmin(ScopedAdmin):
    icon, order = "qr_code_2", 20
    write_verb = ""
    new_page = ("join_poster_new", "joining.write", gettext_lazy("制作海报"))
    search = SmallNameSearch("place")
    search_help_text = gettext_lazy("张贴地点")
    empty_hint = gettext_lazy("为每个张贴的地方做一张，就看得出哪里来的会员多。")
    list_display = ("place", "union", "group_name", "code", "scanned", "applied", "is_active")
    list_select_related = ("union",)
    list_filter = (subtree_filter(), InUseFilter)
    ordering = ("-id",)
    fields = (("place", "union"), ("group_name", "code"), ("scanned", "applied"), ("maker", "is_active"))
    verbs = (
        PrintVerb("sheet", gettext_lazy("打印海报"), actions.open_poster, "joining.view", icon="print", tone="primary",
                  when=lambda row: row.is_active),
        Verb("close", gettext_lazy("停用"), actions.close_poster, "joining.write", icon="block", tone="danger",
             when=lambda row: row.is_active, question=gettext_lazy("停用后扫它的人看到普通的入会页；已经提交的申请不受影响。")),
        Verb("open", gettext_lazy("重新启用"), actions.open_poster, "joining.write", icon="play_arrow",
             when=lambda row: not row.is_active),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        return statistics.with_counts(super().get_queryset(request)).select_related("union")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def choices_for(self, field, actor):
        """A poster leads to a union or pool below the maker's own."""
        found = super().choices_for(field, actor)
        if field.name != "union":
            return found
        rule = BySubtree("path", verb="joining.write").condition(actor)
        return found.filter(rule, status="active", kind__in=(*JOINABLE, POOL))

    @display(description=gettext_lazy("预设职业群体"))
    def group_name(self, row: JoinPoster) -> str:
        return group_names().get(row.group, row.group) or "—"

    @display(description=gettext_lazy("扫码"))
    def scanned(self, row: JoinPoster) -> Any:
        return number(row.scans)

    @display(description=gettext_lazy("申请"))
    def applied(self, row: JoinPoster) -> Any:
        return number(row.applications_count)


@console_page("joining/posters/new", name="join_poster_new", needs="joining.write")
def new_poster(request: HttpRequest) -> HttpResponse:
    form = PosterForm(request.POST or None, actor=request.actor, row=None)
    return ask(
        request, form, actions.make_poster, title=_("制作海报"), says=_("海报做好了，可以打印。"),
        goes_to=lambda row: reverse("admin:joining_joinposter_change", args=[row.pk]),
        back=reverse("admin:joining_joinposter_changelist"),
    )  # fmt: skip


@console_page("joining/posters/<int:poster_id>/sheet", name="join_poster_print", needs="joining.view")
def poster_sheet(request: HttpRequest, poster_id: int) -> HttpResponse:
    """A4, as it is stuck to the wall."""
    found = JoinPoster.objects.visible_to(request.actor).filter(pk=poster_id).select_related("union")
    row = found.first()
    require(row, NOT_FOUND)
    address = request.build_absolute_uri(reverse("join_poster", args=[row.code]))
    facts = {
        "poster": row,
        "address": address,
        "shown_address": address.partition("://")[2],
        "picture": segno.make(address, micro=False, error="q").svg_data_uri(scale=10, border=2),
        "group": queries.groups().get(row.group, ""),
        "back": reverse("admin:joining_joinposter_change", args=[row.pk]),
    }
    return render(request, "joining/console/sheet.html", facts)


@console_page(
    "joining/statistics", name="join_statistics", needs="joining.view", title=gettext_lazy("渠道统计"),
    icon="bar_chart", group="joining", order=50,
)  # fmt: skip
def statistics_page(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, statistics.WINDOWS) else statistics.WINDOWS[1]
    channels = statistics.of_channels(request.actor, days)
    facts = {
        "days": days,
        "windows": statistics.WINDOWS,
        "channels": channels,
        "posters": statistics.of_posters(request.actor, days),
        "posters_max": statistics.POSTERS_MAX,
        "joined": sum(line.approved for line in channels),
        "asked": sum(line.applications for line in channels[1:]),
        "open": sum(line.open for line in channels),
    }
    return render(request, "joining/console/statistics.html", page_facts(request, _("入会渠道统计"), **facts))
