"""What forms ask about codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gonghui.kit.console import VerbForm
from gonghui.kit.errors import DomainError
from gonghui.orgs.codes import NO_EVIDENCE, Code, Evidence


def read_code(read: Callable[..., Code], *asked: Any, evidence: Evidence = NO_EVIDENCE) -> str | None:
    """Normalised, or the form says what is wrong with it."""
    try:
        return read(*asked, evidence).value
    except DomainError as error:
        raise forms.ValidationError(str(error)) from error


class CodeForm(VerbForm):
    uscc = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=40,
        required=False,
        help_text=_("18 位，照证书填写；留空就清除。"),
    )
    document = forms.CharField(
        label=_("证书文号"),
        max_length=80,
        required=False,
        help_text=_("代码通过校验的不用填；证书上的代码确实校验不过时，写证书或登记机关复函的文号。"),
    )
    reason = forms.CharField(
        label=_("原因"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("怎样核对过、为什么照原样登记；您的姓名一并记下。"),
    )  # fmt: skip
