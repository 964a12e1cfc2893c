"""A union as staff type it from papers, on every form that asks for one."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _

from gonghui.members.transfer_queries import union_named


def union_id_of(said: str) -> int:
    found = union_named(said)
    if found is None:
        raise forms.ValidationError(
            _("没有找到叫“{name}”的工会，或者不止一个。请核对全称，或填写代码。").format(name=said)
        )
    return found.pk
