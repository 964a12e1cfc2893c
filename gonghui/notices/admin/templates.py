"""消息模板 in the back office: written, previewed with a person, sent to review, versions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ReasonForm,
    ScopedAdmin,
    ScopedChoiceField,
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
from gonghui.kit.console.asking import ask
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.members.models import Membership
from gonghui.notices.actions import templates as actions
from gonghui.notices.models import MessageKind, Template
from gonghui.notices.previews import sample_of
from gonghui.notices.words import in_order

TONES = {
    "draft": "info", "submitted": "warning", "approved": "success", "refused": "danger", "retired": "info",
}  # fmt: skip
LOOK = link_column(
    gettext_lazy("样子"), lambda row: reverse("admin:template_look", args=[row.pk]), lambda row: _("看样子")
)


KINDS = [choice for choice in MessageKind.choices if choice[0] != MessageKind.SECURITY]


def goes_to(row: Template) -> str:
    return reverse("admin:template_look", args=[row.pk])


class Revise(Verb):
    """Leads to the form of the new version."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        draft = (
            Template.objects.visible_to(request.actor).filter(series=row.series, state="draft").first()
            if request
            else None
        )
        return (
            reverse("admin:template_edit", args=[draft.pk])
            if draft
            else super().back_to(screen, row, request)
        )


