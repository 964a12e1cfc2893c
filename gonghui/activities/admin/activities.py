"""The list of activities and the page of each, with its verbs."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.activities import actions
from gonghui.activities.admin.page import TONES, activity_facts, session_lines
from gonghui.activities.models import Activity
from gonghui.activities.queries import activity_to_read, with_attention
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    in_state,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.errors import require


class NoteForm(VerbForm):
    note = forms.CharField(
        label=_("结论"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


@admin.register(Activity)
class ActivityAdmin(ScopedAdmin):
    """Written by the guided pages, moved by its verbs; this screen itself changes nothing."""

    icon, order = "festival", 10
    view_verb, write_verb, export_verb = "activities.view", "activities.write", "reports.export"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = _("活动名称：汉字、全拼或首字母")
    change_form_template = "activities/console/activity.html"
    list_display = (
        "title",
        "kind",
        "union",
        "holiday",
        when_column("announced_at", _("预告时间")),
        "reads",
        state_column("state", TONES),
    )
    list_select_related = ("kind", "union", "holiday")
    list_filter = (
        subtree_filter(),
        ("state", ChoicesDropdownFilter),
        related_filter("holiday"),
        related_filter("kind"),
    )
    ordering = ("-id",)
    fields = ("title",)
    verbs = (
        Verb("review", _("复核通过"), actions.review_activity, "activities.review", icon="fact_check", tone="primary",
             when=in_state("draft"), question=_("复核后内容和名额安排不能再改。请确认时间、地点、名额和费用都正确。"),
             done=_("已复核，可以预告了。")),
        Verb("send_back", _("退回"), actions.send_back_activity, "activities.review", icon="undo", form=ReasonForm,
             when=in_state("reviewed"), question=_("退回给经办人修改，请写明要改什么。")),
        Verb("announce", _("预告"), actions.announce_activity, "activities.announce", icon="campaign", tone="primary",
             when=in_state("reviewed"), question=_("预告后会员马上能看到，名额到各自的时间自动开放。")),
        Verb("end", _("结束活动"), actions.end_activity, "activities.announce", icon="event_available",
             when=in_state("announced", "open"), question=_("全部场次结束后才能结束活动；系统也会自动结束。")),
        Verb("evaluate", _("评估"), actions.evaluate_activity, "activities.announce", icon="rate_review", tone="primary",
             when=in_state("ended"), form=NoteForm, question=_("现在的报表数字会和结论一起存档，以后不再变化。")),
        Verb("keep", _("保留"), actions.keep_activity, "activities.announce", icon="thumb_up", tone="primary",
             when=in_state("evaluated"), form=ReasonForm, question=_("下个节日继续办。请写明理由。")),
        Verb("retire", _("退出"), actions.retire_activity, "activities.announce", icon="thumb_down", tone="danger",
             when=in_state("evaluated"), form=ReasonForm, question=_("以后不再办。请写明理由。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        found = super().get_queryset(request)
        return with_attention(
            found.select_related("kind", "union", "holiday", "offer", "partner", "maker", "checker")
        )

    @display(description=_("阅读"))
    def reads(self, row: Activity) -> int:
        return row.reads_total

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url="", extra_context=None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        return HttpResponseRedirect(reverse("admin:activity_new"))

    def change_view(self, request: HttpRequest, object_id, form_url="", extra_context=None) -> HttpResponse:
        row = self.get_object(request, object_id)
        facts = activity_facts(request, row) if row is not None and request.method == "GET" else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **facts})


@console_page("activities/<int:activity_id>/live", name="activity_live", needs="activities.view")
def live_sessions(request: HttpRequest, activity_id: int) -> HttpResponse:
    """The sessions' table alone, asked for again and again while the page is open."""
    activity = activity_to_read(request.actor, activity_id)
    require(request.actor.may("activities.view", activity.union.path))
    facts = {
        "sessions": session_lines(request.actor, activity),
        "live_address": request.path,
        "may_write": request.actor.may("activities.write", activity.union.path),
    }
    return render(request, "activities/console/sessions.html", facts)
