"""Back-office screen of staff accounts: colleagues of one's own subtree, and help when they cannot get in."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from gonghui.accounts.rules import LOGIN_NAME
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.audit import REASON_LENGTH_MIN
from gonghui.kit.console import (
    DropdownFilter,
    ReasonForm,
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    Verb,
    VerbForm,
    subtree_filter,
)
from gonghui.kit.console.masking import hidden
from gonghui.kit.console.verbs import dress, reason_field
from gonghui.kit.masks import mask_phone
from gonghui.kit.search import is_match
from gonghui.orgs import actions, queries
from gonghui.orgs.actions.staff import NewAccount, OneTimePassword
from gonghui.orgs.admin.dates import DatesInOrder
from gonghui.orgs.models import Grant, Staff
from gonghui.orgs.roles import ROLES

OFF, MUST_CHANGE, NO_TOTP, READY = "off", "must_change", "no_totp", "ready"
STATES = {
    READY: _("正常"),
    NO_TOTP: _("待绑定验证器"),
    MUST_CHANGE: _("待改密码"),
    OFF: _("已停用"),
}
STATE_TONES = {READY: "success", NO_TOTP: "info", MUST_CHANGE: "warning", OFF: "danger"}
CONDITIONS = {
    OFF: Q(is_active=False),
    MUST_CHANGE: Q(is_active=True, must_change_password=True),
    NO_TOTP: Q(is_active=True, must_change_password=False, totp_confirmed_at=None),
    READY: Q(is_active=True, must_change_password=False, totp_confirmed_at__isnull=False),
}


def state_of(row: Staff) -> str:
    if not row.is_active:
        return OFF
    if row.must_change_password:
        return MUST_CHANGE
    return READY if row.totp_confirmed_at else NO_TOTP


class StateFilter(DropdownFilter):
    title, parameter_name = _("状态"), "state"

    def lookups(self, request: HttpRequest, model_admin) -> list:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        condition = CONDITIONS.get(self.value())
        return queryset.filter(condition) if condition else queryset


@dataclass(frozen=True, slots=True)
class StaffSearch(SmallNameSearch):
    """By name or by the beginning of the login."""

    def narrow(self, found: QuerySet, question: str) -> QuerySet:
        named = found.order_by().values_list("pk", "display_name", "login")[: self.rows_max]
        return found.filter(
            pk__in=[
                pk
                for pk, name, login in named
                if is_match(question, name) or login.startswith(question.lower())
            ]
        )


class StaffReasonForm(ReasonForm):
    reason = reason_field(min_length=REASON_LENGTH_MIN, help_text=_("您的姓名、时间和理由会记入审计记录。"))


def roles_to_give(actor: Actor) -> list[tuple[str, str]]:
    """Roles that one of the actor's grants holds whole; the action looks at place, line and dates as well."""
    held = [grant.verbs for grant in actor.reaches("grants.write")]
    return [(role.code, role.name) for role in ROLES.values() if any(role.verbs <= verbs for verbs in held)]


