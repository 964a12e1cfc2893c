"""What the forms of grants share."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class DatesInOrder(forms.ModelForm):
    """From `starts_on` to `ends_on`, which may be left open."""

    def clean(self) -> dict:
        given = super().clean()
        starts, ends = given.get("starts_on"), given.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("结束日期早于开始日期。"))
        return given
