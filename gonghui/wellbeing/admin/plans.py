"""Plans with their packages, and the slots at the hospitals."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.funds.admin.quorum import HandsShown, said_after
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    ReasonForm,
    ScopedAdmin,
    ScopedInline,
    SmallNameSearch,
    Verb,
    in_state,
    link_column,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.errors import require
from gonghui.kit.templatetags.kit import yuan
from gonghui.wellbeing import errors
from gonghui.wellbeing.actions import plans as actions
from gonghui.wellbeing.admin import asking
from gonghui.wellbeing.models import HealthPlan, Package, Slot

TONES = {"draft": "info", "reviewed": "warning", "open": "success", "closed": "info"}


class PackageInline(ScopedInline):
    model, form = Package, asking.PackageForm
    fields = ("store", "title", "includes", "list_fen", "co_pay_fen", "subsidy_fen", "concession_fen")
    can_delete = True


@admin.register(HealthPlan)
class HealthPlanAdmin(HandsShown):
    hands_matter, worth_fen = "plan", staticmethod(actions.worth_of)
    icon, order = "health_and_safety", 10
    write_verb = "health.write"
    state_field = "state"
    form = asking.PlanForm
    search = SmallNameSearch("title")
    list_display = (
        "title",
        "union",
        "places",
        when_column("opens_at", _("报名开始")),
        when_column("closes_at", _("报名截止")),
        state_column("state", TONES),
        link_column(
            _("进度"), lambda row: reverse("admin:health_progress", args=[row.pk]), lambda row: _("看进度")
        ),
    )
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("title", "union", "about", "state")}),
        (_("给谁、多少"), {"fields": ("groups", ("quota", "waitlist_max"), "budget")}),
        (_("时间"), {"fields": ("opens_at", "closes_at", ("starts_on", "ends_on"))}),
        (
            _("规则"),
            {
                "fields": (
                    "pay_within_hours",
                    ("free_cancel_days", "late_refund_percent"),
                    ("reschedule_days", "reschedule_max"),
                    ("no_show_rebooks", "no_show_refund_percent"),
                )
            },
        ),
        (_("经办和复核"), {"fields": (("maker", "checker"), "set_aside", "hands_shown")}),
    )
    inlines = (PackageInline,)
    verbs = (
        Verb("review", _("复核通过"), actions.review_plan, "health.review", icon="fact_check", tone="primary",
             when=in_state("draft"), question=_("复核后规则和套餐不能再改；全部名额的补贴从预算里预留。"),
             done=said_after("plan")),
        Verb("send_back", _("退回"), actions.send_back_plan, "health.review", icon="undo", form=ReasonForm,
             when=in_state("reviewed"), question=_("退回草稿，预留的钱回到预算。")),
        Verb("open", _("开放报名"), actions.open_plan, "health.write", icon="campaign", tone="primary",
             when=in_state("reviewed"), question=_("开放后会员马上能看到，到报名开始时间可以报。")),
        Verb("slots", _("放号"), actions.add_slots, "health.write", icon="calendar_month", form=asking.SlotsForm,
             when=lambda row: row.state != "closed",
             initial=lambda row: {"first": row.starts_on, "last": row.ends_on, "weekdays": [1, 2, 3, 4, 5]}),
        Verb("people", _("加名单"), actions.list_people, "health.write", icon="group_add", form=asking.ListForm,
             when=in_state("draft"), question=_("名单上的人不看群体，直接可以报名。")),
        Verb("close", _("结束报名"), actions.close_plan, "health.write", icon="lock", tone="danger", form=ReasonForm,
             when=in_state("reviewed", "open"), question=_("不再接受报名；已有名额的人不受影响，候补的人会收到您写的原因。")),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "maker", "checker", "set_aside"]

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or self._is_draft(obj))

    def _is_draft(self, obj) -> bool:
        return getattr(obj, "state", HealthPlan.State.DRAFT) == HealthPlan.State.DRAFT

    def save_model(self, request: HttpRequest, obj: HealthPlan, form, change: bool) -> None:
        require(obj.union.kind in actions.RUNNING_LEVELS, errors.UNION_LEVEL)
        require(obj.budget.union_id == obj.union_id, errors.FOREIGN_BUDGET, budget=obj.budget.name)
        if not change:
            obj.maker_id = request.actor.user_id
        super().save_model(request, obj, form, change)
        if change:
            actions.take_back_yeses(obj)

    def save_formset(self, request: HttpRequest, form, formset, change: bool) -> None:
        for inline in formset.forms:
            store = inline.cleaned_data.get("store") if inline.is_valid() else None
            is_hospital = store is None or store.partner.kind == "health"
            require(is_hospital, errors.PLAN_INCOMPLETE, what=_("“%s”不是医疗体检机构。") % store)
        super().save_formset(request, form, formset, change)

    @display(description=_("已占 / 名额"), ordering="taken")
    def places(self, row: HealthPlan) -> str:
        return f"{row.taken:,} / {row.quota:,}"

    @display(description=_("预留（元）"))
    def set_aside(self, row: HealthPlan) -> str:
        return yuan(row.commitment.amount_fen) if row.commitment else "—"


@admin.register(Slot)
class SlotAdmin(ScopedAdmin):
    icon, order = "calendar_month", 20
    search = SmallNameSearch("plan__title")
    list_display = ("day", "hours", "store", "plan", "booked")
    list_select_related = ("store", "plan")
    list_filter = (
        subtree_filter("plan__union__path"), related_filter("plan"), related_filter("store"), ("day", RangeDateFilter)
    )  # fmt: skip
    ordering = ("day", "from_time", "id")
    fields = ("plan", "store", "day", ("from_time", "to_time"), ("capacity", "taken"))
    verbs = (
        Verb("capacity", _("增减人数"), actions.change_slot, "health.write", icon="exposure", form=asking.CapacityForm,
             initial=lambda row: {"capacity": row.capacity}, question=_("不能少于已经约的人数。")),
    )  # fmt: skip

    @display(description=_("时段"), ordering="from_time")
    def hours(self, row: Slot) -> str:
        return f"{row.from_time:%H:%M}–{row.to_time:%H:%M}"

    @display(description=_("已约 / 可约"), ordering="taken")
    def booked(self, row: Slot) -> str:
        return f"{row.taken} / {row.capacity}"
