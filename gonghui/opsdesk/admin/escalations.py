"""技术升级 and 版本说明: what is with the technical team, and the note that ends several at once."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    in_state,
    link_column,
    page_facts,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.asking import ask, day_field
from gonghui.kit.console.sending import key_of
from gonghui.opsdesk import actions
from gonghui.opsdesk.admin import tones
from gonghui.opsdesk.admin.asking import OwnUnion, SaidReasonForm, due_shown, long_field
from gonghui.opsdesk.admin.questions import LateFilter, question_address
from gonghui.opsdesk.models import Escalation, ReleaseNote
from gonghui.opsdesk.models.broadcasts import BODY_MAX
from gonghui.opsdesk.queries import late, one_of, open_escalations
from gonghui.opsdesk.scopes import ANSWER, ASK, MEND


def note_address(row: ReleaseNote) -> str:
    return reverse("admin:opsdesk_release", args=[row.pk])


@admin.register(Escalation)
class EscalationAdmin(ScopedAdmin):
    icon, order = "engineering", 30
    state_field = "state"
    search = SmallNameSearch("question__title")
    search_help_text = gettext_lazy("问题")
    list_display = (
        link_column(gettext_lazy("问题"), lambda row: question_address(row.question), lambda row: row.question.title),
        "number", "asked_by", "officer_name", state_column("state", tones.ESCALATIONS), "due",
        when_column("created_at", gettext_lazy("收到")),
    )  # fmt: skip
    list_select_related = ("question__union", "officer")
    list_filter = (subtree_filter("question__union__path"), ("state", ChoicesDropdownFilter), LateFilter)
    ordering = ("-id",)
    fields = ("question", "summary", "maker", "state", "due", "officer", "note")
    empty_hint = gettext_lazy("答疑台解决不了的问题转给技术团队后，会出现在这里。")
    verbs = (
        Verb("work", gettext_lazy("开始处理"), actions.work_on_escalation, MEND, icon="build", tone="primary",
             when=in_state("received"), question=gettext_lazy("提问人和答疑台会看到“处理中”。")),
        Verb("return", gettext_lazy("退回答疑台"), actions.return_escalation, MEND, form=SaidReasonForm, icon="undo",
             when=in_state("received", "working")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("question__union", "officer", "maker", "note")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "due"]

    @display(description=gettext_lazy("编号"), ordering="id")
    def number(self, row: Escalation) -> str:
        return row.number

    @display(description=gettext_lazy("提问工会"))
    def asked_by(self, row: Escalation) -> str:
        return row.question.union.name

    @display(description=gettext_lazy("处理人"))
    def officer_name(self, row: Escalation) -> str:
        return str(row.officer) if row.officer else "—"

    @display(description=gettext_lazy("最迟"), ordering="due_on")
    def due(self, row: Escalation) -> str:
        return due_shown(row)


@admin.register(ReleaseNote)
class ReleaseNoteAdmin(ScopedAdmin):
    icon, order = "new_releases", 35
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("标题")
    new_page = ("opsdesk_release_new", MEND, gettext_lazy("发布版本说明"))
    list_display = (
        link_column(gettext_lazy("标题"), note_address, lambda row: row.title),
        "day",
        "union",
        "maker",
    )
    list_select_related = ("union", "maker")
    list_filter = (subtree_filter(),)
    ordering = ("-id",)
    fields = ("title", "text", "day", "union", "maker")
    empty_hint = gettext_lazy("技术团队修好问题后发布版本说明，全部管理员会收到。")


class ReleaseForm(forms.Form):
    union = OwnUnion(gettext_lazy("范围"))
    mended = forms.TypedMultipleChoiceField(
        label=gettext_lazy("这次修复了"),
        coerce=int,
        required=False,
        help_text=gettext_lazy("可以一次选几项。"),
    )
    title = forms.CharField(label=gettext_lazy("标题"), max_length=60)
    text = long_field(
        gettext_lazy("内容"), rows=8, max_length=BODY_MAX, help_text=gettext_lazy("全部管理员会收到。")
    )
    day = day_field(gettext_lazy("上线日期"))

    def __init__(self, *args, actor: Actor, key, **kwargs):
        super().__init__(*args, **kwargs)
        self.key = key
        self.fields["union"].bind(actor, MEND)
        found = [row for row in open_escalations(actor) if actor.may(MEND, row.question.union.path)]
        self.fields["mended"].choices = [(row.pk, f"{row.number} {row.question.title}") for row in found]

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        mending = actions.Mending(given["title"], given["text"], given["day"], tuple(given["mended"]))
        return {"key": self.key, "union_id": given["union"], "mending": mending}


@console_page("opsdesk/releases/new", name="opsdesk_release_new", needs=MEND)
def new_release(request: HttpRequest) -> HttpResponse:
    key = uuid5(key_of(request), f"release {request.actor.user_id}")
    form = ReleaseForm(request.POST or None, actor=request.actor, key=key, initial={"day": clock.today()})
    back = reverse("admin:opsdesk_escalation_changelist")
    return ask(
        request,
        form,
        actions.publish_release,
        title=_("发布版本说明"),
        goes_to=note_address,
        says=_("已发布。"),
        back=back,
    )


@console_page("opsdesk/releases/<int:note_id>", name="opsdesk_release", needs=ASK)
def release_page(request: HttpRequest, note_id: int) -> HttpResponse:
    row = one_of(ReleaseNote.objects.visible_to(request.actor).select_related("union", "maker"), note_id)
    mended = (
        Escalation.objects.visible_to(request.actor)
        .filter(note=row)
        .select_related("question")
        .order_by("id")
    )
    facts = {"row": row, "mended": mended, "may_link": request.actor.may(ANSWER, row.union.path)}
    return render(request, "opsdesk/release.html", page_facts(request, row.title, **facts))


@waiting(needs=MEND, order=25)
def to_mend(actor: Actor) -> Figure | None:
    found = open_escalations(actor)
    count, overdue = found.count(), late(found).count()
    note = _("其中 %d 项已过期") % overdue if overdue else ""
    link = reverse("admin:opsdesk_escalation_changelist")
    return Figure(_("技术升级待处理"), count, "engineering", link, note) if count else None
