from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(forms.Form):
    phone = forms.CharField(
        label=_("手机号"),
        help_text=_("用入会时登记的手机号。"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    code = forms.RegexField(
        r"^\d{6}$",
        label=_("短信验证码"),
        error_messages={"invalid": _("验证码是 6 位数字，请对照短信重新填写。")},
        widget=forms.TextInput(
            attrs={
                "class": "code-input",
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "maxlength": 6,
            }
        ),
    )
    union = forms.ChoiceField(
        label=_("所在工会"),
        required=False,
        choices=[
            ("a", "广州市总工会"),
            ("b", "粤港澳大湾区新就业形态劳动者（网约车、外卖、快递、货运）工会联合会"),
        ],
    )
    channel = forms.ChoiceField(
        label=_("怎么通知您"),
        choices=[("wechat", "微信消息"), ("sms", "短信")],
        widget=forms.RadioSelect,
        initial="wechat",
    )
    note = forms.CharField(
        label=_("想对主办方说的话"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
