"""What a worker fills in to join. What it holds is judged again by the action, in the same words by every channel."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gonghui.joining.actions import Told
from gonghui.joining.actions.applying import EMPLOYER_MAX
from gonghui.joining.models import JoinApplication
from gonghui.joining.queries import groups
from gonghui.members.criteria import read_identity
from gonghui.members.roster.values import DOCUMENT_LABELS

DOCUMENT_LOOKS = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class ApplyForm(forms.Form):
    """Of a verified account name and document are on record, and not asked."""

    name = forms.CharField(
        label=_("姓名"), max_length=60, help_text=_("与证件上完全一致，少数民族姓名里的间隔点也要写。"),
        error_messages={"required": _("请填写姓名。")}, widget=forms.TextInput({"autocomplete": "name"}),
    )  # fmt: skip
    id_type = forms.ChoiceField(
        label=_("证件类型"), choices=list(DOCUMENT_LABELS.items()), initial="resident_id"
    )
    id_no = forms.CharField(
        label=_("证件号码"), max_length=40, error_messages={"required": _("请填写证件号码。")},
        widget=forms.TextInput(DOCUMENT_LOOKS),
    )  # fmt: skip
    group = forms.ChoiceField(label=_("职业群体"), required=False)
    employer = forms.CharField(
        label=_("工作单位或平台"),
        max_length=EMPLOYER_MAX,
        required=False,
        help_text=_("例如货运公司、配送站、平台名称；没有就不填。"),
    )
    consent = forms.BooleanField(
        label=_("我自愿加入工会，遵守《中国工会章程》，同意工会使用以上信息审核入会"),
        help_text=_("只给您申请的工会和它的上级工会看，证件号码和手机号加密保存。可以随时撤回。"),
        error_messages={"required": _("申请入会需要您的同意。不同意也可以继续浏览活动。")},
    )

    def __init__(self, *args: Any, is_verified: bool = False, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)
        others = _("都不是，或不确定")
        group: Any = self.fields["group"]
        group.choices = [("", others), *groups().items()]
        if is_verified:
            for name in ("name", "id_type", "id_no"):
                del self.fields[name]

    def clean(self) -> dict:
        facts = super().clean()
        if {"name", "id_type", "id_no"} <= set(facts):
            identity, wrong = read_identity(facts["name"], facts["id_type"], facts["id_no"])
            for one in wrong:
                field, _kind, _rest = one.code.partition("_")
                said = one.sentence.partition("：")[2] or one.sentence
                self.add_error("name" if field == "name" else "id_no", said)
            if identity:
                facts |= {"name": identity.name, "id_no": identity.id_no}
        return facts

    def told(self, **where: Any) -> Told:
        facts = {name: value for name, value in self.cleaned_data.items() if name != "consent"}
        return Told(**where, **facts)


def filled_from(row: JoinApplication) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("name", "id_type", "id_no", "group", "employer")}
