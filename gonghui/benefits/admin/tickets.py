"""Tickets, the waiting list, what was honoured at the counters, and what could not be taken as it was."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.benefits.actions.no_shows import exempt_no_show
from gonghui.benefits.actions.voids import VOIDABLE, void_voucher
from gonghui.benefits.admin.asking import holder, voucher_holder
from gonghui.benefits.models import NoShowExemption, Redemption, Voucher, WaitEntry
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    DropdownFilter,
    NameSearch,
    RangeDateFilter,
    ReasonForm,
    ScopedAdmin,
    Verb,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.templatetags.kit import short_code
from gonghui.kit.tokens import normalise_short_code

VOUCHER_TONES = {
    "held": "warning", "confirmed": "info", "exchanged": "success", "redeemed": "success",
    "returned": "info", "expired": "info", "no_show": "danger", "voided": "danger",
}  # fmt: skip
BY_NAME = _("券码，或会员姓名：两个汉字、全拼或首字母")


class CodeOrName:
    """A whole code finds its ticket; anything else is read as a name."""

    code_path = "code"

    def get_search_results(self, request, queryset, search_term: str):
        found, distinct = super().get_search_results(request, queryset, search_term)
        code = normalise_short_code(search_term.strip())
        if not code:
            return found, distinct
        named = Q(pk__in=found.order_by().values("pk"))
        return queryset.filter(named | Q(**{self.code_path: code})), distinct


@display(description=_("券码"))
def spaced_code(row) -> str:
    return short_code(getattr(row, "code", None) or row.voucher.code)


@admin.register(Voucher)
class VoucherAdmin(CodeOrName, ScopedAdmin):
    icon, order = "local_activity", 30
    export_verb, export_people = "reports.export", ("person", "booked_by")
    state_field = "state"
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_help_text = BY_NAME
    list_display = (
        spaced_code,
        holder,
        "release",
        "pool",
        "seats",
        when_column("claimed_at", _("领取")),
        state_column("state", VOUCHER_TONES),
    )
    list_select_related = ("person", "release", "pool")
    list_filter = (
        subtree_filter("release__union__path"),
        related_filter("release"),
        ("state", ChoicesDropdownFilter),
        ("claimed_at", RangeDateFilter),
    )
    ordering = ("-id",)
    fields = (
        spaced_code, holder, "release", "pool", ("seats", "companions"), ("serial", "from_waitlist"),
        ("claimed_at", "settled_at"), "confirm_by", "state", "exempted",
    )  # fmt: skip
    verbs = (
        Verb("void", _("作废"), void_voucher, "vouchers.void", icon="block", tone="danger", form=ReasonForm,
             when=lambda row: row.state in VOIDABLE,
             question=_("作废后不能恢复。名额按顺序给候补的人，持票人会收到您写的原因。")),
        Verb("exempt", _("免记爽约"), exempt_no_show, "vouchers.void", icon="verified", form=ReasonForm,
             when=lambda row: row.state == "no_show" and not row.is_exempt,
             question=_("报表里仍是爽约，但不再计入这位会员的次数。")),
    )  # fmt: skip

    def get_queryset(self, request):
        exempted = NoShowExemption.objects.unscoped("of tickets fetched in scope").filter(
            voucher=OuterRef("pk")
        )
        found = super().get_queryset(request).select_related(*self.list_select_related)
        return found.annotate(is_exempt=Exists(exempted))

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), spaced_code, holder, "exempted"]

    @display(description=_("免记爽约"))
    def exempted(self, row: Voucher) -> str:
        return row.exemption.reason if row.is_exempt else "—"

    def label_of(self, row: Voucher) -> str:
        return f"{short_code(row.code)} · {row.pool.label}"


@admin.register(WaitEntry)
class WaitEntryAdmin(ScopedAdmin):
    icon, order = "hourglass_top", 40
    export_verb, export_people = "reports.export", ("person", "booked_by")
    state_field = "state"
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_help_text = _("会员姓名：两个汉字、全拼或首字母")
    list_display = (
        "position",
        holder,
        "release",
        "pool",
        "seats",
        when_column("created_at", _("排队时间")),
        state_column(
            "state", {"waiting": "warning", "promoted": "success", "left": "info", "lapsed": "info"}
        ),
    )
    list_select_related = ("person", "release", "pool")
    list_filter = (
        subtree_filter("release__union__path"),
        related_filter("release"),
        ("state", ChoicesDropdownFilter),
    )
    ordering = ("-id",)
    fields = (holder, "release", "pool", ("position", "seats"), "state", "settled_at")

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), holder]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def label_of(self, row: WaitEntry) -> str:
        return f"{row.pool.label} · {row.position}"


class OfVoucher(CodeOrName):
    """Rows that hang on a ticket."""

    code_path = "voucher__code"
    export_verb, export_people = "reports.export", ("voucher__person", "voucher__booked_by")
    search = NameSearch("voucher__person__grams", "voucher__person__name", "voucher__person__pinyin")
    search_help_text = BY_NAME

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), spaced_code, voucher_holder]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def label_of(self, row) -> str:
        return f"{short_code(row.voucher.code)} · {row.voucher.pool.label}"


@admin.register(Redemption)
class RedemptionAdmin(OfVoucher, ScopedAdmin):
    icon, order = "qr_code_scanner", 50
    view_verb = "vouchers.view"
    list_display = (
        spaced_code,
        voucher_holder,
        "release_title",
        "kind",
        when_column("at", _("核销时间")),
        "store",
        "arrived",
        "offline",
    )
    list_select_related = ("store", "clerk", "voucher__person", "voucher__release", "voucher__pool")
    list_filter = (
        subtree_filter("voucher__release__union__path"),
        related_filter("store"),
        ("kind", ChoicesDropdownFilter),
        ("at", RangeDateFilter),
    )
    ordering = ("-id",)
    fields = (spaced_code, voucher_holder, "kind", "at", "store", "clerk", "arrived", "offline", "device")

    @display(description=_("投放"))
    def release_title(self, row: Redemption) -> str:
        return row.voucher.release.title


class SettledFilter(DropdownFilter):
    title, parameter_name = _("处理"), "settled"

    def lookups(self, request, model_admin):
        return (("no", _("待处理")), ("yes", _("已处理")))

    def queryset(self, request, queryset):
        asked = {"no": Q(settled_at=None), "yes": Q(settled_at__isnull=False)}.get(self.value())
        return queryset.filter(asked) if asked else queryset
