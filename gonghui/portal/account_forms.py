"""Forms of sign-in, identity and one's own account. What they hold is checked again by the actions."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from gonghui.kit.console.verbs import dress
from gonghui.kit.identifiers import read_document, read_person_name, read_phone
from gonghui.kit.papers import PAPER_KINDS
from gonghui.members.actions.corrections import PAPER_MAX_MB, Right
from gonghui.members.actions.delegations import RELATIONS
from gonghui.members.actions.verification import ID_TYPES
from gonghui.members.models.corrections import WORDS_MAX

PHONE_LOOKS = {"type": "tel", "inputmode": "numeric", "autocomplete": "tel", "maxlength": "20"}
PAPER_LOOKS = {"accept": ",".join(PAPER_KINDS)}
CODE_LOOKS = {
    "class": "code-input",
    "inputmode": "numeric",
    "autocomplete": "one-time-code",
    "maxlength": "12",
    "autofocus": True,
}


class AccountForm(forms.Form):
    """Errors stand beside the field they belong to."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", use_required_attribute=True, **kwargs)


class PhoneForm(AccountForm):
    phone = forms.CharField(
        label=_("手机号"),
        max_length=20,
        error_messages={"required": _("请填写手机号。")},
        widget=forms.TextInput({**PHONE_LOOKS, "placeholder": _("11 位手机号码"), "autofocus": True}),
    )

    def clean_phone(self) -> str:
        reading = read_phone(self.cleaned_data["phone"])
        if not reading.ok:
            raise forms.ValidationError(reading.message)
        return reading.value


class NewPhoneForm(PhoneForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].label = _("新手机号")


class SignInForm(PhoneForm):
    agree = forms.BooleanField(
        label=_("我已阅读并同意《个人信息保护说明》"),
        error_messages={"required": _("请先阅读并勾选同意。")},
    )


class CodeForm(AccountForm):
    phone = forms.CharField(max_length=20, widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("短信验证码"),
        max_length=12,
        error_messages={"required": _("请填写短信里的 6 位数字。")},
        widget=forms.TextInput(CODE_LOOKS),
    )


class ProofForm(AccountForm):
    tail = forms.CharField(
        label=_("证件号码的后四位"),
        max_length=12,
        error_messages={"required": _("请填写证件号码的后四位。")},
        widget=forms.TextInput(
            CODE_LOOKS | {"autocomplete": "off", "inputmode": "text", "autocapitalize": "characters"}
        ),
    )


