"""Draws with what was published of them, their voiding by two people, and the rules for no-shows."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.benefits.actions import draws as actions
from gonghui.benefits.actions.no_shows import drop_no_show_rule, write_no_show_rule
from gonghui.benefits.models import Draw, DrawVoid, NoShowRule
from gonghui.benefits.models.draws import DRAW_VERBS
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    in_state,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)

DRAW_TONES = {"configured": "info", "published": "warning", "drawn": "success", "voided": "danger"}
VOID_TONES = {"proposed": "warning", "approved": "danger", "rejected": "info"}


@admin.register(Draw)
class DrawAdmin(ScopedAdmin):
    """The seed stays sealed until it is drawn; then it is published and may be read by anybody."""

    icon, order = "casino", 70
    view_verb, export_verb = "releases.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("release__title")
    search_help_text = _("投放名称：汉字、全拼或首字母")
    list_display = (
        "release",
        "pool",
        "entries_count",
        when_column("published_at", _("公示")),
        when_column("drawn_at", _("开签")),
        state_column("state", DRAW_TONES),
    )
    list_select_related = ("release", "pool", "page")
    list_filter = (
        subtree_filter("release__union__path"),
        related_filter("release"),
        ("state", ChoicesDropdownFilter),
    )
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("release", "pool", "state", "entries_count", ("published_at", "drawn_at"))}),
        (_("公示的内容"), {"fields": ("seed_hash", "entries_root", "revealed_seed", "document")}),
        (_("作废"), {"fields": ("void_reason",)}),
    )
    verbs = (
        Verb("propose_void", _("提出作废"), actions.propose_void, "draws.run", icon="gavel", tone="danger",
             form=ReasonForm, when=lambda row: row.state in DRAW_VERBS["void"],
             question=_("先由您提出，再由另一位有权限的同事批准；批准前什么都不变。"),
             done=_("已提出，等待另一位同事在“抽签作废”里批准。")),
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "document"]

    @display(description=_("公示文件"))
    def document(self, row: Draw) -> str:
        if getattr(row, "page", None) is None:
            return "—"
        address = reverse("pool_draw_document", args=[row.release_id, row.pool_id])
        return format_html(
            '<a class="text-link" href="{}">{}</a>', address, _("打开公示文件，任何人可以核对")
        )

    def label_of(self, row: Draw) -> str:
        return f"{row.release.title} · {row.pool.label}"


@admin.register(DrawVoid)
class DrawVoidAdmin(ScopedAdmin):
    icon, order = "gavel", 80
    view_verb, export_verb = "releases.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("draw__release__title")
    search_help_text = _("投放名称：汉字、全拼或首字母")
    list_display = (
        "draw_name",
        "reason",
        "proposed_by",
        "decided_by",
        when_column("created_at", _("提出时间")),
        state_column("state", VOID_TONES),
    )
    list_select_related = ("draw__release", "draw__pool", "proposed_by", "decided_by")
    list_filter = (subtree_filter("draw__release__union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("draw_name", "reason", ("proposed_by", "decided_by"), "state")
    verbs = (
        Verb("approve", _("批准作废"), actions.void_draw, "draws.void", key="void_id", icon="check", tone="danger",
             when=in_state("proposed"),
             question=_("这次抽签的票全部作废，持票人会收到原因。公示过的文件仍然保留。")),
        Verb("reject", _("不批准"), actions.reject_void, "draws.void", key="void_id", icon="close",
             when=in_state("proposed")),
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "draw_name"]

    @display(description=_("抽签"))
    def draw_name(self, row: DrawVoid) -> str:
        return f"{row.draw.release.title} · {row.draw.pool.label}"

    def label_of(self, row: DrawVoid) -> str:
        return self.draw_name(row)


def drop_rule(actor: Actor, *, rule_id: int) -> None:
    rule = NoShowRule.objects.visible_to(actor).get(pk=rule_id)
    drop_no_show_rule(actor, union_id=rule.union_id)


@admin.register(NoShowRule)
class NoShowRuleAdmin(ScopedAdmin):
    icon, order = "event_busy", 90
    view_verb, write_verb, path_field = "releases.view", "releases.write", "union__path"
    search = SmallNameSearch("union__name")
    search_help_text = _("工会名称：汉字、全拼或首字母")
    list_display = ("union", "within_days", "count", "bar_days")
    list_select_related = ("union",)
    list_filter = (subtree_filter(),)
    ordering = ("union__pinyin",)
    fields = ("union", "within_days", "count", "bar_days")
    verbs = (
        Verb("drop", _("停用这条规则"), drop_rule, "releases.write", key="rule_id",
             icon="delete", tone="danger", question=_("停用后，爽约仍会记录，但不再暂停参加。")),
    )  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), *(["union"] if obj else [])]

    def save_model(self, request, obj, form, change) -> None:
        facts = {name: getattr(obj, name) for name in ("count", "within_days", "bar_days")}
        made = write_no_show_rule(request.actor, union_id=obj.union_id, **facts)
        obj.pk = made.pk