class ColleagueForm(DatesInOrder):
    """The account and its first grant."""

    actor: Actor
    login = forms.RegexField(
        label=_("登录名"),
        regex=rf"^{LOGIN_NAME.pattern}$",
        max_length=32,
        help_text=_("3 到 32 个小写字母、数字、点、横线或下划线，以字母开头，例如 li.jing。定了不能改。"),
        error_messages={"invalid": _("请用 3 到 32 个小写字母、数字、点、横线或下划线，以字母开头。")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    display_name = forms.CharField(label=_("姓名"), max_length=64, min_length=2)
    telephone = forms.CharField(
        label=_("联系电话"),
        max_length=20,
        required=False,
        help_text=_("加密保存，只用来联系本人，不能用来登录。"),
    )
    role = forms.ChoiceField(label=_("角色"), widget=UnfoldAdminSelectWidget)
    union = ScopedChoiceField(
        "orgs.Grant", "union", label=_("工会"), help_text=_("他能看到这个工会和它的全部下级。")
    )
    starts_on = forms.DateField(label=_("开始日期"))
    ends_on = forms.DateField(label=_("结束日期"), required=False, help_text=_("不填就一直有效，直到收回。"))

    class Meta:
        model = Staff
        fields = ("login", "display_name")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["union"].bind_to(self.actor)
        self.fields["role"].choices = roles_to_give(self.actor)
        for field in self.fields.values():
            dress(field)

    def _get_validation_exclusions(self) -> set[str]:
        # Whether the login is free is answered by the action, in our words.
        return {*super()._get_validation_exclusions(), "login"}


class OneTimeVerb(Verb):
    """Shows the password in the dialog itself; it is never in an address, a session or a cache."""

    def answer(self, screen, request: HttpRequest, row, form: VerbForm) -> HttpResponse:
        made = self.act(request.actor, staff_id=row.pk, **form.facts())
        facts = {"verb": self, "row": row, "made": made, "back": self.back_to(screen, row)}
        dialog = bool(request.headers.get("HX-Request"))
        return shown_once(request, self.page_facts(screen, request, facts), dialog=dialog)


def shown_once(request: HttpRequest, facts: dict, *, dialog: bool = False) -> HttpResponse:
    template = "orgs/console/one_time_dialog.html" if dialog else "orgs/console/one_time.html"
    response = render(request, template, facts)
    response["Cache-Control"] = "no-store"
    return response


@admin.register(Staff)
class StaffAdmin(ScopedAdmin):
    """Nothing is edited here: an account is opened with its first grant, and helped by verbs with a reason."""

    icon, order = "manage_accounts", 25
    view_verb = write_verb = unmask_verb = "grants.write"
    begins_at_home = False
    search = StaffSearch("display_name")
    search_help_text = _("姓名：汉字、全拼或首字母；或登录名的开头")
    masks = {"contact_phone": mask_phone, "password": hidden}
    untold = frozenset({"session_epoch", "totp_last_step", "last_login"})
    list_display = ("name", "login", "posts", "state")
    list_filter = (subtree_filter("grants__union__path"), StateFilter)
    ordering = ("display_name", "login")
    add_fieldsets = (
        (_("账号"), {"fields": ("login", "display_name", "telephone")}),
        (_("第一项授权"), {"fields": ("role", "union", "starts_on", "ends_on")}),
    )
    fields = ("name", "login", "contact_phone", "posts", "state_now", "totp_confirmed_at", "created_at")
    readonly_fields = ("name", "posts", "state_now", "totp_confirmed_at", "created_at")
    verbs = (
        OneTimeVerb("password", _("重置密码"), actions.reset_colleague_password, "grants.write", "staff_id", form=StaffReasonForm,
             icon="lock_reset", when=lambda row: row.is_active,
             question=_("原密码立即失效，所有设备退出登录。新的一次性密码只显示一次，请当面或打电话告诉本人。")),
        Verb("forget_totp", _("解绑验证器"), actions.forget_colleague_totp, "grants.write", "staff_id", form=StaffReasonForm,
             icon="phonelink_erase", tone="danger", when=lambda row: bool(row.totp_secret),
             question=_("手机丢了或换了才需要。请先确认是本人；下次登录会要求重新绑定，所有设备退出登录。")),
        Verb("switch_off", _("停用账号"), actions.switch_off_colleague, "grants.write", "staff_id", form=StaffReasonForm,
             icon="person_off", tone="danger", when=lambda row: row.is_active,
             question=_("立即从所有设备退出，不能再登录；授权和记录都保留，可以恢复。")),
        Verb("switch_on", _("恢复使用"), actions.switch_on_colleague, "grants.write", "staff_id", form=StaffReasonForm,
             icon="how_to_reg", tone="primary", when=lambda row: not row.is_active,
             question=_("密码、验证器和授权都照停用之前。")),
    )  # fmt: skip

    def within(self, actor: Actor, *verbs: str) -> QuerySet:
        return queries.seen_staff(actor, self.view_verb, *verbs)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        seen = Grant.objects.visible_to(request.actor).filter(queries.not_over_on(clock.today()))
        posts = Prefetch("grants", seen.select_related("union").order_by("pk"), to_attr="seen_posts")
        return super().get_queryset(request).prefetch_related(posts)

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def _is_offered(self, request: HttpRequest, name: str, row) -> bool:
        return row is not None and row.pk != request.actor.user_id and super()._is_offered(request, name, row)

    @display(description=_("姓名"), ordering="display_name")
    def name(self, row: Staff) -> str:
        return str(row)

    @display(description=_("授权"))
    def posts(self, row: Staff) -> str:
        return "；".join(f"{grant.union} · {grant.get_role_display()}" for grant in row.seen_posts) or "—"

    @display(description=_("状态"), label=STATE_TONES)
    def state(self, row: Staff) -> tuple[str, str]:
        state = state_of(row)
        return state, str(STATES[state])

    @display(description=_("状态"))
    def state_now(self, row: Staff) -> str:
        return str(STATES[state_of(row)])

    def get_form(self, request: HttpRequest, obj=None, change=False, **kwargs):
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        form = super().get_form(request, obj, change=change, form=ColleagueForm, **kwargs)
        return type("ActorsColleagueForm", (form,), {"actor": request.actor})

    def add_view(self, request: HttpRequest, form_url="", extra_context=None) -> HttpResponse:
        # After saving, the password is shown: there is one way on.
        only_save = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **only_save})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict:
        return {"starts_on": clock.today(), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj, form, change) -> None:
        given = form.cleaned_data
        account = NewAccount(given["login"], given["display_name"], given["telephone"])
        grant = actions.NewGrant(given["role"], given["union"].pk, given["starts_on"], given["ends_on"])
        made = actions.add_colleague(request.actor, account=account, grant=grant)
        obj.pk, request.made_password = made.user.pk, made

    def response_add(self, request: HttpRequest, obj, post_url_continue=None) -> HttpResponse:
        made: OneTimePassword = request.made_password
        facts = {
            **self.admin_site.each_context(request),
            "title": _("账号已建立"),
            "row_label": str(made.user),
            "opts": self.opts,
            "made": made,
            "back": reverse("admin:orgs_staff_change", args=[obj.pk]),
        }
        return shown_once(request, facts)
