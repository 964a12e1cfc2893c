"""抽签: entering, leaving, and the published file anybody can check."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.benefits.actions.draws import enter_draw, leave_draw
from gonghui.benefits.errors import NOT_A_DRAW
from gonghui.benefits.models import Draw, Release
from gonghui.benefits.queries import draw_document
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.identifiers import row_id
from gonghui.members.queries import bookable_for
from gonghui.portal.doors import signed_in
from gonghui.portal.forms import PartyForm
from gonghui.portal.offerings import Offering
from gonghui.portal.waiting import waiting_offering

DOCUMENT_CACHE = "public, max-age=30"


@require_safe
def document(request: HttpRequest, release_id: str, pool_id: str = "") -> HttpResponse:
    """As published, word for word: what `gonghui draw verify` reads. A voided draw gives way to the one after it."""
    found = Draw.objects.unscoped("announced draws are public").filter(
        release_id=int(release_id), page__isnull=False
    )
    found = found.filter(pool_id=int(pool_id)) if pool_id else found
    draw_id = found.order_by("pool_id", "-id").values_list("id", flat=True).first()
    require(draw_id, NOT_FOUND)
    headers = {"Cache-Control": DOCUMENT_CACHE, "Content-Disposition": 'inline; filename="document.json"'}
    pretty = {"ensure_ascii": False, "indent": 1, "sort_keys": True}
    return JsonResponse(draw_document(draw_id), json_dumps_params=pretty, headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, release_id: str) -> HttpResponse:
    actor = signed_in(request)
    offering = waiting_offering(int(release_id))
    require(offering is not None, NOT_FOUND)
    require(offering.release.mode == Release.Mode.DRAW, NOT_A_DRAW)
    form = PartyForm(offering, bookable_for(actor).only("id", "name"), request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, offering, form)
    wanted = form.cleaned_data
    try:
        enter_draw(
            actor,
            pool_id=wanted["pool"],
            seats=wanted["seats"],
            companions=form.companions[: wanted["seats"] - 1],
            for_person=wanted["for_person"],
        )
    except DomainError as error:
        return _form_page(request, offering, form, error)
    messages.success(request, _("报名成功，开签后会发消息告诉您结果。"))
    return _back_to_activity(offering)


@require_POST
def leave(request: HttpRequest, release_id: str) -> HttpResponse:
    actor = signed_in(request)
    pool_id = row_id(request.POST.get("pool", ""))
    require(pool_id, NOT_FOUND)
    leave_draw(actor, pool_id=pool_id)
    messages.success(request, _("已取消报名，截止前还可以再报。"))
    offering = waiting_offering(int(release_id))
    require(offering is not None, NOT_FOUND)
    return _back_to_activity(offering)


def _back_to_activity(offering: Offering) -> HttpResponse:
    session = offering.rows[0].session
    return redirect("activity", session.activity_id) if session else redirect("tickets")


def _form_page(
    request: HttpRequest, offering: Offering, form: PartyForm, error: DomainError | None = None
) -> HttpResponse:
    facts = {"offering": offering, "release": offering.release, "form": form, "error": error}
    facts |= {"action": request.path, "button": _("报名"), "heading": _("报名抽签")}
    return render(
        request, "portal/party.html", facts, status=error.status if error else 422 if form.errors else 200
    )
