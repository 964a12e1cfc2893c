"""异议 and 调整 in the back office."""

from __future__ import annotations

from operator import attrgetter

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from gonghui.funds.admin.quorum import HandsShown, said_after
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ScopedAdmin,
    SmallNameSearch,
    VerbForm,
    in_state,
    link_column,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.payments.admin.payments import yuan_column
from gonghui.settlement import actions
from gonghui.settlement.admin import tones
from gonghui.settlement.admin.statements import StatementVerb, statement_address
from gonghui.settlement.models import Adjustment, Dispute


class AnswerForm(VerbForm):
    outcome = forms.ChoiceField(
        label=_("结论"), choices=[("stands", _("维持原账")), ("adjusted", _("已经调整"))],
        help_text=_("选“已经调整”之前，针对这一行的调整要先批准。"),
    )  # fmt: skip
    answer = forms.CharField(
        label=_("答复"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("商户会看到。")
    )


@admin.register(Dispute)
class DisputeAdmin(ScopedAdmin):
    icon, order = "forum", 30
    export_verb = "reports.export"
    state_field = "state"
    search = SmallNameSearch("line__statement__partner__name")
    search_help_text = _("商户名称")
    list_display = (
        "reason",
        link_column(_("结算单"), lambda row: statement_address(row.line.statement), lambda row: row.line.statement.number),
        "partner", when_column("created_at", _("提出时间")), state_column("state", tones.DISPUTES),
    )  # fmt: skip
    list_select_related = ("line__statement__partner", "line__statement__union")
    list_filter = (subtree_filter("line__statement__union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("reason", "partner", "maker", "state", "answer", "answerer", "answered_at")
    verbs = (
        StatementVerb("answer", _("答复"), actions.answer_dispute, "settlements.write", icon="reply", tone="primary",
                      form=AnswerForm, when=in_state("open")),
    )  # fmt: skip

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "partner"]

    @admin.display(description=_("商户"))
    def partner(self, row: Dispute) -> str:
        return str(row.line.statement.partner)


@admin.register(Adjustment)
class AdjustmentAdmin(HandsShown):
    hands_matter, worth_fen = "adjust", staticmethod(lambda row: abs(row.amount_fen))
    hands_union = attrgetter("statement.union")
    icon, order = "tune", 35
    export_verb = "reports.export"
    state_field = "state"
    search = SmallNameSearch("statement__partner__name")
    search_help_text = _("商户名称")
    list_display = (
        "reason",
        link_column(_("结算单"), lambda row: statement_address(row.statement), lambda row: row.statement.number),
        "amount", "budget", "maker", "checker", state_column("state", tones.ADJUSTMENTS),
    )  # fmt: skip
    list_select_related = ("statement__partner", "statement__union", "budget", "maker", "checker")
    list_filter = (subtree_filter("statement__union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("reason", "amount", "budget", "state", ("maker", "checker"), "hands_shown")
    verbs = (
        StatementVerb("approve", _("批准调整"), actions.approve_adjustment, "settlements.approve", icon="fact_check",
                      tone="primary", when=in_state("proposed"), question=_("批准后差额立即划转，并记在结算单上。"),
                      done=said_after("adjust")),
        StatementVerb("reject", _("不批准"), actions.reject_adjustment, "settlements.approve", icon="undo",
                      when=in_state("proposed")),
    )  # fmt: skip

    amount = yuan_column(_("金额（元）"), "amount_fen")

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "amount"]
