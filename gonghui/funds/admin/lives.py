"""会员变动的福豆 in the back office: the rules, and what became of each lot, in words."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.funds.life_terms import said_of
from gonghui.funds.models import LifeRule, LotFate
from gonghui.kit.console import (
    Amount,
    ChoicesDropdownFilter,
    ScopedAdmin,
    SmallNameSearch,
    number,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.masks import mask_name

TONES = {"kept": "success", "waiting": "warning", "returned": "info", "stayed": "success"}


@admin.register(LifeRule)
class LifeRuleAdmin(ScopedAdmin):
    icon, order = "family_history", 46
    view_verb, write_verb = "budgets.view", "rules.write"
    search = SmallNameSearch("clause")
    search_help_text = gettext_lazy("依据")
    empty_hint = gettext_lazy(
        "不写规定时按产品默认：离世的停用，满 90 天退回原预算；出境定居的满 90 天、退会的满 30 天退回；"
        "除名的停用，满 30 天退回；退休、失业、转会的保留到期满。福豆不折现、不继承。"
    )
    fields = ("union", "kind", "treatment", ("after_days", "is_stopped"), "clause", "is_active")
    list_display = ("__str__", "union", "after_days", "is_stopped", "clause", "is_active")
    list_select_related = ("union",)
    list_filter = (subtree_filter("union__path"), ("kind", ChoicesDropdownFilter))
    ordering = ("union_id", "kind", "-id")


@admin.register(LotFate)
class LotFateAdmin(ScopedAdmin):
    icon, order = "savings", 47
    view_verb, export_verb, export_people = "points.view", "reports.export", ("person",)
    state_field = "state"
    search = SmallNameSearch("person__name")
    search_help_text = gettext_lazy("会员姓名")
    empty_hint = gettext_lazy("会员离世、退休、退会、转会以后，他的每一笔福豆怎么办，在这里逐笔写明。")
    list_display = (
        "member", "kind", "grant", "union", "points_then", "due_on", "points_returned", state_column("state", TONES),
        when_column("created_at", gettext_lazy("登记时间")),
    )  # fmt: skip
    list_select_related = ("person", "grant", "union")
    list_filter = (subtree_filter(), ("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        "member",
        ("kind", "grant"),
        "union",
        ("points_then", "points_returned"),
        "due_on",
        "state",
        "why",
    )

    @display(description=gettext_lazy("会员"))
    def member(self, row: LotFate) -> str:
        return mask_name(row.person.name)

    @display(description=gettext_lazy("变动时福豆"), ordering="points")
    def points_then(self, row: LotFate) -> Amount:
        return number(row.points)

    @display(description=gettext_lazy("已退回"), ordering="returned")
    def points_returned(self, row: LotFate) -> Amount:
        return number(row.returned)

    @display(description=gettext_lazy("为什么"))
    def why(self, row: LotFate) -> str:
        return said_of(row)
