"""管理员工作群: the list, a directory of who belongs, and the pages that open one group or one for each union below."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    link_column,
    page_facts,
    subtree_filter,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.console.masking import LookForm
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.identifiers import row_id
from gonghui.kit.masks import mask_phone
from gonghui.opsdesk import actions
from gonghui.opsdesk.admin.asking import OwnUnion, page_of, roles_field
from gonghui.opsdesk.models import GroupPick, OperatorGroup
from gonghui.opsdesk.models.groups import USUAL
from gonghui.opsdesk.people import member_count, members_of
from gonghui.opsdesk.queries import group_seen
from gonghui.opsdesk.scopes import ANSWER, ASK


def group_address(row: OperatorGroup) -> str:
    return reverse("admin:opsdesk_group", args=[row.pk])


class GroupVerb(Verb):
    """Comes back to the directory."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return group_address(row)


class PickForm(VerbForm):
    union = ScopedChoiceField(
        "orgs.Union", "parent", label=gettext_lazy("加一个工会"), required=False,
        help_text=gettext_lazy("这个工会的管理员进群；换人时跟着换。"),
    )  # fmt: skip
    login = forms.CharField(label=gettext_lazy("或者加一个账号（登录名）"), max_length=32, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not self.errors and bool(given.get("union")) == bool(given.get("login")):
            raise forms.ValidationError(_("请选一个工会，或者写一个登录名，一次加一个。"))
        return given

    def facts(self) -> dict[str, Any]:
        union = self.cleaned_data["union"]
        return {"union_id": union.pk if union else None, "login": self.cleaned_data["login"]}


def is_open(row: OperatorGroup) -> bool:
    return row.ended_at is None


@admin.register(OperatorGroup)
class OperatorGroupAdmin(ScopedAdmin):
    icon, order = "groups", 60
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("群名")
    new_page = ("opsdesk_group_new", ANSWER, gettext_lazy("新建工作群"))
    list_display = (
        link_column(gettext_lazy("群名"), group_address, lambda row: row.name),
        "union",
        "rule",
        "standing",
    )
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("rule", ChoicesDropdownFilter))
    ordering = ("union__path", "id")
    fields = ("name", "union", "rule", "roles", "duty", "ended_at")
    empty_hint = gettext_lazy("建好群以后，通知可以直接发给群里的管理员；成员按授权自动计算，不用逐个维护。")
    verbs = (
        GroupVerb("pick", gettext_lazy("添加成员"), actions.add_pick, ANSWER, form=PickForm, icon="person_add", when=is_open),
        GroupVerb("end", gettext_lazy("解散"), actions.end_group, ANSWER, icon="group_off", tone="danger", when=is_open,
                  question=gettext_lazy("发过的通知都留着，以后不能再往这个群发。")),
    )  # fmt: skip

    @display(description=gettext_lazy("状态"), label={"open": "success", "ended": "default"})
    def standing(self, row: OperatorGroup) -> tuple[str, str]:
        return ("open", _("使用中")) if is_open(row) else ("ended", _("已解散"))


class GroupForm(forms.Form):
    union = OwnUnion(gettext_lazy("哪个工会的群"))
    name = forms.CharField(label=gettext_lazy("群名"), max_length=64)
    rule = forms.ChoiceField(label=gettext_lazy("成员"), choices=OperatorGroup.Rule.choices)
    roles = roles_field(initial=list(USUAL))
    duty = forms.CharField(
        label=gettext_lazy("职责"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("例如：高效传话筒、高效答疑人。"),
    )

    def __init__(self, *args, actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["union"].bind(actor, ANSWER)

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        new = actions.NewGroup(
            given["union"], given["name"], given["rule"], tuple(given["roles"]), given["duty"]
        )
        return {"new": new}


@console_page("opsdesk/groups/new", name="opsdesk_group_new", needs=ANSWER)
def new_group(request: HttpRequest) -> HttpResponse:
    form = GroupForm(request.POST or None, actor=request.actor)
    back = reverse("admin:opsdesk_operatorgroup_changelist")
    says = _("工作群已建立。")
    return ask(
        request, form, actions.open_group, title=_("新建工作群"), goes_to=group_address, says=says, back=back
    )


class BelowForm(forms.Form):
    union = OwnUnion(gettext_lazy("哪个工会的直属下级"))
    roles = roles_field(initial=list(USUAL))
    question = gettext_lazy("给每个直属下级工会建一个群，成员是它和它全部下级的管理员；已经建过的不重复建。")

    def __init__(self, *args, actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["union"].bind(actor, ANSWER)

    def facts(self) -> dict[str, Any]:
        return {"union_id": self.cleaned_data["union"], "roles": self.cleaned_data["roles"]}


@console_page("opsdesk/groups/below", name="opsdesk_groups_below", needs=ANSWER)
def new_groups_below(request: HttpRequest) -> HttpResponse:
    back = reverse("admin:opsdesk_operatorgroup_changelist")
    form = BelowForm(request.POST or None, actor=request.actor)
    title = _("给每个下级工会建群")
    return ask(
        request,
        form,
        actions.open_groups_below,
        title=title,
        goes_to=lambda made: back,
        says=_("工作群已建好。"),
        back=back,
    )


@console_page("opsdesk/groups/<int:group_id>", name="opsdesk_group", needs=ASK)
def group_page(request: HttpRequest, group_id: int) -> HttpResponse:
    row = group_seen(request.actor, group_id)
    keeps = request.actor.may(ANSWER, row.union.path) and is_open(row)
    if request.method == "POST" and keeps:
        actions.drop_pick(request.actor, pick_id=row_id(request.POST.get("pick", "")) or 0)
        messages.success(request, _("已移出。"))
        return HttpResponseRedirect(group_address(row))
    posts = page_of(request, members_of(row), 50)
    for post in posts:
        post.phone_shown = mask_phone(post.user.contact_phone)
    picks = (
        GroupPick.objects.unscoped("of a group the reader sees")
        .filter(group=row)
        .select_related("union", "user")
    )
    facts = {
        "row": row,
        "page_obj": posts,
        "count": member_count(row),
        "keeps": keeps,
        "picks": picks.order_by("id"),
    }
    return render(request, "opsdesk/group.html", page_facts(request, row.name, **facts))


@console_page("opsdesk/groups/<int:group_id>/phones/<int:user_id>", name="opsdesk_phone", needs=ANSWER)
def phone_page(request: HttpRequest, group_id: int, user_id: int) -> HttpResponse:
    """Shown on this answer alone: never in an address, a session or a cache."""
    row = group_seen(request.actor, group_id)
    require(request.actor.may(ANSWER, row.union.path), NOT_FOUND)
    form = LookForm(request.POST or None, actor=request.actor, row=row)
    back = group_address(row)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            phone = actions.show_telephone(request.actor, group=row, user_id=user_id, reason=reason)
        except DomainError as refused:
            if refused.status == 404:
                raise
            form.add_error(None, str(refused))
        else:
            shown = {"values": [(_("联系电话"), phone)], "row_label": row.name, "back": back}
            response = render(
                request, "kit/console/unmasked.html", page_facts(request, _("联系电话"), **shown)
            )
            response["Cache-Control"] = "no-store"
            return response
    form.question = _("只在工作需要时查看。")
    facts: dict[str, Any] = {"form": form, "back": back}
    status = 422 if form.errors else 200
    return render(
        request, "kit/console/ask.html", page_facts(request, _("查看联系电话"), **facts), status=status
    )
