"""群发通知 in the back office: whom it went to, how far it is, and the button that stops it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.console import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    in_state,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.console.columns import Amount
from gonghui.notices.actions import stop_send
from gonghui.notices.actions.sends import OPEN_STATES
from gonghui.notices.models import Delivery, DeliveryState, Send
from gonghui.notices.queries import send_progress

TONES = {"waiting": "info", "sending": "info", "done": "success", "stopped": "warning"}
OVER = (DeliveryState.DONE, DeliveryState.FAILED)


@admin.register(Send)
class SendAdmin(ScopedAdmin):
    icon, order = "campaign", 10
    view_verb, export_verb = "notices.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = _("通知标题")
    empty_hint = _("发放福豆、开放活动、改期和取消都会通知会员；每一次群发的进度在这里。")
    list_display = (
        "title",
        "union",
        "gone_out",
        when_column("created_at", _("发送时间")),
        state_column("state", TONES),
    )
    list_select_related = ("union",)
    list_filter = (
        subtree_filter(),
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("created_at", RangeDateFilter),
    )
    ordering = ("-id",)
    fields = ("title", "body", "union", "kind", "maker", "state", "progress", "failed")
    verbs = (
        Verb("stop", _("停止发送"), stop_send, "notices.send", icon="stop_circle", tone="danger",
             when=in_state(*OPEN_STATES), question=_("已经发出的收不回来，还没发的不再发。停止后不能继续。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).select_related("union", "maker")
        open_ones = Delivery.objects.unscoped("counted for the sends that are seen").filter(
            send=OuterRef("pk")
        )
        counted = (
            open_ones.exclude(state__in=OVER).order_by().values("send").annotate(n=Count("id")).values("n")
        )
        return found.annotate(_open=Coalesce(Subquery(counted), 0))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list:
        return [*super().get_readonly_fields(request, obj), "progress", "failed"]

    @display(description=_("已发出 / 应发"))
    def gone_out(self, row: Send) -> Amount:
        done = row.recipients - row._open
        return Amount.of(f"{done:,} / {row.recipients:,}", done)

    @display(description=_("进度"))
    def progress(self, row: Send) -> SafeString:
        """Counted now: loading the page again shows how far it has come."""
        told = send_progress(row)
        gone = sum(told.get(state, 0) for state in OVER)
        said = _now("已发出 {done} 人，共 {all} 人").format(done=f"{gone:,}", all=f"{row.recipients:,}")
        return format_html(
            '{}<progress class="gh-bar" max="{}" value="{}"></progress>', said, row.recipients or 1, gone
        )

    @display(description=_("短信没有发到的"))
    def failed(self, row: Send) -> str:
        missed = send_progress(row).get(DeliveryState.FAILED, 0)
        return _now("{n} 人；他们在“消息”里看得到").format(n=f"{missed:,}") if missed else "—"
