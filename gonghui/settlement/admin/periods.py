"""结算期 in the back office: how far each is, and the steps that make, send and close it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit.console import (
    Amount,
    ChoicesDropdownFilter,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    in_state,
    money,
    state_column,
    subtree_filter,
)
from gonghui.settlement import actions
from gonghui.settlement.admin import tones
from gonghui.settlement.models import Period

SETTLED = Q(statements__state__in=("paid", "closed"))


@admin.register(Period)
class PeriodAdmin(ScopedAdmin):
    icon, order = "calendar_month", 10
    export_verb = "reports.export"
    state_field = "state"
    search = SmallNameSearch("union__name")
    search_help_text = gettext_lazy("工会名称")
    list_display = ("__str__", "union", "cycle", "progress", "owed", state_column("state", tones.PERIODS))
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("cycle", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    ordering = ("-ends_on", "-id")
    fields = (
        ("union", "cycle"),
        ("starts_on", "ends_on"),
        "state",
        ("progress", "owed"),
        ("made_at", "closed_at"),
    )
    verbs = (
        Verb("make", gettext_lazy("出账"), actions.make_statements, "settlements.write", icon="playlist_add", tone="primary",
             when=in_state("open"),
             question=gettext_lazy("把这一期已完成的账单和退货汇总成各商户的结算单。可以重复办，不会重复计。")),
        Verb("send_all", gettext_lazy("全部发给商户"), actions.send_statements, "settlements.write", icon="send", tone="primary",
             when=in_state("closing"),
             question=gettext_lazy("逐张与账本核对，一分不差才发出；发出后内容不能改。")),
        Verb("close", gettext_lazy("关账"), actions.close_period, "settlements.write", icon="lock", tone="danger",
             when=in_state("closing"), question=gettext_lazy("全部付清后才能关账。关账后，这一期里的日期不能再记账。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request)
        owed = Sum(F("statements__owed_fen") + F("statements__carried_fen"))
        return found.annotate(
            _all=Count("statements"), _settled=Count("statements", filter=SETTLED), _owed=owed
        )

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "progress", "owed"]

    @display(description=gettext_lazy("已付清"))
    def progress(self, row: Period) -> str:
        return _("{done} / {all} 张").format(done=row._settled, all=row._all)

    @display(description=gettext_lazy("应付合计（元）"))
    def owed(self, row: Period) -> Amount:
        return money(row._owed or 0)
