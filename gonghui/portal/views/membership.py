"""我的会籍: which union one belongs to and since when, the way to another, and the member card."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.accounts.pace import keep_pace
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.identifiers import row_id
from gonghui.kit.masks import mask_name
from gonghui.members import errors
from gonghui.members.actions.pay_codes import show_pay_code
from gonghui.members.actions.transfers import aim_transfer, cancel_transfer, open_transfer
from gonghui.members.models import Membership, TransferRequest
from gonghui.members.models.transfers import WORDS_MAX
from gonghui.members.numbers import said_number
from gonghui.members.queries import own_person
from gonghui.members.standing import standing_of
from gonghui.members.transfer_queries import (
    SHOWN_MAX,
    own_memberships,
    own_transfer,
    union_to_move_to,
    unions_to_move_to,
)
from gonghui.portal.doors import go, signed_in
from gonghui.portal.transfer_way import way_of
from gonghui.portal.views.pay_code import code_facts

PAGE = "portal/membership/membership.html"
TRANSFER_PAGE = "portal/membership/transfer.html"
CARD_PAGE = "portal/membership/card.html"
SEARCHES_A_MINUTE = 60


@never_cache
@require_safe
def membership(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    return render(request, PAGE, {"tab": "me", **_standing(actor), **_transfer(own_transfer(actor))})


def _standing(actor: Actor) -> dict[str, Any]:
    rows = own_memberships(actor)
    live = next((row for row in rows if row.status in Membership.LIVE), None)
    return {
        "live": live,
        "past": [row for row in rows if row is not live],
        "number": said_number(live.person.number) if live else "",
        "standing": standing_of(live.status if live else None),
        "has_person": actor.person_id is not None,
    }


def _transfer(row: TransferRequest | None) -> dict[str, Any]:
    return {"transfer": row, "steps": way_of(row) if row else []}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: HttpRequest) -> HttpResponse:
    """The new union found by name or code, then the one question; aims an open transfer elsewhere as well."""
    actor = signed_in(request)
    row = own_transfer(actor)
    facts = {"tab": "me", "row": row if row and row.is_open else None, "most": WORDS_MAX, **_standing(actor)}
    if request.method == "POST":
        return _sent(request, facts)
    asked = request.GET.get("q", "").strip()[:64]
    facts |= {"asked": asked, "found": _found(request, asked), "shown_max": SHOWN_MAX}
    if to := request.GET.get("to"):
        facts["aim"] = union_to_move_to(actor, row_id(to) or 0)
        require(facts["aim"], errors.TRANSFER_NO_UNION)
    return render(request, TRANSFER_PAGE, facts)


def _found(request: HttpRequest, asked: str) -> list | None:
    if not asked:
        return None
    keep_pace(request, "transfer-search", SEARCHES_A_MINUTE)
    return unions_to_move_to(request.actor, asked)


def _sent(request: HttpRequest, facts: dict[str, Any]) -> HttpResponse:
    actor, row = request.actor, facts["row"]
    to_union_id = row_id(request.POST.get("to", "")) or 0
    reason = request.POST.get("reason", "")[:WORDS_MAX]
    try:
        if row:
            aim_transfer(actor, transfer_id=row.pk, to_union_id=to_union_id)
        else:
            open_transfer(actor, to_union_id=to_union_id, reason=reason)
    except DomainError as error:
        aim = union_to_move_to(actor, to_union_id)
        facts = {**facts, "aim": aim, "error": error, "reason": reason}
        return render(request, TRANSFER_PAGE, facts, status=error.status)
    messages.success(request, _("已改转。") if row else _("转会已提出。"))
    return go("my_membership")


@require_POST
def transfer_cancel(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    row = own_transfer(actor)
    require(row, errors.TRANSFER_NO_MEMBERSHIP)
    cancel_transfer(actor, transfer_id=row.pk)
    messages.success(request, _("转会已取消，会籍没有变动。"))
    return go("my_membership")


@never_cache
@require_safe
def card(request: HttpRequest) -> HttpResponse:
    """会员卡: kept by the service worker, so that name, union and number open without network."""
    actor = signed_in(request)
    if actor.person_id is None:
        return HttpResponseRedirect(f"{reverse('verify')}?{urlencode({'next': '/me/card'})}")
    person = own_person(actor)
    live = next(iter(person.live_memberships), None)
    facts = {
        "tab": "me",
        "person": person,
        "masked": mask_name(person.name),
        "live": live,
        "number": said_number(person.number) if live else "",
        **code_facts(actor, show_pay_code(actor)),
    }
    return render(request, CARD_PAGE, facts)
