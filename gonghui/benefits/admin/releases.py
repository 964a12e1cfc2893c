"""Releases and their pools: drafted by the guided pages, moved by verbs."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.benefits import conditions
from gonghui.benefits.actions import releases as actions
from gonghui.benefits.admin.asking import CapacityForm, PauseForm, PostponeForm, ReturningVerb
from gonghui.benefits.models import Pool, Release
from gonghui.funds.admin.quorum import HandsShown, said_after
from gonghui.kit import clock
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    ReasonForm,
    ScopedAdmin,
    ScopedInline,
    SmallNameSearch,
    Verb,
    in_state,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)

RELEASE_TONES = {
    "draft": "info", "reviewed": "warning", "announced": "info",
    "open": "success", "paused": "warning", "closed": "info", "cancelled": "danger",
}  # fmt: skip


def is_claimable(row: Release) -> bool:
    """Open by its state, or by the clock whose timer is on the way."""
    return row.state == "open" or (row.state == "announced" and row.opens_at <= clock.now())


class PoolInline(ScopedInline):
    model = Pool
    fields = ("label", "place", "capacity", "remaining", "honour_by")
    readonly_fields = ("remaining",)
    show_change_link = True

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_add_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Release)
class ReleaseAdmin(HandsShown):
    hands_matter, worth_fen = "release", staticmethod(conditions.worth_of)
    icon, order = "confirmation_number", 10
    view_verb, export_verb = "releases.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = _("投放名称：汉字、全拼或首字母")
    list_display = (
        "title",
        "union",
        "mode",
        when_column("opens_at", _("开放")),
        when_column("closes_at", _("截止")),
        "left",
        state_column("state", RELEASE_TONES),
    )
    list_select_related = ("union",)
    list_filter = (
        subtree_filter(),
        ("state", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
        ("opens_at", RangeDateFilter),
    )
    ordering = ("-opens_at", "-id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "union",
                    "offer",
                    "mode",
                    ("state", "paused_at"),
                    "pause_reason",
                    ("maker", "checker"),
                    "hands_shown",
                )
            },
        ),
        (_("时间"), {"fields": (("announce_at", "opens_at"), ("closes_at", "cancel_until"))}),
        (_("给谁"), {"fields": ("audience_union", "verified_only", "audience_groups", "audience")}),
        (_("规则"), {"fields": (("per_person", "party_max"), ("names_required", "waitlist_max"))}),
    )
    inlines = (PoolInline,)
    verbs = (
        ReturningVerb("review", _("复核通过"), actions.review_release, "releases.review", icon="fact_check", tone="primary",
                      when=in_state("draft"), question=_("复核后规则和时间不能再改。"), done=said_after("release")),
        ReturningVerb("send_back", _("退回"), actions.send_back_release, "releases.review", icon="undo", form=ReasonForm,
                      when=in_state("reviewed")),
        ReturningVerb("announce", _("预告"), actions.announce_release, "releases.write", icon="campaign",
                      when=in_state("reviewed"), question=_("预告后会员马上能看到，到开放时间自动开放。")),
        ReturningVerb("open", _("提前开放"), actions.open_release, "releases.write", icon="lock_open", form=ReasonForm,
                      when=lambda row: row.state == "announced" and row.opens_at > clock.now(),
                      question=_("现在就开放。按原定时间等候的会员可能错过，请写明原因。")),
        ReturningVerb("postpone", _("推迟开放"), actions.postpone_release, "releases.write", icon="schedule", form=PostponeForm,
                      when=lambda row: row.state == "announced" and row.mode != "draw" and row.opens_at > clock.now(),
                      initial=lambda row: {"opens_at": timezone.localtime(row.opens_at, clock.CHINA)}),
        ReturningVerb("pause", _("暂停发放"), actions.pause_release, "releases.pause", icon="pause_circle", form=PauseForm,
                      when=is_claimable,
                      question=_("马上停止领取和候补；已领到的仍然有效，预留的钱不退。到结束时间照常结束，候补随之结束。")),
        ReturningVerb("resume", _("恢复发放"), actions.resume_release, "releases.pause", icon="play_circle", tone="primary",
                      when=in_state("paused"), question=_("马上可以再领；暂停期间退回的名额先给候补的人。")),
        ReturningVerb("close", _("提前截止"), actions.close_release, "releases.write", icon="lock", form=ReasonForm,
                      when=in_state("open", "paused"), question=_("马上停止领取；已发出的票不受影响。")),
        ReturningVerb("cancel", _("取消投放"), actions.cancel_release, "vouchers.void", icon="cancel", tone="danger",
                      form=ReasonForm, when=lambda row: row.state != "cancelled",
                      question=_("取消后不能恢复。已发出的票全部作废，每位持票人都会收到您写的原因。")),
    )  # fmt: skip

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(_left=Sum("pools__remaining"), _places=Sum("pools__capacity"))
        )

    def get_list_display(self, request) -> list:
        """What is paused is listed with since when, and why."""
        shown = super().get_list_display(request)
        is_of_pauses = request.GET.get("state__exact") == "paused"
        return [*shown, when_column("paused_at", _("暂停于")), "pause_reason"] if is_of_pauses else shown

    @display(description=_("剩余 / 名额"))
    def left(self, row: Release) -> str:
        return f"{row._left or 0:,} / {row._places or 0:,}" if row._places else "—"


@admin.register(Pool)
class PoolAdmin(ScopedAdmin):
    icon, order = "inventory_2", 20
    view_verb, export_verb = "releases.view", "reports.export"
    search = SmallNameSearch("release__title")
    search_help_text = _("投放名称：汉字、全拼或首字母")
    list_display = (
        "label",
        "release",
        "place",
        "capacity",
        "remaining",
        "honour_by",
        when_column("valid_until", _("可用到")),
    )
    list_select_related = ("release",)
    list_filter = (
        subtree_filter("release__union__path"),
        related_filter("release"),
        related_filter("store"),
        ("honour_by", ChoicesDropdownFilter),
    )
    ordering = ("-valid_from", "id")
    fields = (
        "label", "release", ("place", "store"), ("capacity", "remaining"), "honour_by",
        ("opens_at", "closes_at"), ("valid_from", "valid_until"),
    )  # fmt: skip
    verbs = (
        Verb("capacity", _("增减名额"), actions.change_capacity, "releases.write", icon="exposure", form=CapacityForm,
             when=lambda row: row.release.state not in ("closed", "cancelled"), initial=lambda row: {"capacity": row.capacity}),
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def label_of(self, row: Pool) -> str:
        return f"{row.release.title} · {row.label}"
