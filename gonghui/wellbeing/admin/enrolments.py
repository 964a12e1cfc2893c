"""Who takes part: masked, never exported, for those with a health verb over the plan's own union."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    Verb,
    in_state,
    related_filter,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.masks import mask_name
from gonghui.kit.tokens import normalise_short_code
from gonghui.members.models import WorkerGroup
from gonghui.wellbeing.actions import places as actions
from gonghui.wellbeing.models import Enrolment

TONES = {
    "applied": "warning", "rejected": "danger", "eligible": "info", "co_pay_due": "warning", "co_pay_paid": "info",
    "booked": "info", "attended": "success", "settled": "success", "no_show": "danger", "lapsed": "default",
    "cancelled": "default",
}  # fmt: skip


class CodeSearch:
    """By the whole code only: nobody is looked for by name."""

    def q(self, question: str) -> Q:
        return Q(code=normalise_short_code(question) or "")


@admin.register(Enrolment)
class EnrolmentAdmin(ScopedAdmin):
    icon, order = "assignment_ind", 30
    state_field = "state"
    search = CodeSearch()
    search_help_text = _("到检码，要写全")
    list_display = (
        "who", "plan", "package", "said", state_column("state", TONES), when_column("created_at", _("报名")),
        when_column("attended_at", _("到检")),
    )  # fmt: skip
    list_display_links = ("who",)
    list_select_related = ("person", "plan", "package")
    list_filter = (
        subtree_filter("plan__union__path"),
        related_filter("plan"),
        ("state", ChoicesDropdownFilter),
    )
    ordering = ("-id",)
    fields = (
        ("who", "said"), ("plan", "package"), ("state", "reason"), ("position", "pay_by"), ("reschedules", "no_shows"),
        "attended_at",
    )  # fmt: skip
    verbs = (
        Verb("accept", _("资格属实"), actions.accept_enrolment, "health.write", icon="how_to_reg", tone="primary",
             when=in_state("applied"), question=_("已向本人或平台核对过职业。有名额就给，没有就排候补。")),
        Verb("reject", _("不通过"), actions.reject_enrolment, "health.write", icon="person_off", form=ReasonForm,
             when=in_state("applied")),
        Verb("cancel", _("取消并全额退款"), actions.cancel_enrolment, "health.write", icon="cancel", tone="danger",
             form=ReasonForm, when=in_state("applied", "eligible", "co_pay_due", "co_pay_paid", "booked"),
             question=_("例如医院停诊。自付部分全额退回，会员会看到您写的原因。")),
    )  # fmt: skip

    def get_queryset(self, request):
        names = WorkerGroup.objects.filter(code=OuterRef("said_group")).values("name")
        found = super().get_queryset(request).select_related(*self.list_select_related)
        return found.annotate(_said=Subquery(names[:1]))

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "who", "said"]

    def label_of(self, row: Enrolment) -> str:
        return mask_name(row.person.name)

    @display(description=_("会员"))
    def who(self, row: Enrolment) -> str:
        return mask_name(row.person.name)

    @display(description=_("本人说明的职业"))
    def said(self, row: Enrolment) -> str:
        return row._said or row.said_group or "—"
