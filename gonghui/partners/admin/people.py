"""Back-office screens of those who act for merchants, and where merchants are paid."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    related_filter,
    subtree_filter,
    when_column,
)
from gonghui.kit.masks import mask_account, mask_phone
from gonghui.partners import actions
from gonghui.partners.models import MerchantRole, PayoutAccount


class RoleForm(forms.ModelForm):
    account = forms.CharField(
        label=_("手机号或登录名"), max_length=64, help_text=_("对方登录时用的手机号，须完整填写。"),
        widget=UnfoldAdminTextInputWidget(),
    )  # fmt: skip

    class Meta:
        model = MerchantRole
        fields = ("partner", "store", "role")


@admin.register(MerchantRole)
class MerchantRoleAdmin(ScopedAdmin):
    """负责人 sees the money of all below, 店长 of what is named; both appoint clerks there."""

    icon, order = "badge", 35
    view_verb, write_verb = "partners.view", "partners.write"
    path_field = "partner__union__path"
    search = SmallNameSearch("partner__name")
    search_help_text = _("合作单位名称")
    empty_hint = _("入驻申请通过时，申请人自动成为负责人；也可以在这里指定。")
    list_display = (
        "who", "account", "role", "partner", "store", when_column("created_at", _("上任时间")),
        when_column("ended_at", _("离任时间")),
    )  # fmt: skip
    list_select_related = ("user", "partner", "store")
    list_filter = (
        subtree_filter("partner__union__path"), related_filter("partner"), ("role", ChoicesDropdownFilter),
    )  # fmt: skip
    ordering = ("-id",)
    add_fieldsets = ((None, {"fields": ("partner", "store", "role", "account")}),)
    fields = (("who", "account"), ("partner", "store"), "role", ("created_at", "ended_at"))
    verbs = (
        Verb("end", _("离任"), actions.end_merchant_role, "partners.write", icon="person_remove", tone="danger",
             when=lambda row: row.ended_at is None, question=_("离任后立即看不到商户的账，也不能签协议。")),
    )  # fmt: skip

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = RoleForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "who", "account"] if obj else []

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    @display(description=_("姓名"))
    def who(self, row: MerchantRole) -> str:
        return str(row.user)

    @display(description=_("账号"))
    def account(self, row: MerchantRole) -> str:
        return mask_phone(row.user.phone) if row.user.phone else row.user.login

    def label_of(self, row: MerchantRole) -> str:
        return f"{row.user} · {row.store or row.partner}"

    def save_model(self, request, obj, form, change) -> None:
        given = form.cleaned_data
        store = given.get("store")
        made = actions.appoint_merchant(
            request.actor, partner_id=given["partner"].pk, account=given["account"], role=given["role"],
            store_id=store.pk if store else None,
        )  # fmt: skip
        obj.pk, obj.user = made.pk, made.user


@admin.register(PayoutAccount)
class PayoutAccountAdmin(ScopedAdmin):
    """Entered by the merchant's owner on their own page; settlement pays to it."""

    icon, order = "account_balance", 37
    view_verb = "settlements.view"
    search = SmallNameSearch("partner__name")
    search_help_text = _("合作单位名称")
    empty_hint = _("由商户负责人在手机上“我的 › 商户 › 收款账户”里填写。")
    masks = {"account": mask_account}
    unmask_verb = "settlements.write"
    list_display = ("partner", "holder", "bank", "account", when_column("updated_at", _("更新时间")))
    list_select_related = ("partner",)
    list_filter = (subtree_filter("partner__union__path"),)
    ordering = ("-updated_at",)
    fields = ("partner", ("holder", "bank"), "account", ("entered_by", "updated_at"))

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False
