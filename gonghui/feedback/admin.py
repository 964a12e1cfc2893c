"""Back-office screens of ratings, surveys and what the shares are measured by."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.feedback import actions
from gonghui.feedback.models import MetricDefinition, Rating, Survey
from gonghui.feedback.rules import wrong_questions
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    NameSearch,
    RangeDateFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    in_state,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.masks import mask_name

KIND_NAMES = {"score": _("打分"), "choice": _("单选"), "many": _("多选"), "text": _("填空")}
COMMENT_SHOWN = 60
SUBJECT_NAMES = {"activity": _("活动"), "store": _("门店消费")}


@display(description=_("会员"))
def rater(row: Rating) -> str:
    return mask_name(row.person.name)


@admin.register(Rating)
class RatingAdmin(ScopedAdmin):
    """A hidden comment is shown to nobody outside; its score goes on counting."""

    icon, order = "star", 10
    view_verb, export_verb, export_people = "feedback.view", "reports.export", ("person",)
    state_field = "state"
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_help_text = _("会员姓名：两个汉字、全拼或首字母")
    list_display = (
        "stars",
        "said",
        rater,
        "rated",
        "union",
        when_column("created_at", _("评价时间")),
        state_column("state", {"shown": "success", "hidden": "warning"}),
    )
    list_select_related = ("person", "union")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter), ("created_at", RangeDateFilter))
    ordering = ("-id",)
    fields = ("stars", "comment", rater, "rated", "union", "created_at", "state", "hidden_reason")
    verbs = (
        Verb("hide", _("隐藏评语"), actions.hide_rating, "feedback.write", icon="visibility_off", form=ReasonForm,
             when=in_state("shown"), question=_("评语不再显示，分数照常计入满意度。")),
        Verb("show", _("恢复显示"), actions.show_rating, "feedback.write", icon="visibility", tone="primary",
             when=in_state("hidden")),
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "stars", "rated", rater]

    @display(description=_("评分"), ordering="score")
    def stars(self, row: Rating) -> str:
        return "★" * row.score + "☆" * (5 - row.score)

    @display(description=_("评语"))
    def said(self, row: Rating) -> str:
        return row.comment if len(row.comment) <= COMMENT_SHOWN else row.comment[:COMMENT_SHOWN] + "…"

    @display(description=_("评价的是"), ordering="subject_type")
    def rated(self, row: Rating) -> str:
        """What kind of thing; which one is known above, where its page leads here."""
        number = _("账单 {n}").format(n=row.bill_id) if row.bill_id else ""
        return " · ".join(str(part) for part in (SUBJECT_NAMES.get(row.subject_type, ""), number) if part)

    def label_of(self, row: Rating) -> str:
        return f"{self.stars(row)} {rater(row)}"


class SurveyForm(forms.ModelForm):
    class Meta:
        model = Survey
        fields = ("union", "code", "title", "questions")

    def clean_questions(self) -> list:
        found = self.cleaned_data["questions"]
        if problems := wrong_questions(found):
            raise ValidationError(problems)
        return found


@admin.register(Survey)
class SurveyAdmin(ScopedAdmin):
    """A version is never changed: a new one is written beside it and takes its place when published."""

    icon, order = "quiz", 20
    view_verb, write_verb, export_verb = "feedback.view", "feedback.write", "reports.export"
    path_field = "union__path"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = _("问卷标题：汉字、全拼或首字母")
    list_display = (
        "title",
        "code",
        "version",
        "union",
        "questions_count",
        state_column("state", {"draft": "info", "published": "success", "retired": "warning"}),
    )
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("code", "-version", "-id")
    add_fieldsets = ((None, {"fields": ("union", "code", "title", "questions")}),)
    fields = ("title", "union", ("code", "version"), "state", "asked")
    verbs = (
        Verb("publish", _("启用"), actions.publish_survey, "feedback.write", icon="publish", tone="primary",
             when=in_state("draft"), question=_("启用后不能再改，正在使用的旧版本同时停用。")),
        Verb("retire", _("停用"), actions.retire_survey, "feedback.write", icon="archive",
             when=in_state("published"), question=_("停用后会员不能再填；已有的答卷保留。")),
    )  # fmt: skip

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = SurveyForm
        return super().get_form(request, obj, change=change, **kwargs)

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "asked"]

    @display(description=_("题数"))
    def questions_count(self, row: Survey) -> int:
        return len(row.questions)

    @display(description=_("题目"))
    def asked(self, row: Survey) -> SafeString:
        lines = (
            (
                number,
                question["text"],
                KIND_NAMES.get(question["kind"], ""),
                "、".join(question.get("options", ())),
            )
            for number, question in enumerate(row.questions, start=1)
        )
        return format_html_join("", "<p>{}. {} <small>{} {}</small></p>", lines)

    def save_model(self, request, obj, form, change) -> None:
        given = form.cleaned_data
        facts = {name: given[name] for name in ("union", "code", "title", "questions")}
        made = actions.write_survey(request.actor, **facts)
        obj.pk, obj.version = made.pk, made.version


@admin.register(MetricDefinition)
class MetricDefinitionAdmin(ScopedAdmin):
    """A changed definition is a new version; reports keep naming the one they were made by."""

    icon, order = "rule", 30
    view_verb = "feedback.view"
    search = SmallNameSearch("name")
    list_display = ("name", "version", "text", "at_least", "answers_min")
    ordering = ("code", "-version")
    fields = ("name", "version", "text", "at_least", "answers_min")