class PasswordForm(AccountForm):
    login = forms.CharField(
        label=_("登录名"),
        max_length=64,
        error_messages={"required": _("请填写登录名。")},
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=256,
        strip=False,
        error_messages={"required": _("请填写密码。")},
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class NewPasswordForm(forms.Form):
    """In the console's look. How good the new one is, the action says."""

    old = forms.CharField(
        label=_("原密码"),
        max_length=256,
        strip=False,
        error_messages={"required": _("请填写原密码。")},
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )
    new = forms.CharField(
        label=_("新密码"),
        max_length=256,
        strip=False,
        help_text=_("至少 10 个字符，不能全是数字，也不要用常见的密码。可以用一句只有自己记得的话。"),
        error_messages={"required": _("请填写新密码。")},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再填一次新密码"),
        max_length=256,
        strip=False,
        error_messages={"required": _("请再填一次新密码。")},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for field in self.fields.values():
            dress(field)

    def clean(self) -> dict:
        entered = super().clean()
        if "new" in entered and "again" in entered and entered["new"] != entered["again"]:
            self.add_error("again", _("两次填写的新密码不一样。"))
        return entered


class TotpForm(AccountForm):
    code = forms.CharField(
        label=_("动态验证码"),
        max_length=20,
        error_messages={"required": _("请填写验证器里的 6 位数字。")},
        widget=forms.TextInput(CODE_LOOKS),
    )


class NewCodesForm(forms.Form):
    """In the console's look."""

    code = forms.CharField(
        label=_("验证器里现在的 6 位数字"),
        max_length=12,
        error_messages={"required": _("请填写验证器里的 6 位数字。")},
        widget=forms.TextInput(CODE_LOOKS),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for field in self.fields.values():
            dress(field)


class IdentityForm(AccountForm):
    name = forms.CharField(
        label=_("姓名"),
        max_length=60,
        help_text=_("与证件上完全一致，少数民族姓名里的间隔点也要写。"),
        error_messages={"required": _("请填写姓名。")},
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    id_type = forms.ChoiceField(label=_("证件类型"), choices=list(ID_TYPES.items()), initial="resident_id")
    id_no = forms.CharField(
        label=_("证件号码"),
        max_length=40,
        error_messages={"required": _("请填写证件号码。")},
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    consent = forms.BooleanField(
        label=_("我同意工会用我的姓名和证件号码核验身份"),
        help_text=_("只用来核对您是不是工会会员，加密保存，不给单位、商家或别人看。可以随时撤回。"),
        error_messages={"required": _("核验需要您的同意。不同意也可以继续浏览，只是不能领取福利。")},
    )

    def clean_name(self) -> str:
        reading = read_person_name(self.cleaned_data["name"])
        if not reading.ok:
            raise forms.ValidationError(reading.message)
        return reading.value

    def clean(self) -> dict:
        facts = super().clean()
        if "id_no" in facts and "id_type" in facts:
            reading = read_document(facts["id_type"], facts["id_no"], typed=True)
            if reading.ok:
                facts["id_no"] = reading.value
            else:
                self.add_error("id_no", reading.message)
        return facts


class CorrectionForm(AccountForm):
    """Only what is wrong is filled in. Birthday and gender are asked where no resident's number tells them."""

    name = forms.CharField(
        label=_("正确的姓名"), max_length=60, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    id_type = forms.ChoiceField(label=_("证件类型"), choices=list(ID_TYPES.items()), required=False)
    id_no = forms.CharField(
        label=_("正确的证件号码"),
        max_length=40,
        required=False,
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    birth_date = forms.DateField(
        label=_("正确的出生日期"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    gender = forms.ChoiceField(
        label=_("正确的性别"),
        required=False,
        choices=[("", _("不用改")), ("male", _("男")), ("female", _("女"))],
    )
    words = forms.CharField(
        label=_("补充说明"),
        max_length=WORDS_MAX,
        required=False,
        widget=forms.Textarea({"rows": 2, "placeholder": _("例如：名册里的字打错了")}),
    )
    paper_1 = forms.FileField(label=_("证件正面"), required=False, widget=forms.FileInput(PAPER_LOOKS))
    paper_2 = forms.FileField(label=_("证件反面"), required=False, widget=forms.FileInput(PAPER_LOOKS))

    def __init__(self, *args, tells_birthday: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if tells_birthday:
            del self.fields["birth_date"], self.fields["gender"]

    def right(self) -> Right:
        given = self.cleaned_data
        return Right(
            name=given["name"] or None,
            id_type=given["id_type"],
            id_no=given["id_no"] or None,
            birth_date=given.get("birth_date"),
            gender=given.get("gender") or None,
            words=given["words"],
        )

    def papers(self) -> list[bytes]:
        """Of what is too large no more is read than shows it."""
        most = PAPER_MAX_MB * 2**20 + 1
        given = (self.cleaned_data["paper_1"], self.cleaned_data["paper_2"])
        return [file.read(most) for file in given if file]


class DelegationForm(PhoneForm):
    field_order = ("name", "phone", "relation")
    name = forms.CharField(
        label=_("对方姓名"),
        max_length=60,
        error_messages={"required": _("请填写对方的姓名。")},
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    relation = forms.ChoiceField(
        label=_("关系"), choices=list(RELATIONS.items()), initial="family", widget=forms.RadioSelect
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].label = _("对方手机号")
        self.fields["phone"].widget.attrs |= {"autocomplete": "off", "autofocus": False}


class DelegationCodeForm(CodeForm):
    name = forms.CharField(max_length=60, widget=forms.HiddenInput)
    relation = forms.ChoiceField(choices=list(RELATIONS.items()), widget=forms.HiddenInput)
