"""The merchant's forms; what they hold is checked again by the actions."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from gonghui.kit.identifiers import read_phone, read_uscc
from gonghui.orgs.models import Union
from gonghui.partners.models import PartnerKind
from gonghui.portal.account_forms import AccountForm, CodeForm, PhoneForm

STORES_MAX = 50


class ApplyForm(AccountForm):
    """Nothing is required to save a draft; what is missing to submit, the action says."""

    company = forms.CharField(label=_("单位全称"), max_length=96, required=False)
    uscc = forms.CharField(
        label=_("统一社会信用代码"), max_length=24, required=False, help_text=_("营业执照上的 18 位代码。")
    )
    kind = forms.ChoiceField(
        label=_("类别"), required=False, choices=[("", _("请选择")), *PartnerKind.choices]
    )
    union = forms.ModelChoiceField(
        label=_("向哪个工会申请"), required=False, queryset=None, empty_label=_("请选择")
    )
    contact_name = forms.CharField(label=_("联系人"), max_length=50, required=False)
    contact_phone = forms.CharField(
        label=_("联系电话"), max_length=20, required=False, widget=forms.TextInput({"type": "tel"})
    )
    stores = forms.CharField(
        label=_("门店"), required=False, max_length=8000, widget=forms.Textarea({"rows": 4}),
        help_text=_("一行一家：名称，地址。"),
    )  # fmt: skip
    offer = forms.CharField(
        label=_("愿意给职工的优惠"), required=False, max_length=1000, widget=forms.Textarea({"rows": 3})
    )
    percent = forms.DecimalField(
        label=_("让利（%）"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=1,
        help_text=_("八五折填 15。"),
    )
    licence = forms.FileField(
        label=_("营业执照"), required=False, help_text=_("JPG、PNG 或 PDF，不超过 5 MB。"),
        widget=forms.FileInput({"accept": "image/jpeg,image/png,application/pdf"}),
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        unions = Union.objects.unscoped("whoever applies chooses whom to ask").filter(
            kind__in=("city", "district")
        )
        self.fields["union"].queryset = unions.order_by("path")
        self.fields["union"].label_from_instance = lambda union: union.name

    def clean_uscc(self) -> str:
        return self._read("uscc", read_uscc)

    def clean_contact_phone(self) -> str:
        return self._read("contact_phone", read_phone)

    def _read(self, name: str, read) -> str:
        if not self.cleaned_data[name]:
            return ""
        reading = read(self.cleaned_data[name])
        if not reading.ok:
            raise forms.ValidationError(reading.message)
        return reading.value

    def clean_stores(self) -> list[dict[str, str]]:
        lines = [line.strip() for line in self.cleaned_data["stores"].splitlines() if line.strip()]
        if len(lines) > STORES_MAX:
            raise forms.ValidationError(_("一次最多填 50 家门店。"))
        parts = [line.replace(",", "，").partition("，") for line in lines]
        if any(len(name.strip()) > 96 or len(address.strip()) > 200 for name, _comma, address in parts):
            raise forms.ValidationError(_("门店名称最多 96 字，地址最多 200 字。"))
        return [{"name": name.strip(), "address": address.strip()} for name, _comma, address in parts]

    def filled(self) -> dict:
        entered = dict(self.cleaned_data)
        entered.pop("licence")
        percent: Decimal | None = entered.pop("percent")
        return entered | {"concession_permille": None if percent is None else int(percent * 10)}


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


class ClerkForm(PhoneForm):
    """Several stand on one page: none takes the focus."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].label = _("店员手机号")
        self.fields["phone"].widget.attrs |= {"autofocus": False, "autocomplete": "off"}
