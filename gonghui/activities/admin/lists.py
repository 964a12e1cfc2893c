"""Sessions, holidays and kinds of activity."""

from __future__ import annotations

import json

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.activities import actions
from gonghui.activities.admin.page import SESSION_TONES
from gonghui.activities.models import ActivityKind, HolidayPeriod, Session
from gonghui.activities.models.holidays import Colour
from gonghui.activities.rules import wrong_fields
from gonghui.feedback.rules import wrong_questions
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    link_column,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)


@admin.register(Session)
class SessionAdmin(ScopedAdmin):
    """Made by the guided pages; follows its pool and the clock; only called off by hand."""

    icon, order = "event", 20
    view_verb, export_verb = "activities.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("activity__title")
    search_help_text = _("活动名称：汉字、全拼或首字母")
    list_display = (
        "label",
        link_column(
            _("活动"),
            lambda row: reverse("admin:activities_activity_change", args=[row.activity_id]),
            lambda row: row.activity.title,
        ),
        "place",
        when_column("starts_at", _("开始")),
        "seats",
        "remaining",
        state_column("state", SESSION_TONES),
    )
    list_select_related = ("activity", "store", "hall__store", "pool")
    list_filter = (
        subtree_filter("activity__union__path"),
        related_filter("activity"),
        related_filter("store"),
        ("starts_at", RangeDateFilter),
        ("state", ChoicesDropdownFilter),
    )
    ordering = ("-starts_at", "id")
    fields = (
        "activity",
        "label",
        "store",
        "hall",
        ("starts_at", "ends_at"),
        "seats",
        "state",
        "cancel_reason",
    )
    verbs = (
        Verb("cancel", _("取消这一场"), actions.cancel_session, "vouchers.void", icon="event_busy", tone="danger",
             when=lambda row: row.state not in ("done", "cancelled"), form=ReasonForm,
             question=_("取消后不能恢复。已有的票会作废，每位持票人都会收到您写的原因。"),
             done=_("已取消，正在逐一通知持票人。")),
        Verb("free", _("重新投放"), actions.free_session, "activities.write", icon="replay",
             when=lambda row: row.pool_id is not None and row.state not in ("done", "cancelled", "running"),
             question=_("只有投放已取消或抽签已作废的场次可以重新投放。")),
    )  # fmt: skip

    @display(description=_("地点"))
    def place(self, row: Session) -> str:
        return row.place

    @display(description=_("剩余"))
    def remaining(self, row: Session) -> int | None:
        return row.pool.remaining if row.pool_id else None


class HolidayForm(VerbForm):
    theme = forms.CharField(label=_("主题"), max_length=48)
    colour = forms.ChoiceField(label=_("色调"), choices=Colour.choices)
    starts_on = forms.DateField(label=_("开始日期"))
    ends_on = forms.DateField(label=_("结束日期"))

    def clean(self) -> dict:
        given, row = super().clean(), self.row
        starts, ends = given.get("starts_on"), given.get("ends_on")
        if starts and ends and not starts <= row.date <= ends:
            raise ValidationError(_("正日 %s 要在开始和结束日期之间。") % row.date.isoformat())
        return given


@admin.register(HolidayPeriod)
class HolidayAdmin(ScopedAdmin):
    """Laid down by the calendar; theme, colour and dates are edited by a verb."""

    icon, order = "celebration", 30
    view_verb, export_verb = "activities.view", "reports.export"
    search = SmallNameSearch("name")
    list_display = ("name", "year", "date", "starts_on", "ends_on", "theme", "shade")
    list_filter = (("code", ChoicesDropdownFilter), ("date", RangeDateFilter))
    ordering = ("-starts_on",)
    fields = ("name", "year", "date", ("starts_on", "ends_on"), "theme", "colour")
    verbs = (
        Verb("change_holiday", _("修改主题和日期"), actions.change_holiday, "activities.announce", key="holiday_id",
             icon="edit", tone="primary", form=HolidayForm,
             initial=lambda row: {n: getattr(row, n) for n in ("theme", "colour", "starts_on", "ends_on")}),
    )  # fmt: skip

    @display(
        description=_("色调"), label={"red": "danger", "amber": "warning", "green": "success", "blue": "info"}
    )
    def shade(self, row: HolidayPeriod) -> tuple[str, str]:
        return row.colour, row.get_colour_display()

    def may(self, request, verb: str, row=None) -> bool:
        """The calendar is shared: whoever announces activities anywhere may dress a holiday, as its action allows."""
        if verb == "activities.announce":
            return request.actor.may_anywhere(verb)
        return super().may(request, verb, row)


class ReadableJSONField(forms.JSONField):
    """Chinese as Chinese, a line each: a person edits this."""

    widget = forms.Textarea(attrs={"rows": 14, "spellcheck": "false"})

    def prepare_value(self, value):
        if isinstance(value, str | InvalidJSONInput):
            return value
        return json.dumps(value, ensure_ascii=False, indent=2)


class KindForm(forms.ModelForm):
    code = forms.SlugField(label=_("代号"), help_text=_("英文小写，定下后不改。"))
    fields = ReadableJSONField(label=_("专有字段"), required=False)
    defaults = ReadableJSONField(label=_("默认规则"), required=False)
    questions = ReadableJSONField(label=_("活动后问卷"), required=False)

    class Meta:
        model = ActivityKind
        fields = ("code", "name", "icon", "cover", "position", "fields", "defaults", "questions")

    def clean_fields(self) -> list:
        found = self.cleaned_data["fields"] or []
        if problems := wrong_fields(found):
            raise ValidationError(problems)
        return found

    def clean_questions(self) -> list:
        found = self.cleaned_data["questions"] or []
        if found and (problems := wrong_questions(found)):
            raise ValidationError(problems)
        return found


def said_lines(lines) -> SafeString:
    return format_html_join("", '<p>{} <span class="gh-muted">{}</span></p>', lines)


@admin.register(ActivityKind)
class ActivityKindAdmin(ScopedAdmin):
    """What is special about a kind is data: edited at the root of the tree."""

    icon, order = "category", 40
    view_verb, write_verb = "activities.view", "activities.write"
    form = KindForm
    search = SmallNameSearch("name")
    list_display = ("name", "code", "own_fields", "own_questions", "position")
    ordering = ("position",)
    fieldsets = (
        (None, {"fields": ("name", "code", ("icon", "cover", "position"))}),
        (_("高级：专有字段、默认规则和活动后问卷"), {"fields": ("fields", "defaults", "questions")}),
    )

    said_fieldsets = ((None, {"fields": ("name", "code", "position", "fields_said", "questions_said")}),)

    def get_fieldsets(self, request, obj=None):
        """Who may not write it reads it in words."""
        if obj is not None and not self.has_change_permission(request, obj):
            return self.said_fieldsets
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request, obj=None):
        declared = [*super().get_readonly_fields(request, obj), "fields_said", "questions_said"]
        return [*declared, *(["code"] if obj else [])]

    @display(description=_("专有字段"))
    def fields_said(self, row: ActivityKind) -> SafeString:
        return said_lines(
            (f["name"], "、".join(f.get("options", ())) or f.get("help", "")) for f in row.fields
        )

    @display(description=_("活动后问卷"))
    def questions_said(self, row: ActivityKind) -> SafeString:
        return said_lines((q["text"], "、".join(q.get("options", ()))) for q in row.questions)

    @display(description=_("专有字段"))
    def own_fields(self, row: ActivityKind) -> str:
        return "、".join(field["name"] for field in row.fields) or "—"

    @display(description=_("问卷题数"))
    def own_questions(self, row: ActivityKind) -> int:
        return len(row.questions)
