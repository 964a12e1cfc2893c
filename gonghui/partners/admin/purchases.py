"""采购比选规定 in the back office: from which sum on how many quotes are compared; written at the root of the tree."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from gonghui.kit.console import ScopedAdmin, SmallNameSearch, money_column
from gonghui.kit.console.asking import YuanField
from gonghui.partners.models import PurchaseRule

FIELDS = ("above_fen", "quotes_min", "clause", "effective_from", "effective_until", "is_verified")


class PurchaseRuleForm(forms.ModelForm):
    above_fen = YuanField(label=_("一年从多少元起"), min_value=0, help_text=_("填 0 表示不论多少。"))

    class Meta:
        model = PurchaseRule
        fields = FIELDS

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        found = super().get_initial_for_field(field, field_name)
        return found / 100 if field_name == "above_fen" and found is not None else found


@admin.register(PurchaseRule)
class PurchaseRuleAdmin(ScopedAdmin):
    icon, order = "rule", 60
    view_verb, write_verb = "partners.view", "partners.review"
    search = SmallNameSearch("clause")
    search_help_text = _("依据")
    empty_hint = _("不写规定时，比选不限家数。写明从多少元起要比较几家，并写明依据。")
    form = PurchaseRuleForm
    fields = FIELDS
    list_display = (
        "clause",
        money_column(_("一年从多少元起"), "above_fen"),
        "quotes_min",
        "effective_from",
        "is_verified",
    )
    ordering = ("above_fen", "id")
