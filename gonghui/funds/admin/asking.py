"""Forms of the money pages, and the one way they are asked."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.actions import rules as actions
from gonghui.funds.actions.budgets import BudgetTerms
from gonghui.funds.actions.rules import RuleTerms
from gonghui.funds.festivals import FESTIVALS
from gonghui.funds.models import BenefitRule, Budget, FundSource
from gonghui.funds.models.budgets import BudgetCategory, ExpenseClass
from gonghui.funds.models.rules import BenefitCategory
from gonghui.funds.models.sources import SourceKind, SourceLevel
from gonghui.funds.queries import budgets_to_take_from, sources_to_take_from
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import ReasonForm, VerbForm, home_of
from gonghui.kit.console.asking import FEN, YUAN_MAX, YuanField, ask, day_field  # noqa: F401 - `ask` for the pages
from gonghui.kit.scope import BySubtree
from gonghui.orgs.models import Union


def written_unions(actor: Actor, verb: str) -> QuerySet[Union]:
    found = Union.objects.unscoped("narrowed to what the actor writes to")
    return found.filter(BySubtree("path", verb=verb).condition(actor)).order_by("path")


class SourceForm(forms.Form):
    union = forms.ModelChoiceField(None, label=gettext_lazy("工会"), empty_label=gettext_lazy("请选择"))
    name = forms.CharField(
        label=gettext_lazy("名称"), max_length=96, help_text=gettext_lazy("例如：2026 年工会经费。")
    )
    kind = forms.ChoiceField(label=gettext_lazy("性质"), choices=SourceKind)
    level = forms.ChoiceField(
        label=gettext_lazy("级别"),
        choices=SourceLevel,
        help_text=gettext_lazy("按这笔钱归哪一级工会选，能买什么由它决定。"),
    )

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["union"].queryset = written_unions(actor, "funds.write")
        self.fields["union"].initial = home_of(actor, "funds.write")

    def facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ReceiptForm(VerbForm):
    amount_fen = YuanField(min_value=FEN)
    document = forms.CharField(
        label=gettext_lazy("凭证号"),
        max_length=64,
        help_text=gettext_lazy("银行回单或拨款文号；同一凭证只记一次。"),
    )
    received_on = day_field(gettext_lazy("到账日期"))
    key = forms.UUIDField(widget=forms.HiddenInput)


def new_key(_row: Any) -> dict[str, Any]:
    return {"key": uuid4(), "received_on": clock.today()}


class TermsForm(forms.Form):
    """The terms of a budget; the place it takes from is asked of new ones."""

    name = forms.CharField(label=gettext_lazy("预算名称"), max_length=96)
    category = forms.ChoiceField(label=gettext_lazy("用途"), choices=BudgetCategory)
    expense_class = forms.ChoiceField(
        label=gettext_lazy("支出类别"),
        choices=[("", gettext_lazy("请选择")), *ExpenseClass.choices],
        help_text=gettext_lazy("按工会会计制度；年度汇总按它合计。"),
    )
    amount_fen = YuanField(min_value=FEN)
    starts_on = day_field(gettext_lazy("开始日期"))
    ends_on = day_field(gettext_lazy("截止日期"))
    resolution = forms.CharField(
        label=gettext_lazy("集体决策记录"), max_length=120, required=False,
        help_text=gettext_lazy("会议名称、日期和文号。提交前必填。"),
    )  # fmt: skip

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor = actor

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("starts_on") and given.get("ends_on") and given["starts_on"] > given["ends_on"]:
            self.add_error("ends_on", _("开始日期不能晚于截止日期。"))
        return given

    def terms(self) -> BudgetTerms:
        return BudgetTerms(**{name: self.cleaned_data[name] for name in BudgetTerms.__slots__})

    def facts(self) -> dict[str, Any]:
        return {"terms": self.terms()}


class BudgetForm(TermsForm):
    union = forms.ModelChoiceField(None, label=gettext_lazy("工会"), empty_label=gettext_lazy("请选择"))
    taken_from = forms.ChoiceField(
        label=gettext_lazy("从哪里出"), help_text=gettext_lazy("上级的钱要由上级工会的财务人员批准。")
    )
    field_order = (
        "union",
        "taken_from",
        "name",
        "category",
        "expense_class",
        "amount_fen",
        "starts_on",
        "ends_on",
        "resolution",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["union"].queryset = written_unions(self.actor, "budgets.write")
        self.fields["union"].initial = home_of(self.actor, "budgets.write")
        budgets = [(f"b{b.pk}", f"{b.union.name} · {b.name}") for b in budgets_to_take_from(self.actor)]
        sources = [(f"s{s.pk}", f"{s.union.name} · {s.name}") for s in sources_to_take_from(self.actor)]
        self.fields["taken_from"].choices = [(_("预算"), budgets), (_("经费来源"), sources)]

    def facts(self) -> dict[str, Any]:
        taken_from = self.cleaned_data["taken_from"]
        place = {"b": "parent_id", "s": "source_id"}[taken_from[0]]
        return {"union": self.cleaned_data["union"], "terms": self.terms(), place: int(taken_from[1:])}


class ClassForm(VerbForm):
    expense_class = forms.ChoiceField(
        label=gettext_lazy("支出类别"), choices=[("", gettext_lazy("请选择")), *ExpenseClass.choices]
    )


class ChangeForm(ReasonForm):
    delta_fen = YuanField(
        label=gettext_lazy("增减（元）"),
        help_text=gettext_lazy("追加写正数，核减写负数。"),
        min_value=-YUAN_MAX,
    )
    resolution = forms.CharField(label=gettext_lazy("集体决策记录"), max_length=120)
    field_order = ("delta_fen", "reason", "resolution")


class ShareField(forms.CharField):
    """ "15%" or "2/3", as (15, 100) or (2, 3)."""

    def clean(self, value: Any) -> tuple[int, int] | None:
        typed = "".join(super().clean(value).split()).replace("％", "%").replace("／", "/")
        if not typed:
            return None
        found = re.fullmatch(r"(\d{1,3})(?:%|/(\d{1,3}))", typed)
        part, whole = (int(found[1]), int(found[2] or 100)) if found else (0, 0)
        if not 1 <= part <= whole:
            raise forms.ValidationError(_("请写成 15% 或 2/3，不超过全部人数。"))
        return part, whole


class MonthDayField(forms.CharField):
    """ "3-31" or "03-31", as "03-31"."""

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        try:
            return f"{date.fromisoformat(f'2024-{self._padded(typed)}'):%m-%d}" if typed else ""
        except ValueError:
            raise forms.ValidationError(_("请写成月-日，例如 03-31。")) from None

    def _padded(self, typed: str) -> str:
        return "-".join(part.zfill(2) for part in typed.replace("月", "-").replace("日", "").split("-"))


class RuleForm(forms.Form):
    region = forms.ModelChoiceField(
        None,
        empty_label=gettext_lazy("请选择"),
        label=gettext_lazy("适用地区"),
        help_text=gettext_lazy("包括它的下级地区。"),
    )
    category = forms.ChoiceField(label=gettext_lazy("用途"), choices=BenefitCategory)
    festival = forms.ChoiceField(
        label=gettext_lazy("节日"),
        required=False,
        choices=[("", gettext_lazy("所有节日合计")), *FESTIVALS.items()],
    )
    source_kind = forms.ChoiceField(
        label=gettext_lazy("经费性质"),
        required=False,
        choices=[("", gettext_lazy("不限")), *SourceKind.choices],
    )
    source_level = forms.ChoiceField(
        label=gettext_lazy("经费级别"),
        required=False,
        choices=[("", gettext_lazy("不限")), *SourceLevel.choices],
    )
    cap_fen = YuanField(
        label=gettext_lazy("每人限额（元）"), min_value=0, required=False,
        help_text=gettext_lazy("填 0 表示不许；不填表示没有金额限制，只有下面的要求。"),
    )  # fmt: skip
    period = forms.ChoiceField(label=gettext_lazy("周期"), choices=BenefitRule.Period)
    max_count = forms.IntegerField(
        label=gettext_lazy("每个周期最多几次"), required=False, min_value=1, max_value=999
    )
    share = ShareField(
        label=gettext_lazy("至多占参加人数的"), required=False, max_length=9,
        help_text=gettext_lazy("写成 15% 或 2/3。发放时要写明参加人数，名单超出就不能提交。"),
    )  # fmt: skip
    given_until = MonthDayField(
        label=gettext_lazy("每年最晚发放日"), required=False, max_length=6,
        help_text=gettext_lazy("月-日，例如 03-31。过了这一天不能再发。"),
    )  # fmt: skip
    spent_until = MonthDayField(
        label=gettext_lazy("每年最晚使用日"), required=False, max_length=6,
        help_text=gettext_lazy("月-日，例如 10-31。发出去的福豆最晚到这一天有效；比最晚发放日早的，算第二年。"),
    )  # fmt: skip
    most_days = forms.IntegerField(
        label=gettext_lazy("最多几天"), required=False, min_value=1, max_value=60,
        help_text=gettext_lazy("含往返路途；要求当日往返的填 1。"),
    )  # fmt: skip
    most_days_paired = forms.IntegerField(
        label=gettext_lazy("去对口地区最多几天"), required=False, min_value=1, max_value=60,
        help_text=gettext_lazy("对口支援、东西部协作地区另有规定的才填。"),
    )  # fmt: skip
    condition = forms.CharField(
        label=gettext_lazy("须确认的要求"), required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("系统核对不了、要经办人自己确认的，例如“在本市范围内，当日往返”。确认的原话和发放一起留存。"),
    )  # fmt: skip
    effective_from = day_field(gettext_lazy("生效日期"))
    clause = forms.CharField(
        label=gettext_lazy("依据"),
        max_length=200,
        help_text=gettext_lazy("文件名称、文号和条款，会员要能查到。"),
    )

    shown_when = {
        "festival": ("category", "festival"),
        "share": ("category", "training event_prize team_prize"),
        "given_until": ("category", "festival birthday"),
        "spent_until": ("category", "festival birthday"),
        "most_days": ("category", "outing retreat"),
        "most_days_paired": ("category", "retreat"),
    }
    halves = ("source_kind", "source_level", "cap_fen", "period", "given_until", "spent_until", "most_days",
              "most_days_paired")  # fmt: skip

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = actions.regions_of(actor).order_by("code")
        self.fields["region"].label_from_instance = lambda region: region.name

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        few, many = given.get("most_days"), given.get("most_days_paired")
        if many is not None and (few is None or many < few):
            self.add_error("most_days_paired", _("要先填“最多几天”，对口地区的天数不能比它少。"))
        return given

    def facts(self) -> dict[str, Any]:
        asked = dict(self.cleaned_data)
        for name, (other, values) in self.shown_when.items():
            if asked[other] not in values.split():  # typed, then another category chosen
                asked[name] = "" if name in ("festival", "given_until", "spent_until") else None
        given = {name: asked[name] for name in self.fields if name not in ("region", "share")}
        given["share_part"], given["share_whole"] = asked["share"] or (None, None)
        return {"region": self.cleaned_data["region"], "terms": RuleTerms(**given)}


class NothingForm(forms.Form):
    """Asks only whether."""

    question = ""

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)

    def facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class VerifyRuleForm(NothingForm):
    evidence = forms.CharField(
        label=gettext_lazy("核实时看到的原文"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写上文号、日期、第几条怎么说、原文存在哪里。写规则的人不能核实自己写的。"),
    )  # fmt: skip


class EndRuleForm(NothingForm):
    on = day_field(gettext_lazy("从哪天起停用"))


def fill(budget: Budget) -> dict[str, Any]:
    """A draft's terms as the form shows them."""
    shown = {name: getattr(budget, name) for name in BudgetTerms.__slots__}
    return shown | {"amount_fen": Decimal(budget.amount_fen) / 100}


def place_of(parent: Budget | None, source: FundSource | None) -> dict[str, Any]:
    """What a new budget's form begins with, when it is asked from the page of what it takes from."""
    above = parent or source
    if above is None:
        return {}
    begun = {"taken_from": f"{'b' if parent else 's'}{above.pk}", "union": above.union_id}
    return begun | ({"expense_class": parent.expense_class} if parent else {})
