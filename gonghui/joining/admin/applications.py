"""审核: the queue by deadline, one application with what became of it, and what a reviewer does about it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.cache import cache
from django.db.models import F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.joining import actions
from gonghui.joining.models import IN_REVIEW, WORDS_MAX, How, JoinApplication, JoinRule
from gonghui.joining.queries import groups, waiting_for
from gonghui.joining.timeline import timeline_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    NameSearch,
    ReasonForm,
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    Verb,
    VerbForm,
    in_state,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.filters import DropdownFilter
from gonghui.kit.console.verbs import reason_field
from gonghui.kit.identifiers import read_phone, read_resident_id
from gonghui.kit.masks import mask_id, mask_name, mask_phone
from gonghui.kit.scope import BySubtree
from gonghui.kit.templatetags.kit import cn_day, cn_when
from gonghui.members.criteria import JOINABLE, POOL

TONES = {
    "draft": "info", "submitted": "warning", "under_review": "info", "needs_info": "warning", "approved": "success",
    "rejected": "danger", "withdrawn": "info",
}  # fmt: skip
REVIEW = "joining.review"


def read_typed_id(raw: str):
    return read_resident_id(raw, typed=True)


class WaitingFilter(DropdownFilter):
    title, parameter_name = gettext_lazy("期限"), "due"

    def lookups(self, request, model_admin):
        return [("waiting", _("等审核")), ("late", _("已超期"))]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        found = queryset.filter(state__in=IN_REVIEW)
        return found.filter(due_on__lt=clock.today()) if self.value() == "late" else found


class ApproveForm(VerbForm):
    """Asks how the identity was confirmed, where the account or the officer has not brought it."""

    how = forms.ChoiceField(
        label=gettext_lazy("身份怎样确认的"), choices=[("", gettext_lazy("请选择")), *How.choices]
    )
    note = forms.CharField(
        label=gettext_lazy("确认说明"), max_length=200, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("电话、短信、微信核实的必须写：问了什么，怎样对上的。这样核实不算实名，会员还要自己完成实名核验。"),
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.row.confirmed_how:
            self.fields.clear()


class AskForm(VerbForm):
    asked = forms.CharField(
        label=gettext_lazy("请补充什么"), max_length=WORDS_MAX, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("会发给申请人，请写他看得懂的话。"),
    )  # fmt: skip


class RedirectForm(VerbForm):
    union = ScopedChoiceField(
        "joining.JoinApplication",
        "union",
        label=gettext_lazy("转给哪个工会"),
        help_text=gettext_lazy("工会，或者会员周转库。"),
    )

    def facts(self) -> dict[str, Any]:
        return {"union_id": self.cleaned_data["union"].pk}


class RejectForm(ReasonForm):
    reason = reason_field(
        label=gettext_lazy("不通过的原因"), max_length=WORDS_MAX, help_text=gettext_lazy("会发给申请人，改好可以重新提交。")
    )  # fmt: skip


@admin.register(JoinApplication)
class JoinApplicationAdmin(ScopedAdmin):
    icon, order = "how_to_reg", 10
    state_field, unmask_verb = "state", REVIEW
    masks = {"id_no": mask_id, "phone": mask_phone}
    search = NameSearch("grams", "name", "pinyin")
    search_exact = {"id_index": read_typed_id, "phone_index": read_phone}
    search_help_text = gettext_lazy("姓名、拼音，或完整的证件号、手机号")
    empty_hint = gettext_lazy("职工在手机上、扫海报或由现场经办人申请后，会出现在这里。")
    list_display = (
        "applicant", "union", "group_name", "channel", state_column("state", TONES), "due",
        when_column("submitted_at", gettext_lazy("提交")),
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (
        WaitingFilter, ("state", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter), subtree_filter(),
    )  # fmt: skip
    ordering = (F("due_on").asc(nulls_last=True), "-id")
    fieldsets = (
        (None, {"fields": (
            ("number_shown", "state"), ("union", "due"), ("name", "group_name"), ("id_type", "id_no"), ("phone", "employer"),
        )}),
        (gettext_lazy("怎样申请的"), {"fields": (
            ("channel", "poster"), ("invitation_code", "region_code"), ("agreed_how", "form_no"), "entered_by",
        )}),
        (gettext_lazy("身份"), {"fields": (("confirmed_how", "confirmed_at"), ("confirmed_by", "confirmed_note"))}),
        (gettext_lazy("经过"), {"fields": ("reviewer", "way_so_far")}),
    )  # fmt: skip
    verbs = (
        Verb("take", gettext_lazy("开始审核"), actions.take_application, REVIEW, icon="assignment_ind", tone="primary",
             when=in_state("submitted")),
        Verb("approve", gettext_lazy("通过"), actions.approve_application, REVIEW, icon="check_circle", tone="primary",
             form=ApproveForm, when=in_state("under_review"), done=gettext_lazy("已通过，申请人成为会员，并已实名。"),
             question=gettext_lazy("通过后马上成为会员并完成实名，不能撤销。请先核对姓名和证件号码。")),
        Verb("ask", gettext_lazy("退回补充"), actions.return_application, REVIEW, icon="help", form=AskForm,
             when=in_state("under_review")),
        Verb("redirect", gettext_lazy("转交"), actions.redirect_application, REVIEW, icon="forward", form=RedirectForm,
             when=in_state("under_review"), question=gettext_lazy("投错了工会的，转给该收的那一个；期限重新算，会告诉申请人。")),
        Verb("reject", gettext_lazy("不通过"), actions.reject_application, REVIEW, icon="cancel", tone="danger",
             form=RejectForm, when=in_state("under_review")),
        Verb("release", gettext_lazy("放回待审"), actions.release_application, REVIEW, icon="undo",
             when=in_state("under_review"), question=gettext_lazy("放回以后，别的审核人可以接着办。")),
    )  # fmt: skip

    class Media:
        css = {"all": ["joining/console.css"]}

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).exclude(state="draft").select_related("union")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        own = ("number_shown", "due", "group_name", "way_so_far")
        return [*super().get_readonly_fields(request, obj), *own]

    def choices_for(self, field, actor: Actor):
        """An application is handed on to a union or pool where the actor reviews as well."""
        found = super().choices_for(field, actor)
        if field.name != "union":
            return found
        rule = BySubtree("path", verb=REVIEW).condition(actor)
        return found.filter(rule, status="active", kind__in=(*JOINABLE, POOL))

    def label_of(self, row: JoinApplication) -> str:
        return f"{row.number}　{mask_name(row.name)}"

    @display(description=gettext_lazy("申请人"), ordering="name")
    def applicant(self, row: JoinApplication) -> str:
        return mask_name(row.name) or "—"

    @display(description=gettext_lazy("申请编号"))
    def number_shown(self, row: JoinApplication) -> str:
        return row.number

    @display(description=gettext_lazy("职业群体"), ordering="group")
    def group_name(self, row: JoinApplication) -> str:
        return group_names().get(row.group, row.group) or "—"

    @display(description=gettext_lazy("审核期限"), ordering="due_on")
    def due(self, row: JoinApplication) -> Any:
        return due_shown(row)

    @display(description=gettext_lazy("办理经过"))
    def way_so_far(self, row: JoinApplication) -> Any:
        lines = (
            (cn_when(step["at"]) if step["at"] else _("现在"), step["label"], step["note"])
            for step in timeline_of(row, is_own=False)
        )
        return format_html_join("", '<p class="jo-step"><small>{}</small> {} <span>{}</span></p>', lines)


def group_names() -> dict[str, str]:
    """Kept a minute, as the list of members keeps them."""
    return cache.get_or_set("worker_group_names", groups, 60)


def due_shown(row: JoinApplication) -> Any:
    if row.due_on is None:
        return "—"
    if not row.is_overdue:
        return cn_day(row.due_on)
    return format_html('<span class="jo-late">{} {}</span>', cn_day(row.due_on), _("已超期"))


@admin.register(JoinRule)
class JoinRuleAdmin(ScopedAdmin):
    icon, order = "timer", 40
    write_verb = "joining.write"
    can_delete = True
    search = SmallNameSearch("union__name")
    empty_hint = gettext_lazy("没有另定的，按上级的；上级也没有，审核期限是 10 个工作日。")
    list_display = ("union", "review_days")
    list_select_related = ("union",)
    list_filter = (subtree_filter(),)
    ordering = ("union__path",)
    fields = ("union", "review_days")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), *(["union"] if obj else [])]


# --- the first page ----------------------------------------------------------------------------------------


def _list(**asked: str) -> str:
    return reverse("admin:joining_joinapplication_changelist") + "?" + urlencode(asked)


@waiting(needs=REVIEW, order=15)
def to_review(actor: Actor) -> Figure | None:
    """How many wait, and how many of them too long."""
    found = waiting_for(actor)
    count = found.count()
    late = found.filter(due_on__lt=clock.today()).count() if count else 0
    note = _("其中 %d 件已超期") % late if late else ""
    link = _list(due="waiting")
    return Figure(_("入会申请待审"), count, icon="how_to_reg", link=link, note=note) if count else None


@waiting(needs=REVIEW, order=16)
def late_below(actor: Actor) -> Figure | None:
    """For the level above: what the unions below it, not it itself, have let lie."""
    below = Q(pk__in=[])
    for grant in actor.reaches(REVIEW):
        below |= Q(union__path__startswith=grant.path) & ~Q(union__path=grant.path)
    count = waiting_for(actor).filter(below, due_on__lt=clock.today()).count()
    link = _list(due="late")
    return Figure(_("下级入会审核超期"), count, icon="running_with_errors", link=link) if count else None
