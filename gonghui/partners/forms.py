"""What a merchant says of itself, wherever it is asked; what it holds is checked again by the actions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gonghui.kit.identifiers import read_phone, read_uscc
from gonghui.orgs.models import Union
from gonghui.partners.licences import LICENCE_MAX_MB
from gonghui.partners.models import PartnerKind

STORES_MAX = 50


class ApplicationFields(forms.Form):
    company = forms.CharField(
        label=_("单位全称"),
        max_length=96,
        help_text=_("与营业执照一致。"),
        error_messages={"required": _("请填写单位全称。")},
    )
    uscc = forms.CharField(
        label=_("统一社会信用代码"), max_length=24, help_text=_("营业执照上的 18 位代码。"),
        error_messages={"required": _("请填写统一社会信用代码。")},
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("类别"),
        choices=[("", _("请选择")), *PartnerKind.choices],
        error_messages={"required": _("请选择类别。")},
    )
    union = forms.ModelChoiceField(
        label=_("向哪个工会申请"),
        queryset=None,
        empty_label=_("请选择"),
        error_messages={"required": _("请选择受理的工会。")},
    )
    contact_name = forms.CharField(
        label=_("联系人"), max_length=50, error_messages={"required": _("请填写联系人。")}
    )
    contact_phone = forms.CharField(
        label=_("联系电话"), max_length=20, widget=forms.TextInput({"type": "tel"}),
        error_messages={"required": _("请填写联系电话。")},
    )  # fmt: skip
    stores = forms.CharField(
        label=_("门店"), max_length=8000, widget=forms.Textarea({"rows": 4}), help_text=_("一行一家：名称，地址。"),
        error_messages={"required": _("请至少填写一家门店。")},
    )  # fmt: skip
    offer = forms.CharField(
        label=_("愿意给职工的优惠"), max_length=1000, widget=forms.Textarea({"rows": 3}),
        help_text=_("例如：职工用餐八五折，骑手 13:00–14:00 七折。"), error_messages={"required": _("请写明愿意给职工的优惠。")},
    )  # fmt: skip
    percent = forms.DecimalField(
        label=_("让利（%）"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=1,
        help_text=_("八五折填 15。"),
    )
    licence = forms.FileField(
        label=_("营业执照"), required=False, help_text=_("JPG、PNG 或 PDF，不超过 5 MB，加密保存。"),
        widget=forms.FileInput({"accept": "image/jpeg,image/png,application/pdf"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        unions = Union.objects.unscoped("whoever applies chooses whom to ask").filter(
            kind__in=("city", "district")
        )
        choice: Any = self.fields["union"]
        choice.queryset = unions.order_by("path")
        choice.label_from_instance = lambda union: union.name

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

    def filled(self) -> dict[str, Any]:
        """The columns of an application."""
        entered = dict(self.cleaned_data)
        entered.pop("licence")
        percent: Decimal | None = entered.pop("percent")
        return entered | {"concession_permille": None if percent is None else int(percent * 10)}

    def licence_bytes(self) -> tuple[str, bytes] | None:
        """Its name and content. One byte over the limit is read, no more: enough to refuse it."""
        given = self.cleaned_data["licence"]
        return (given.name, given.read(LICENCE_MAX_MB * 1024 * 1024 + 1)) if given else None
