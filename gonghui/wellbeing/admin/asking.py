"""What the screens of this app ask for."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.console import VerbForm
from gonghui.kit.console.asking import YuanField, day_field
from gonghui.partners.models import Store
from gonghui.wellbeing.actions.plans import SlotPlan
from gonghui.wellbeing.models import HealthPlan, Package
from gonghui.wellbeing.queries import group_names

WEEKDAYS = (
    (1, gettext_lazy("周一")), (2, gettext_lazy("周二")), (3, gettext_lazy("周三")), (4, gettext_lazy("周四")),
    (5, gettext_lazy("周五")), (6, gettext_lazy("周六")), (7, gettext_lazy("周日")),
)  # fmt: skip
HOURS = re.compile(r"^(\d{1,2}):(\d{2})\s*[-–—到至]\s*(\d{1,2}):(\d{2})$")
LIST_LINES_MAX = 5_000


class FenField(YuanField):
    """A column of fen, shown and typed in yuan."""

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / 100 if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return initial != self.clean(data)
        except ValidationError:
            return True


class PackageForm(forms.ModelForm):
    list_fen = FenField(label=gettext_lazy("原价（元）"), min_value=Decimal("0.01"))
    co_pay_fen = FenField(label=gettext_lazy("职工自付（元）"), min_value=Decimal("0.01"))
    subsidy_fen = FenField(label=gettext_lazy("工会补贴（元）"), min_value=0)
    concession_fen = FenField(label=gettext_lazy("医院优惠（元）"), min_value=0)

    class Meta:
        model = Package
        fields = ("store", "title", "includes", "list_fen", "co_pay_fen", "subsidy_fen", "concession_fen")
        widgets = {"includes": forms.Textarea(attrs={"rows": 2})}


class PlanForm(forms.ModelForm):
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("面向的群体"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text=gettext_lazy("新就业形态群体，可以选几个；名单上的人另外算。"),
    )

    class Meta:
        model = HealthPlan
        fields = ("groups",)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            self.fields["groups"].choices = list(group_names().items())

    def clean_quota(self) -> int:
        """The database's check has a counter in it that no form shows."""
        if self.cleaned_data["quota"] < 1:
            raise ValidationError(_("名额至少 1 个。"))
        return self.cleaned_data["quota"]


class SlotsForm(VerbForm):
    store_id = forms.ModelChoiceField(None, label=gettext_lazy("体检机构"), empty_label=None)
    first = day_field(gettext_lazy("从哪天"))
    last = day_field(gettext_lazy("到哪天"))
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("星期"),
        choices=WEEKDAYS,
        coerce=int,
        widget=forms.SelectMultiple(attrs={"size": 7}),
    )
    hours = forms.CharField(
        label=gettext_lazy("时段"),
        widget=forms.Textarea(attrs={"rows": 4}),
        initial="08:00-09:00\n09:00-10:00\n10:00-11:00",
        help_text=gettext_lazy("一行一个，例如 08:00-09:00。"),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("每个时段多少人"), min_value=1, max_value=2_000, initial=20
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        stores = Store.objects.unscoped("the hospitals of a plan in hand")
        self.fields["store_id"].queryset = stores.filter(health_packages__plan=self.row).distinct()

    def clean_hours(self) -> tuple[tuple[dt.time, dt.time], ...]:
        found = []
        for line in filter(None, (text.strip() for text in self.cleaned_data["hours"].splitlines())):
            fits = HOURS.match(line.replace("：", ":"))
            try:
                a, b, c, d = map(int, fits.groups()) if fits else (24, 0, 0, 0)
                span = dt.time(a, b), dt.time(c, d)
            except ValueError:
                span = None
            if span is None or span[0] >= span[1]:
                raise ValidationError(_("“%s”不是时段，请写成 08:00-09:00。") % line)
            found.append(span)
        return tuple(found)

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        plan = SlotPlan(
            store_id=given["store_id"].pk,
            first=given["first"],
            last=given["last"],
            weekdays=frozenset(given["weekdays"]),
            hours=given["hours"],
            capacity=given["capacity"],
        )
        return {"slots": plan}


class ListForm(VerbForm):
    id_numbers = forms.CharField(
        label=gettext_lazy("证件号码"),
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("一行一个完整的居民身份证号。有一个对不上，就一个也不加入。"),
    )

    def clean_id_numbers(self) -> list[str]:
        found = [
            text.strip().upper() for text in self.cleaned_data["id_numbers"].splitlines() if text.strip()
        ]
        if len(found) > LIST_LINES_MAX:
            raise ValidationError(_("一次最多 %d 行。") % LIST_LINES_MAX)
        return found


class CapacityForm(VerbForm):
    capacity = forms.IntegerField(label=gettext_lazy("可约人数"), min_value=0, max_value=2_000)
