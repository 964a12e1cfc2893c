"""对账: the days with their outcome, a file taken in by hand, and the rows that somebody has to look into."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit import clock
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    Verb,
    console_page,
    in_state,
    page_facts,
    related_filter,
    state_column,
    subtree_filter,
)
from gonghui.kit.console.asking import day_field
from gonghui.kit.errors import DomainError
from gonghui.payments.actions.statements import import_statement, settle_row, top_union
from gonghui.payments.admin.payments import NumberSearch, yuan_column
from gonghui.payments.models import StatementFile, StatementRow
from gonghui.payments.queries import DayFigures, statement_days

TONES = {"matched": "success", "missing": "danger", "surplus": "danger", "different": "warning"}
NEXT_STEP = {
    "matched": _("不需要处理"),
    "missing": _("我方已收、渠道账单没有：请到商户平台按单号查流水，多半在次日账单里"),
    "surplus": _("渠道有、我方没有：请按单号核实，属关闭后到账的会自动退款"),
    "different": _("两边金额不同：请核对流水，并告知技术人员"),
}
KINDS = {"trade": _("收款"), "refund": _("退款"), "used": _("核销"), "returned": _("退券")}
FILE_BYTES_MAX = 20 * 2**20


@admin.register(StatementRow)
class StatementRowAdmin(ScopedAdmin):
    icon, order = "fact_check", 32
    view_verb, export_verb = "payments.view", "reports.export"
    state_field = "state"
    search = NumberSearch("number", "provider_no")
    search_help_text = _("商户单号或渠道单号，要写全")
    empty_hint = _("每天上午十点半自动取前一天的账单，逐笔对过后列在这里。")
    list_display = (
        "number", "file", "kind_shown", state_column("verdict", TONES, _("结果")), "ours", "theirs",
        state_column("state", {"open": "warning", "settled": "success"}), "next_step",
    )  # fmt: skip
    list_select_related = ("file", "union")
    list_filter = (
        subtree_filter("union__path"), related_filter("file"), ("verdict", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
    )  # fmt: skip
    ordering = ("-file__day", "id")
    fields = (
        ("number", "provider_no"), ("file", "kind_shown"), ("ours", "theirs"), ("verdict", "state"), "next_step",
        ("note", "settled_by"),
    )  # fmt: skip
    verbs = (
        Verb(
            "settle", _("了结"), settle_row, needs="payments.write", when=in_state("open"), form=ReasonForm,
            icon="done_all", tone="primary", done=_("已了结。"),
        ),
    )  # fmt: skip

    ours = yuan_column(_("我方（元）"), "ours_fen")
    theirs = yuan_column(_("渠道（元）"), "theirs_fen")

    def get_readonly_fields(self, request, obj=None) -> list:
        own = [
            "kind_shown",
            "ours",
            "theirs",
            "next_step",
            "number",
            "provider_no",
            "file",
            "verdict",
            "note",
        ]
        return [*super().get_readonly_fields(request, obj), *own, "settled_by"]

    def has_add_permission(self, request, *_more) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    @display(description=_("种类"))
    def kind_shown(self, row: StatementRow) -> str:
        return str(KINDS.get(row.kind, row.kind))

    @display(description=_("怎么办"))
    def next_step(self, row: StatementRow) -> str:
        return row.note if row.state == "settled" and row.note else str(NEXT_STEP[row.verdict])


@admin.register(StatementFile)
class StatementFileAdmin(ScopedAdmin):
    """Reached from the rows; the days stand on a page of their own."""

    icon, order, in_side_bar = "description", 33, False
    view_verb = "payments.view"
    search = NumberSearch("subject", "digest")
    search_help_text = _("批次号，要写全")
    list_display = ("__str__", "subject", "row_count", "total", "back")
    list_filter = (("kind", ChoicesDropdownFilter),)
    ordering = ("-day",)
    fields = (("day", "kind"), ("row_count", "subject"), ("total", "back"), "digest")

    total = yuan_column(_("收款（元）"), "total_fen")
    back = yuan_column(_("退款（元）"), "refund_fen")

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "total", "back"]


def yesterday() -> date:
    return clock.today() - timedelta(days=1)


class StatementForm(forms.Form):
    day = day_field(_("账单日"), initial=yesterday)
    file = forms.FileField(label=_("账单文件（CSV）"), widget=forms.FileInput({"accept": ".csv,text/csv"}))

    def clean_file(self):
        given = self.cleaned_data["file"]
        if given.size > FILE_BYTES_MAX:
            raise forms.ValidationError(gettext("文件超过 20 MB，请按天下载账单。"))
        return given


@console_page(
    "payments/reconciliation", name="payments_reconciliation", needs="payments.view", title=_("对账"),
    icon="rule", group="payments", order=30,
)  # fmt: skip
def reconciliation(request: HttpRequest) -> HttpResponse:
    """The days; a file is taken in below, whole or not at all."""
    may_write = request.actor.may("payments.write", top_union().path) if top_union() else False
    form, error = StatementForm(), None
    if request.method == "POST" and may_write:
        form = StatementForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                file = import_statement(
                    request.actor, day=form.cleaned_data["day"], content=form.cleaned_data["file"].read()
                )
                messages.success(request, gettext("%s 的账单已对过。") % file.day)
                return HttpResponseRedirect(reverse("admin:payments_reconciliation"))
            except DomainError as refused:
                error = refused
    facts = {
        "days": [day_facts(day) for day in statement_days(request.actor)],
        "form": form,
        "error": error,
        "may_write": may_write,
    }
    page = page_facts(request, _("对账"), **facts)
    return render(
        request, "payments/console/reconciliation.html", page, status=error.status if error else 200
    )


def day_facts(day: DayFigures) -> dict:
    rows = reverse("admin:payments_statementrow_changelist")
    parts = [(v, getattr(day, v), StatementRow.Verdict(v).label) for v in StatementRow.Verdict.values]
    return {
        "file": day.file,
        "total_fen": day.total_fen,
        "refund_fen": day.refund_fen,
        "subject": day.file.subject,
        "kind": StatementFile.Kind(day.file.kind).label,
        "open": day.open,
        "total": day.total,
        "parts": [{"verdict": v, "count": n, "label": label} for v, n, label in parts],
        "address": f"{rows}?file={day.file.pk}",
    }