@admin.register(Template)
class TemplateAdmin(ScopedAdmin):
    icon, order = "article", 20
    view_verb, export_verb = "notices.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("模板名称")
    empty_hint = gettext_lazy("写好一个模板，另一位同事复核后就能用来群发。")
    list_display = (
        "name", "version", "union", "kind", state_column("state", TONES), LOOK, when_column("updated_at", gettext_lazy("更新")),
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        ("name", "version"), "union", "kind", "title", "body", "link", ("sms_text", "sms_signature"), "wechat_template",
        "state", ("maker", "checker"), "answer", LOOK,
    )  # fmt: skip
    new_page = ("template_new", "notices.send", gettext_lazy("写模板"))
    verbs = (
        Verb("submit", gettext_lazy("送审"), actions.submit_template, "notices.send", icon="send", tone="primary",
             when=in_state("draft"), question=gettext_lazy("送审后不能再改，由另一位同事复核。")),
        Verb("approve", gettext_lazy("复核通过"), actions.approve_template, "notices.review", icon="task_alt", tone="primary",
             when=in_state("submitted"), question=gettext_lazy("通过后就可以群发；以前的版本同时停用。自己写的不能自己复核。")),
        Verb("refuse", gettext_lazy("退回"), actions.refuse_template, "notices.review", icon="undo", tone="danger",
             form=ReasonForm, when=in_state("submitted")),
        Revise("revise", gettext_lazy("改一版"), actions.revise_template, "notices.send", icon="edit_note",
               when=in_state("approved", "refused", "retired"), question=gettext_lazy("写出下一版草稿，这一版照用。")),
        Verb("retire", gettext_lazy("停用"), actions.retire_template, "notices.send", icon="block", tone="danger",
             when=in_state("approved"), question=gettext_lazy("停用后不能再用来群发；已经发的不受影响。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("union", "maker", "checker")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), LOOK]


class TemplateForm(forms.Form):
    """`fields_text`: WeChat's fields, a line each."""

    union = ScopedChoiceField(
        "notices.Template", "union", home="notices.send", label=gettext_lazy("所属工会")
    )
    name = forms.CharField(label=gettext_lazy("模板名称"), max_length=40)
    kind = forms.ChoiceField(label=gettext_lazy("类别"), choices=KINDS, initial="notice",
                             help_text=gettext_lazy("会员按类别选收不收。"))  # fmt: skip
    title = forms.CharField(label=gettext_lazy("标题"), max_length=60)
    body = forms.CharField(
        label=gettext_lazy("内容"), max_length=600, widget=forms.Textarea(attrs={"rows": 4})
    )
    link = forms.RegexField(
        r"^/([^/\\]\S*)?$", label=gettext_lazy("点开到哪里"), max_length=200, required=False,
        help_text=gettext_lazy("本站的页面，如 /activities/12；不填就到“消息”。"),
        error_messages={"invalid": gettext_lazy("只能是本站的页面，以 / 开头。")},
    )  # fmt: skip
    sms_text = forms.CharField(
        label=gettext_lazy("短信内容"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("不发短信就不填。{link} 处放一个短链接。一条 70 字，长的每条 67 字，签名也算。"),
    )  # fmt: skip
    sms_signature = forms.CharField(
        label=gettext_lazy("短信签名"),
        max_length=12,
        required=False,
        help_text=gettext_lazy("在运营商备过案的名称。"),
    )
    wechat_template = forms.CharField(
        label=gettext_lazy("微信模板编号"), max_length=64, required=False,
        help_text=gettext_lazy("微信公众平台“订阅消息”里的模板 ID；不发微信就不填。"),
    )  # fmt: skip
    fields_text = forms.CharField(
        label=gettext_lazy("微信模板的栏目"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("一行一个，如 thing1=国庆游船。"),
    )  # fmt: skip
    halves = ("name", "kind", "sms_signature", "wechat_template")
    question = gettext_lazy(
        "标题、内容、短信和微信里可以写：{name} 姓名、{union} 所在工会、{today} 发送日期。"
    )

    def __init__(self, *args: Any, actor: Actor, row: Template | None = None, **kwargs: Any):
        self.row = row
        if row is not None:
            kwargs["initial"] = {name: getattr(row, name) for name in actions.WORDS} | {
                "fields_text": "\n".join(
                    f"{name}={row.wechat_fields[name]}" for name in in_order(row.wechat_fields)
                )
            }
        super().__init__(*args, **kwargs)
        if row is None:
            self.fields["union"].bind_to(actor)
        else:
            del self.fields["union"]

    def clean_fields_text(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self.cleaned_data["fields_text"].splitlines():
            name, is_there, value = line.partition("=")
            if not line.strip():
                continue
            if not is_there or not value.strip() or name.strip() in found:
                raise forms.ValidationError(_("这一行不对：{line}").format(line=line[:40]))
            found[name.strip()] = value.strip()
        return found

    def facts(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        words = given | {"wechat_fields": given.pop("fields_text")}
        union = words.pop("union", None)
        return {"words": words} | ({"union_id": union.pk} if union else {"template_id": self.row.pk})


@console_page("notices/templates/new", name="template_new", needs="notices.send")
def new_template(request: HttpRequest) -> HttpResponse:
    form = TemplateForm(request.POST or None, actor=request.actor)
    return ask(
        request, form, actions.draft_template, title=_("写模板"), goes_to=goes_to,
        says=_("草稿已保存，看看样子，没有问题就送审。"), back=reverse("admin:notices_template_changelist"),
    )  # fmt: skip


@console_page("notices/templates/<int:template_id>/edit", name="template_edit", needs="notices.send")
def edit_template(request: HttpRequest, template_id: int) -> HttpResponse:
    row = actions.template_for(request.actor, template_id, "notices.send")
    require(row.state == Template.State.DRAFT, NOT_FOUND)
    form = TemplateForm(request.POST or None, actor=request.actor, row=row)
    return ask(
        request, form, actions.change_template, title=_("改模板"), goes_to=goes_to,
        says=_("草稿已保存，看看样子，没有问题就送审。"), back=reverse("admin:notices_template_change", args=[row.pk]),
    )  # fmt: skip


@console_page("notices/templates/<int:template_id>/look", name="template_look", needs="notices.view")
def look_at_template(request: HttpRequest, template_id: int) -> HttpResponse:
    """As one member would get it: the newest of the template's union, or whoever the reader names by number."""
    row = actions.template_for(request.actor, template_id, "notices.view")
    live = Membership.objects.visible_to(request.actor).filter(
        union__path__startswith=row.union.path, status__in=Membership.LIVE
    )
    member = live.select_related("person").order_by("id").first()
    facts = {
        "row": row,
        "sample": sample_of(row, member.person if member else None),
        "tone": TONES[row.state],
        "may_edit": row.state == "draft" and request.actor.may("notices.send", row.union.path),
        "may_send": row.state == "approved" and request.actor.may("notices.send", row.union.path),
        "versions": Template.objects.visible_to(request.actor).filter(series=row.series).order_by("-version"),
    }
    return render(request, "notices/console/look.html", page_facts(request, str(row.name), **facts))


@waiting(needs="notices.review", order=57)
def to_review(actor: Actor) -> Figure | None:
    """Templates of others that wait for a second pair of eyes."""
    found = Template.objects.visible_to(actor).filter(state="submitted").exclude(maker_id=actor.user_id)
    count = found.count()
    link = reverse("admin:notices_template_changelist") + "?state__exact=submitted"
    return Figure(_("消息模板待复核"), count, icon="article", link=link) if count else None
