"""The merchant's forms; what they hold is checked again by the actions."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from gonghui.partners.forms import ApplicationFields
from gonghui.portal.account_forms import AccountForm, CodeForm, PhoneForm


class ApplyForm(AccountForm, ApplicationFields):
    """Nothing is required to save; every field that is needed to submit says so, and the action says what is missing."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False

    def full_clean(self) -> None:
        needed = [field for field in self.fields.values() if field.required]
        for field in needed:
            field.required = False
        super().full_clean()
        for field in needed:
            field.required = True


class LeaveForm(AccountForm):
    reason = forms.CharField(
        label=_("为什么退出"), max_length=200, widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("请写明退出的原因。")},
    )  # fmt: skip


class PayoutForm(AccountForm):
    holder = forms.CharField(
        label=_("户名"),
        max_length=96,
        help_text=_("与营业执照一致。"),
        error_messages={"required": _("请填写户名。")},
    )
    bank = forms.CharField(
        label=_("开户银行"), max_length=96, help_text=_("写到支行，例如：中国银行江南中路支行。"),
        error_messages={"required": _("请填写开户银行。")},
    )  # fmt: skip
    account = forms.CharField(
        label=_("账号"), max_length=48, widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": _("请填写账号。")},
    )  # fmt: skip


def filled_in(row) -> dict:
    """What the form shows of a saved application."""
    names = ("company", "uscc", "kind", "union", "contact_name", "contact_phone", "offer")
    lines = "\n".join("，".join(filter(None, (s["name"], s["address"]))) for s in row.stores)
    percent = None if row.concession_permille is None else Decimal(row.concession_permille) / 10
    return {name: getattr(row, name) for name in names} | {"stores": lines, "percent": percent}


class NameForm(AccountForm):
    name = forms.CharField(
        label=_("签署人姓名"), max_length=50, error_messages={"required": _("请填写签署人姓名。")},
        widget=forms.TextInput({"autocomplete": "name"}),
    )  # fmt: skip
    text_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)


class SignForm(CodeForm):
    phone = None
    name = forms.CharField(max_length=50, widget=forms.HiddenInput)
    text_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)


class PlaceForm(AccountForm):
    """Phones say more digits than are kept."""

    latitude = forms.DecimalField(
        label=_("纬度"), widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": _("请填写纬度，或在图上点一下。"), "invalid": _("纬度要写成数字，例如 23.129100。")},
    )  # fmt: skip
    longitude = forms.DecimalField(
        label=_("经度"), widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": _("请填写经度，或在图上点一下。"), "invalid": _("经度要写成数字，例如 113.264400。")},
    )  # fmt: skip


class ClerkForm(PhoneForm):
    """Several stand on one page: none takes the focus."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].label = _("店员手机号")
        self.fields["phone"].widget.attrs |= {"autofocus": False, "autocomplete": "off"}
