"""Back-office screens of partners, their stores, halls and clerks."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    Amount,
    ChoicesDropdownFilter,
    DropdownFilter,
    Figure,
    ReasonForm,
    ScopedAdmin,
    ScopedChoiceField,
    ScopedInline,
    SmallNameSearch,
    Verb,
    VerbForm,
    figure,
    in_state,
    number,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.masks import mask_phone
from gonghui.partners import actions
from gonghui.partners.models import Clerk, Hall, Partner, Store

TONES = {"active": "success", "suspended": "warning", "exited": "danger"}


class StoreInline(ScopedInline):
    model = Store
    fields = ("name", "address", "phone")


class PlaceForm(VerbForm):
    parent = ScopedChoiceField(
        "partners.Partner",
        "parent",
        required=False,
        label=_("上级商户"),
        help_text=_("集团、商场或品牌；不填表示单独经营。"),
    )

    def facts(self) -> dict:
        above = self.cleaned_data["parent"]
        return {"parent_id": above.pk if above else None}


@admin.register(Partner)
class PartnerAdmin(ScopedAdmin):
    icon, order = "handshake", 10
    write_verb, export_verb = "partners.write", "reports.export"
    state_field = "state"
    search = SmallNameSearch("name")
    list_display = ("name", "kind", "union", "parent", "since", "stores_count", state_column("state", TONES))
    list_select_related = ("union", "parent")
    list_filter = (subtree_filter(), ("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    ordering = ("name",)
    fields = (("union", "parent"), ("name", "uscc"), ("kind", "group_kind"), ("since", "state"))
    empty_hint = _("商户在线申请入驻、审核通过后出现在这里；也可以直接新建。")
    inlines = (StoreInline,)
    verbs = (
        Verb("place", _("放到集团或商场下"), actions.place_partner, "partners.write", icon="account_tree", form=PlaceForm,
             when=lambda row: row.state != "exited", question=_("上级的负责人能看到它的账，也能添加它的店员。")),
        Verb("suspend", _("暂停合作"), actions.suspend_partner, "partners.write", icon="pause_circle", tone="danger",
             when=in_state("active"), form=ReasonForm,
             question=_("暂停后，它的场馆不再向会员展示，店员不能核销，直到恢复。")),
        Verb("resume", _("恢复合作"), actions.resume_partner, "partners.write", icon="link", tone="primary",
             when=in_state("suspended")),
        Verb("exit", _("终止合作"), actions.exit_partner, "partners.write", icon="link_off", tone="danger",
             when=in_state("active", "suspended"), form=ReasonForm,
             question=_("终止后不能恢复，协议随之终止。会员已领的券继续兑付 30 天；暂停中的商户立即停止兑付。")),
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(_stores=Count("stores"))

    def get_readonly_fields(self, request, obj=None) -> list:
        """Its place in the tree is given by a verb, which refuses a circle."""
        return [*super().get_readonly_fields(request, obj), "parent"]

    @display(description=_("场馆数"), ordering="_stores")
    def stores_count(self, row: Partner) -> Amount:
        return number(row._stores)


class HallInline(ScopedInline):
    model = Hall
    fields = ("name", "seats")


@admin.register(Store)
class StoreAdmin(ScopedAdmin):
    icon, order = "storefront", 20
    write_verb, export_verb = "partners.write", "reports.export"
    search = SmallNameSearch("name")
    list_display = ("name", "partner", "address", "phone", "halls_count")
    list_select_related = ("partner",)
    list_filter = (subtree_filter("partner__union__path"), related_filter("partner"))
    ordering = ("name",)
    fields = ("partner", "name", "address", ("latitude", "longitude"), "phone")
    inlines = (HallInline,)
    change_form_before_template = "partners/console/place.html"

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(_halls=Count("halls"))

    @display(description=_("厅"), ordering="_halls")
    def halls_count(self, row: Store) -> Amount:
        return number(row._halls)


@admin.register(Hall)
class HallAdmin(ScopedAdmin):
    icon, order = "event_seat", 30
    view_verb, write_verb = "partners.view", "partners.write"
    path_field = "store__partner__union__path"
    search = SmallNameSearch("store__name")
    list_display = ("name", "store", "seats")
    list_select_related = ("store",)
    list_filter = (subtree_filter("store__partner__union__path"), related_filter("store"))
    ordering = ("store__name", "name")
    fields = ("store", "name", "seats")


class OnDutyFilter(DropdownFilter):
    title, parameter_name = _("在岗"), "on_duty"

    def lookups(self, request, model_admin):
        return (("yes", _("在岗")), ("no", _("已离岗")))

    def queryset(self, request, queryset):
        asked = {"yes": Q(ended_at=None), "no": Q(ended_at__isnull=False)}.get(self.value())
        return queryset.filter(asked) if asked else queryset


class ClerkForm(forms.ModelForm):
    account = forms.CharField(
        label=_("手机号或登录名"), max_length=64, help_text=_("对方登录时用的手机号，须完整填写。")
    )

    class Meta:
        model = Clerk
        fields = ("store",)


@admin.register(Clerk)
class ClerkAdmin(ScopedAdmin):
    icon, order = "qr_code_scanner", 40
    write_verb = "partners.write"
    search = SmallNameSearch("user__display_name")
    list_display = (
        "who",
        "account",
        "store",
        when_column("created_at", _("上岗时间")),
        when_column("ended_at", _("离岗时间")),
    )
    list_select_related = ("user", "store")
    list_filter = (subtree_filter("store__partner__union__path"), related_filter("store"), OnDutyFilter)
    ordering = ("-id",)
    add_fieldsets = ((None, {"fields": ("store", "account")}),)
    fields = ("who", "account", "store", "created_at", "ended_at")
    empty_hint = _("添加店员后，对方登录就能在“核销台”核销。")

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "who", "account"] if obj else []

    verbs = (
        Verb("dismiss", _("离岗"), actions.dismiss_clerk, "partners.write", icon="person_remove", tone="danger",
             when=lambda clerk: clerk.ended_at is None, question=_("离岗后立即不能再核销。")),
    )  # fmt: skip

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = ClerkForm
        return super().get_form(request, obj, change=change, **kwargs)

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    @display(description=_("店员"))
    def who(self, row: Clerk) -> str:
        return str(row.user)

    @display(description=_("账号"))
    def account(self, row: Clerk) -> str:
        return mask_phone(row.user.phone) if row.user.phone else row.user.login

    def label_of(self, row: Clerk) -> str:
        return f"{row.user} · {row.store.name}"

    def save_model(self, request, obj, form, change) -> None:
        given = form.cleaned_data
        made = actions.appoint_clerk(request.actor, store_id=given["store"].pk, account=given["account"])
        obj.pk, obj.user = made.pk, made.user


@figure(needs="partners.view", order=40)
def partners_in_scope(actor: Actor) -> Figure:
    screen = admin.site._registry[Partner]
    found = screen.within(actor).filter(state="active")
    stores = admin.site._registry[Store].within(actor).filter(partner__state="active").count()
    return Figure(
        str(_("合作单位")), found.count(), "handshake", reverse("admin:partners_partner_changelist"),
        str(_("场馆 %s 个") % stores),
    )  # fmt: skip
