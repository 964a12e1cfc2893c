"""多人复核 in the back office: from which sum on how many agree; and the log of who agreed to what."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.actions.decisions import may_object, object_to_decision
from gonghui.funds.actions.quorum import left_of, pending_decision
from gonghui.funds.decided import hands_of
from gonghui.funds.models import Consent, Decision, QuorumRule
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    money_column,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.console.asking import YuanField
from gonghui.kit.templatetags.kit import cn_when, yuan


def said_after(matter: str) -> Callable[[Model], str]:
    """For `Verb.done` of what may need several hands."""

    def said(row: Model) -> str:
        left = left_of(matter, row.pk)
        decision = pending_decision(matter, row.pk)
        if decision is not None and decision.is_cooling:
            until = cn_when(decision.takes_effect_at)
            return _("已记下您的同意，人数够了。现在是冷静期，{until}生效。").format(until=until)
        return _("已记下您的同意，还要 {left} 位同事复核才生效。").format(left=left) if left else ""

    return said


class HandsShown(ScopedAdmin):
    """`hands_shown` among the fields of a screen whose rows are a matter: who agreed, and how many are missing."""

    hands_matter: str
    worth_fen: Callable[[Any], int]
    """What its review sets aside."""
    hands_union: Callable[[Any], Any] = attrgetter("union")

    class Media:
        css = {"all": ["funds/budgets.css"]}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.__dict__["_reader"] = request.actor
        return row

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "hands_shown"]

    @admin.display(description=gettext_lazy("谁同意了"))
    def hands_shown(self, row: Any) -> str:
        reader = row.__dict__.get("_reader")
        fen = self.worth_fen(row) if reader and row.pk else 0
        if not fen:
            return "—"
        hands = hands_of(reader, self.hands_matter, row.pk, union=self.hands_union(row), amount_fen=fen)
        if not hands.is_shown:
            return _("经办以外的一位同事复核就生效。")
        return render_to_string("funds/console/hands_lines.html", {"hands": hands})


class QuorumForm(forms.ModelForm):
    above_fen = YuanField(
        label=gettext_lazy("从多少元起"), min_value=0, help_text=gettext_lazy("填 0 表示不论多少。")
    )

    class Meta:
        model = QuorumRule
        fields = ("union", "matter", "above_fen", "hands", "cooling_h", "is_active")

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        found = super().get_initial_for_field(field, field_name)
        return found / 100 if field_name == "above_fen" and found is not None else found


@admin.register(QuorumRule)
class QuorumRuleAdmin(ScopedAdmin):
    icon, order = "groups", 25
    view_verb, write_verb = "budgets.view", "grants.write"
    search = SmallNameSearch("union__name")
    search_help_text = gettext_lazy("工会名称")
    empty_hint = gettext_lazy(
        "不写规定时，一人经办、另一人复核。金额大的可以规定要两位以上复核，或者同意以后隔一段冷静期才生效。"
    )
    form = QuorumForm
    fields = ("union", "matter", "above_fen", "hands", "cooling_h", "is_active")
    list_display = (
        "__str__", money_column(gettext_lazy("从多少元起"), "above_fen"), "hands", "cooling_h", "is_active",
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (subtree_filter("union__path"), ("matter", ChoicesDropdownFilter))
    ordering = ("union_id", "matter", "above_fen")


@admin.register(Consent)
class ConsentAdmin(ScopedAdmin):
    icon, order = "how_to_reg", 26
    view_verb, export_verb = "budgets.view", "reports.export"
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("预算、发放或批次的名称")
    empty_hint = gettext_lazy(
        "预算、福豆、投放券、健康计划、外部券、结算调整和付款每经一位复核，就在这里记一笔，不能改也不能删。"
    )
    list_display = (
        "title",
        "matter",
        "union",
        money_column(gettext_lazy("金额（元）"), "amount_fen"),
        "user",
        "turn",
        when_column("created_at", gettext_lazy("时间")),
    )
    list_select_related = ("union", "user")
    list_filter = (subtree_filter("union__path"), ("matter", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("title", "matter", "union", "user", ("nth", "hands"))

    @admin.display(description=gettext_lazy("第几位"))
    def turn(self, row: Consent) -> str:
        return f"{row.nth}/{row.hands}"


@admin.register(Decision)
class DecisionAdmin(ScopedAdmin):
    icon, order = "gavel", 27
    view_verb, export_verb = "budgets.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("预算、发放或批次的名称")
    empty_hint = gettext_lazy(
        "要动用经费的事有足够的人同意后，就在这里记一项决定；会员在“经费公示”里也能看到，不带姓名。"
    )
    list_display = (
        "title",
        "matter",
        "union",
        money_column(gettext_lazy("金额（元）"), "amount_fen"),
        "hands_given",
        "cooling_h",
        when_column("takes_effect_at", gettext_lazy("生效时间")),
        state_column("state", {"pending": "warning", "effective": "success", "back": "danger"}),
    )
    list_select_related = ("union",)
    list_filter = (
        subtree_filter("union__path"),
        ("matter", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
    )
    ordering = ("-id",)
    fields = (
        ("title", "matter"), "words", ("union", "amount_shown"), ("given", "hands", "cooling_h"),
        ("takes_effect_at", "state", "ended_at"), ("reason", "objector"),
    )  # fmt: skip
    verbs = (
        Verb("object", gettext_lazy("提出异议"), object_to_decision, "budgets.view", icon="front_hand", tone="danger",
             form=ReasonForm, when=lambda row: row.is_cooling,
             question=gettext_lazy("这件事马上退回，所有同意都不算数，要改好重新办。"),
             done=gettext_lazy("已退回，经办的同事会看到您的理由。")),
    )  # fmt: skip

    def _is_offered(self, request: HttpRequest, name: str, row) -> bool:
        """Only to whom it will work: the hands of the matter, and the audit committee."""
        if not super()._is_offered(request, name, row):
            return False
        return name != "object" or may_object(request.actor, row)

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "amount_shown"]

    @admin.display(description=gettext_lazy("金额（元）"))
    def amount_shown(self, row: Decision) -> str:
        return yuan(row.amount_fen)

    @admin.display(description=gettext_lazy("同意 / 要几位"))
    def hands_given(self, row: Decision) -> str:
        return f"{row.given} / {row.hands}"
