"""群发通知 in the back office: whom it went to, how far it is, and the verbs: release, pause, go on, once more, stop."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.audiences.queries import shown_count
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    RangeDateFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    in_state,
    link_column,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.columns import Amount
from gonghui.notices.actions import control, stop_send
from gonghui.notices.actions.sends import OPEN_STATES, UNFINISHED
from gonghui.notices.admin.results import TONES
from gonghui.notices.models import Delivery, DeliveryState, Send
from gonghui.notices.queries import send_progress
from gonghui.notices.words import readable

OVER = (DeliveryState.DONE, DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.UNSURE)
RESULT = link_column(
    _("效果"), lambda row: reverse("admin:send_result", args=[row.pk]), lambda row: _now("看效果")
)


class SendVerb(Verb):
    """Comes back to the send's own page."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return reverse("admin:send_result", args=[row.pk])


@admin.register(Send)
class SendAdmin(ScopedAdmin):
    icon, order = "campaign", 10
    view_verb, export_verb = "notices.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = _("通知标题")
    empty_hint = _("发放福豆、开放活动、改期和取消都会通知会员；每一次群发的进度在这里。")
    list_display = (
        "said",
        "chosen",
        "union",
        "gone_out",
        RESULT,
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
    fields = (
        "title", "body", ("union", "kind"), "chosen", ("maker", "checker"), "answer", ("goes_at", "is_urgent"), "state",
        "progress", "failed", RESULT,
    )  # fmt: skip
    new_page = ("send_new", "notices.send", _("群发"))
    verbs = (
        SendVerb("release", _("放行"), control.release_send, "notices.review", icon="task_alt", tone="primary",
                 when=in_state("proposed"), question=_("请先看过内容和人数。放行后按定的时间发出；自己拟的不能自己放行。")),
        SendVerb("decline", _("不放行"), control.decline_send, "notices.review", icon="undo", tone="danger", form=ReasonForm,
                 when=in_state("proposed")),
        SendVerb("pause", _("暂停"), control.pause_send, "notices.send", icon="pause_circle", when=in_state(*OPEN_STATES),
                 question=_("正在发的一批发完就停；以后可以继续。")),
        SendVerb("resume", _("继续发送"), control.resume_send, "notices.send", icon="play_circle", tone="primary",
                 when=in_state("paused"), question=_("从停下的地方接着发，发过的人不会再收到。")),
        SendVerb("retry", _("重发没发成的"), control.retry_failed, "notices.send", icon="refresh", when=in_state("done"),
                 question=_("只重发“没有发成”的；送达的和不能确定的不再发。"),
                 done=_("没发成的重新排队。")),
        SendVerb("stop", _("停止发送"), stop_send, "notices.send", icon="stop_circle", tone="danger",
                 when=in_state(*control.NOT_YET_OVER), question=_("已经发出的收不回来，还没发的不再发。停止后不能继续。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).select_related("union", "maker", "checker")
        unfinished = Delivery.objects.unscoped("counted for the sends that are seen").filter(
            send=OuterRef("pk"), state__in=UNFINISHED
        )
        counted = unfinished.order_by().values("send").annotate(n=Count("id")).values("n")
        return found.annotate(_open=Coalesce(Subquery(counted), 0))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list:
        return [*super().get_readonly_fields(request, obj), "progress", "failed", RESULT]

    @display(description=_("标题"), ordering="title")
    def said(self, row: Send) -> str:
        return readable(row.title)

    @display(description=_("已处理 / 应发"))
    def gone_out(self, row: Send) -> Amount | str:
        """Deliveries: one person by two channels is two. Of a sensitive send how many are meant, in tens."""
        if row.is_sensitive:
            return shown_count(row.recipients, is_sensitive=True)
        every = row.recipients * len(row.channels)
        done = every - row._open
        return Amount.of(f"{done:,} / {every:,}", done)

    @display(description=_("进度"))
    def progress(self, row: Send) -> SafeString | str:
        """Counted now: loading the page again shows how far it has come. A sensitive one has no bar: it would tell of each."""
        if row.is_sensitive:
            return _now("应发 {people}").format(people=shown_count(row.recipients, is_sensitive=True))
        told = send_progress(row)
        gone, every = sum(told.get(state, 0) for state in OVER), sum(told.values())
        said = _now("已处理 {done} 条，共 {all} 条，{people} 人").format(
            done=f"{gone:,}", all=f"{every:,}", people=f"{row.recipients:,}"
        )
        return format_html(
            '{}<progress class="gh-bar" max="{}" value="{}"></progress>', said, every or 1, gone
        )

    @display(description=_("没有发成的"))
    def failed(self, row: Send) -> str:
        missed = send_progress(row).get(DeliveryState.FAILED, 0)
        if row.is_sensitive:
            return shown_count(missed, is_sensitive=True)
        return _now("{n} 条；为什么，看“效果”").format(n=f"{missed:,}") if missed else "—"


@waiting(needs="notices.review", order=56)
def to_release(actor: Actor) -> Figure | None:
    """Sends of others that wait for a second pair of eyes."""
    found = Send.objects.visible_to(actor).filter(state="proposed").exclude(maker_id=actor.user_id)
    count = found.count()
    link = reverse("admin:notices_send_changelist") + "?state__exact=proposed"
    return Figure(_now("群发待放行"), count, icon="campaign", link=link) if count else None
