"""The merchant's answer to a complaint: it gives the lines back, or says why not."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gonghui.complaints import actions
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.partners.errors import NOT_A_MERCHANT
from gonghui.portal.doors import signed_in
from gonghui.portal.till import plain_text

VERBS = {"agree": actions.agree_to_complaint, "answer": actions.answer_complaint}


@require_POST
def move_complaint(request: HttpRequest, complaint_id: str, verb: str) -> HttpResponse:
    actor = signed_in(request)
    require(actor.owns("books"), NOT_A_MERCHANT)
    words = plain_text(request.POST.get("words", ""))
    try:
        row = VERBS[verb](actor, complaint_id=int(complaint_id), words=words)
    except DomainError as error:
        if error.reason is NOT_FOUND:
            raise
        messages.error(request, str(error))
    else:
        messages.success(request, said_of(row))
    return redirect("merchant_panel", "complaints")


def said_of(row) -> str:
    if row.state != "agreed":
        return _("答复已发给会员。")
    return _("已同意，账目已更正。") if row.refund_id else _("已同意。这些之前已经退过，没有再退。")
