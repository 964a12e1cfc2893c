"""The merchant's statements: read line by line, confirmed as a whole, disputed by the line, taken as a sheet."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from gonghui.kit.errors import DomainError
from gonghui.portal.doors import signed_in
from gonghui.portal.merchant.views import merchant_facts
from gonghui.settlement import actions
from gonghui.settlement.queries import happened_apart, left_to, line_name, lines_of, money_back, own_statement
from gonghui.settlement.sheets import statement_sheet

LINES_SHOWN = 20


class ConfirmForm(forms.Form):
    total_fen = forms.IntegerField(widget=forms.HiddenInput)


class DisputeForm(forms.Form):
    line = forms.IntegerField(min_value=1, max_value=2**62)
    reason = forms.CharField(
        label=gettext_lazy("哪里不对"),
        max_length=300,
        error_messages={"required": gettext_lazy("请写明哪里不对。")},
    )


def _page(
    request: HttpRequest, statement_id: int, *, error: DomainError | None = None, problem: str = ""
) -> HttpResponse:
    row = own_statement(signed_in(request), statement_id)
    lines = Paginator(lines_of(row), LINES_SHOWN).get_page(request.GET.get("page"))
    facts = merchant_facts(
        request,
        row=row,
        page_obj=lines,
        lines=[(line, line_name(line), happened_apart(line, row.period)) for line in lines],
        is_asked=row.state == "sent",
        may_dispute=row.state in ("sent", "disputed"),
        payouts=row.payouts.defer("account").exclude(state__in=("made", "cancelled")).order_by("id"),
        money_back=money_back(row),
        carries=left_to(row),
        error=error,
        problem=problem,
    )
    status = error.status if error else 422 if problem else 200
    return render(request, "settlement/merchant/statement.html", facts, status=status)


@never_cache
@require_safe
def statement(request: HttpRequest, statement_id: int) -> HttpResponse:
    return _page(request, int(statement_id))


@require_POST
def confirm(request: HttpRequest, statement_id: int) -> HttpResponse:
    actor, row_id = signed_in(request), int(statement_id)
    own_statement(actor, row_id)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, row_id, problem=_("请刷新页面，看过最新金额后再确认。"))
    try:
        actions.confirm_statement(actor, statement_id=row_id, total_fen=form.cleaned_data["total_fen"])
    except DomainError as error:
        return _page(request, row_id, error=error)
    messages.success(request, _("已确认，工会批准后付款。"))
    return HttpResponseRedirect(reverse("merchant_statement", args=[row_id]))


@require_POST
def dispute(request: HttpRequest, statement_id: int) -> HttpResponse:
    actor, row_id = signed_in(request), int(statement_id)
    own_statement(actor, row_id)
    form = DisputeForm(request.POST)
    if not form.is_valid():
        return _page(request, row_id, problem=_("请写明哪里不对，最多 300 个字。"))
    try:
        given = form.cleaned_data
        actions.dispute_line(actor, line_id=given["line"], reason=given["reason"])
    except DomainError as error:
        return _page(request, row_id, error=error)
    messages.success(request, _("异议已提出，工会答复后会通知您。"))
    return HttpResponseRedirect(reverse("merchant_statement", args=[row_id]))


@never_cache
@require_safe
def sheet(request: HttpRequest, statement_id: int) -> HttpResponse:
    actor = signed_in(request)
    return statement_sheet(actor, own_statement(actor, int(statement_id)))
