"""办什么: kind with its own fields, words, cover, holiday and partner; and who pays which part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from gonghui.activities.actions import ActivityText
from gonghui.activities.forms.parts import GuidedForm
from gonghui.activities.models import Activity, ActivityKind, HolidayPeriod
from gonghui.activities.places import place_choices
from gonghui.activities.rules import clean_details
from gonghui.benefits.actions.releases import CostSplit
from gonghui.kit import clock
from gonghui.kit.console import ScopedChoiceField
from gonghui.partners.models import Partner

COVERS = [
    ("", gettext_lazy("跟随类型")),
    ("river", gettext_lazy("江上夜游")),
    ("wetland", gettext_lazy("湿地")),
    ("moon", gettext_lazy("中秋月色")),
    ("national", gettext_lazy("国庆")),
    ("sport", gettext_lazy("运动")),
    ("film", gettext_lazy("电影")),
    ("culture", gettext_lazy("演出展览")),
    ("learning", gettext_lazy("学习")),
    ("lecture", gettext_lazy("讲座")),
    ("leisure", gettext_lazy("休闲")),
    ("family", gettext_lazy("亲子")),
]
PAYERS = (
    ("merchant", gettext_lazy("商家让利")),
    ("union", gettext_lazy("工会补贴")),
    ("employer", gettext_lazy("单位补贴")),
    ("points", gettext_lazy("积分抵扣")),
    ("worker", gettext_lazy("职工支付")),
)


class WhatForm(GuidedForm):
    union = ScopedChoiceField(
        "activities.Activity",
        "union",
        home="activities.write",
        label=gettext_lazy("主办工会"),
        help_text=gettext_lazy("由哪一级工会组织。"),
    )
    kind = forms.ChoiceField(label=gettext_lazy("类型"), widget=forms.RadioSelect)
    title = forms.CharField(
        label=gettext_lazy("活动名称"),
        max_length=80,
        help_text=gettext_lazy("会员第一眼看到的，20 个字以内最清楚。"),
    )
    summary = forms.CharField(label=gettext_lazy("一句话简介"), max_length=160, required=False)
    body = forms.CharField(
        label=gettext_lazy("详细介绍"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=6000,
        help_text=gettext_lazy("集合地点、流程、需要带什么、注意事项。"),
    )
    cover = forms.ChoiceField(
        label=gettext_lazy("封面"), choices=COVERS, required=False, widget=forms.RadioSelect
    )
    holiday = forms.ModelChoiceField(
        HolidayPeriod.objects.none(),
        label=gettext_lazy("节日"),
        required=False,
        empty_label=gettext_lazy("不属于某个节日"),
    )
    partner = forms.ModelChoiceField(
        Partner.objects.none(),
        label=gettext_lazy("合作单位"),
        required=False,
        empty_label=gettext_lazy("没有合作单位"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.code, kind.name) for kind in self.kinds]
        since = clock.today() - timedelta(days=30)
        self.fields["holiday"].queryset = HolidayPeriod.objects.filter(ends_on__gte=since).order_by(
            "starts_on"
        )
        partners = {choice.partner_id for choice in place_choices(self.actor)}
        self.fields["partner"].queryset = (
            Partner.objects.unscoped("partners of the places offered")
            .filter(pk__in=partners)
            .order_by("name")
        )
        for kind in self.kinds:
            for field in kind.fields:
                made = detail_field(field)
                made.is_needed = bool(field.get("required"))
                self.fields[self.detail_name(kind.code, field["code"])] = made

    @cached_property
    def kinds(self) -> list[ActivityKind]:
        return list(ActivityKind.objects.order_by("position"))

    @staticmethod
    def detail_name(kind: str, code: str) -> str:
        return f"of_{kind}_{code}"

    def detail_groups(self) -> Iterator[tuple[ActivityKind, list]]:
        """Every kind with its own fields, bound."""
        for kind in self.kinds:
            yield kind, [self[self.detail_name(kind.code, f["code"])] for f in kind.fields]

    def cover_choices(self) -> list[tuple[str, str, bool]]:
        chosen = self["cover"].value() or ""
        return [(key, name, key == chosen) for key, name in COVERS]

    def clean(self) -> dict:
        given = super().clean()
        kind = next((k for k in self.kinds if k.code == given.get("kind")), None)
        self.details: dict = {}
        for field in kind.fields if kind else ():
            name = self.detail_name(kind.code, field["code"])
            clean, problems = clean_details([field], {field["code"]: given.get(name)})
            self.details |= clean
            for problem in problems:
                self.add_error(name, problem)
        return given

    def text(self) -> ActivityText:
        given = self.cleaned_data
        return ActivityText(
            kind=given["kind"],
            title=given["title"].strip(),
            summary=given["summary"].strip(),
            body=given["body"].strip(),
            cover=given["cover"],
            details=self.details,
            holiday_id=getattr(given["holiday"], "pk", None),
            partner_id=getattr(given["partner"], "pk", None),
        )


def detail_field(field: dict) -> forms.Field:
    """Loose on purpose: what is wrong with a value is said by `rules.clean_details`, for this page and every other door."""
    label, facts = field["name"], {"required": False, "help_text": field.get("help", "")}
    if field["kind"] == "choice":
        return forms.ChoiceField(
            label=label, choices=[("", "—"), *((o, o) for o in field["options"])], **facts
        )
    if field["kind"] == "boolean":
        return forms.BooleanField(label=label, **facts)
    if field["kind"] == "integer":
        return forms.CharField(label=label, widget=forms.TextInput(attrs={"inputmode": "numeric"}), **facts)
    return forms.CharField(label=label, **facts)


class MoneyForm(GuidedForm):
    usage = forms.CharField(
        label=gettext_lazy("使用说明"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写在票面上，例如“请提前 30 分钟到码头”。"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in PAYERS:
            self.fields[f"pays_{name}"] = forms.DecimalField(
                label=label,
                required=False,
                decimal_places=2,
                validators=[MinValueValidator(0), MaxValueValidator(100_000)],
                widget=forms.TextInput(attrs={"inputmode": "decimal", "placeholder": "0"}),
            )

    def payer_fields(self) -> list:
        return [self[f"pays_{name}"] for name, _label in PAYERS]

    def split(self) -> CostSplit:
        given = getattr(self, "cleaned_data", {})
        amounts = {name: given.get(f"pays_{name}") or Decimal(0) for name, _label in PAYERS}
        return CostSplit(**{f"{name}_fen": int(amount * 100) for name, amount in amounts.items()})


class TextForm(WhatForm, MoneyForm):
    """A draft is mended: its words and its money."""

    parts = ("what", "money")


def text_of(activity: Activity) -> dict:
    """What `TextForm` starts with."""
    offer = activity.offer
    details = {WhatForm.detail_name(activity.kind.code, k): v for k, v in activity.details.items()}
    money = {f"pays_{name}": Decimal(getattr(offer, f"{name}_fen")) / 100 for name, _label in PAYERS}
    return {
        "union": activity.union_id,
        "kind": activity.kind.code,
        "title": activity.title,
        "summary": activity.summary,
        "body": activity.body,
        "cover": activity.cover,
        "holiday": activity.holiday_id,
        "partner": activity.partner_id,
        "usage": offer.terms,
        **details,
        **{name: amount or None for name, amount in money.items()},
    }
