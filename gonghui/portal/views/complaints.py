"""我的意见: a complaint about a bill of one's own, and what became of it, step by step."""

from __future__ import annotations

from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.bills.models import Bill
from gonghui.bills.queries import offers_of, refunds_of
from gonghui.complaints import actions
from gonghui.complaints.deadlines import ANSWER_DAYS, COMPLAIN_WITHIN, RULING_DAYS
from gonghui.complaints.models import WORDS_MAX, Complaint
from gonghui.complaints.queries import own_complaints, own_with_siblings
from gonghui.complaints.thread import MEMBER, thread_of
from gonghui.kit.errors import NOT_FOUND, DomainError
from gonghui.kit.templatetags.kit import yuan
from gonghui.portal.doors import signed_in
from gonghui.portal.queries import bills as found
from gonghui.portal.till import plain_text

PAGE_SIZE = 20
LIMITS = {"within": COMPLAIN_WITHIN.days, "answer_days": ANSWER_DAYS, "ruling_days": RULING_DAYS}


class ComplaintForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("哪里不对"),
        choices=Complaint.Kind,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择哪里不对。")},
    )
    line_ids = forms.TypedMultipleChoiceField(
        label=gettext_lazy("是哪几样"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("请至少勾选一样。")},
    )
    wanted = forms.ChoiceField(
        label=gettext_lazy("您希望怎么处理"),
        choices=Complaint.Wanted,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择希望怎么处理。")},
    )
    words = forms.CharField(
        label=gettext_lazy("说说经过"),
        max_length=WORDS_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("请写几句经过。")},
        help_text=gettext_lazy("商家会看到这段话和您打码的姓名。请不要写证件号和电话。"),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, bill: Bill, *args, **kwargs):
        super().__init__(*args, **kwargs)
        lines = list(bill.lines.order_by("nth"))
        choices = [(one.pk, line_label(one)) for one in lines]
        self.fields["line_ids"].choices = choices
        self.fields["line_ids"].initial = [pk for pk, _label in choices] if len(choices) == 1 else []

    def asked(self) -> actions.Asked:
        given = self.cleaned_data
        words = plain_text(given["words"])
        return actions.Asked(given["kind"], given["wanted"], frozenset(given["line_ids"]), words)


def line_label(line) -> str:
    many = f" × {line.quantity}" if line.quantity > 1 else ""
    back = _("（已退 %s 元）") % yuan(line.refunded_fen) if line.refunded_fen else ""
    return f"{line.name}{many}　{yuan(line.list_fen)} {_('元')}{back}"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complaint_new(request: HttpRequest, bill_id: str) -> HttpResponse:
    actor = signed_in(request)
    bill = found.own_bill(actor, int(bill_id))
    form = ComplaintForm(bill, request.POST if request.method == "POST" else None, initial={"key": uuid4()})
    facts = {"tab": "me", "bill": bill, "form": form, **LIMITS}
    if request.method != "POST" or not form.is_valid():
        return render(request, "complaints/new.html", facts, status=422 if form.errors else 200)
    try:
        made = actions.open_complaint(
            actor, bill_id=bill.pk, key=form.cleaned_data["key"], asked=form.asked()
        )
    except DomainError as error:
        return render(request, "complaints/new.html", {**facts, "error": error}, status=error.status)
    messages.success(request, _("已提交，商家会尽快答复。"))
    return redirect("my_complaint", made.pk)


@never_cache
@require_safe
def my_complaints(request: HttpRequest) -> HttpResponse:
    page = Paginator(own_complaints(signed_in(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "complaints/list.html", {"tab": "me", "page": page, **LIMITS})


@never_cache
@require_safe
def my_complaint(request: HttpRequest, complaint_id: str) -> HttpResponse:
    return _page(request, int(complaint_id))


def _page(request: HttpRequest, complaint_id: int, error: DomainError | None = None) -> HttpResponse:
    row, found_of_bill = own_with_siblings(signed_in(request), complaint_id)
    facts = {
        "tab": "me",
        "row": row,
        "bill": row.bill,
        "steps": thread_of(
            row.bill, found_of_bill, offers=offers_of(row.bill), refunds=refunds_of(row.bill), reader=MEMBER
        ),
        "error": error,
        **LIMITS,
    }
    return render(request, "complaints/complaint.html", facts, status=error.status if error else 200)


@require_POST
def move_complaint(request: HttpRequest, complaint_id: str, verb: str) -> HttpResponse:
    actor, pk = signed_in(request), int(complaint_id)
    try:
        if verb == "escalate":
            words = plain_text(request.POST.get("words", ""))
            row = actions.escalate_complaint(actor, complaint_id=pk, words=words)
        elif verb == "accept":
            row = actions.accept_answer(actor, complaint_id=pk)
        else:
            row = actions.withdraw_complaint(actor, complaint_id=pk)
    except DomainError as error:
        if error.reason is NOT_FOUND:
            raise
        return _page(request, pk, error)
    messages.success(request, said_of(row))
    return redirect("my_complaint", pk)


def said_of(row: Complaint) -> str:
    return {
        "accepted": _("已了结，谢谢您的理解。"),
        "escalated": _("已请工会裁定，结果会发到您的消息里。"),
        "withdrawn": _("已撤回，账单没有变动。"),
    }.get(row.state, _("已记下。"))
