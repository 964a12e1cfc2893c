"""放假和调休: what the State Council's notice of a year moves, written by the root, a day or a whole notice at a time."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit.console import ScopedAdmin, SmallNameSearch, VerbForm, console_page
from gonghui.kit.console.asking import ask
from gonghui.kit.errors import NOT_ALLOWED, require
from gonghui.kit.models import MovedDay
from gonghui.kit.workdays import last_noticed_year
from gonghui.orgs import actions
from gonghui.orgs.actions.calendar import NOTICE_MAX

TEXT_MAX = 4_000


@admin.register(MovedDay)
class MovedDayAdmin(ScopedAdmin):
    """Written by whoever holds the verb at the root: a working day is the same everywhere."""

    icon, order, group = "calendar_month", 60, "orgs"
    view_verb, write_verb = "unions.view", "unions.write"
    can_delete = True
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("名目，例如春节")
    empty_hint = gettext_lazy("每年的放假通知出来后，由最上级工会录入。")
    list_before_template = "orgs/console/calendar.html"
    list_display = ("on", "worked", "name", "notice")
    ordering = ("-on",)
    fields = ("on", "is_worked", "name", "notice")

    @display(description=gettext_lazy("休或班"), label={True: "warning", False: "success"})
    def worked(self, row: MovedDay) -> tuple[bool, str]:
        return row.is_worked, _("上班") if row.is_worked else _("休息")

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        facts = {"year": last_noticed_year(), "may_write": self.has_add_permission(request)}
        return super().changelist_view(request, {**(extra_context or {}), **facts})


class NoticeForm(VerbForm):
    question = gettext_lazy("一行一天：日期、休或班、名目。已经定下的期限不变，以后的按新安排算。")
    notice = forms.CharField(
        label=gettext_lazy("通知文号"), max_length=NOTICE_MAX,
        help_text=gettext_lazy("例如“国办发明电〔2026〕7号”。"),
    )  # fmt: skip
    days = forms.CharField(
        label=gettext_lazy("放假和调休"), max_length=TEXT_MAX,
        widget=forms.Textarea({"rows": 12, "placeholder": "2027-02-05 休 春节\n2027-02-13 班 春节"}),
    )  # fmt: skip


@console_page("calendar/notice", name="moved_days_new", needs="unions.write")
def new_notice(request: HttpRequest) -> HttpResponse:
    screen: Any = admin.site._registry[MovedDay]
    require(screen.has_add_permission(request), NOT_ALLOWED)
    back = reverse("admin:kit_movedday_changelist")
    form = NoticeForm(request.POST or None, actor=request.actor, row=None)
    return ask(
        request, form, actions.write_notice, title=_("录入放假通知"), goes_to=lambda made: back,
        says=_("已录入。以后的期限按它计算。"), back=back,
    )  # fmt: skip
