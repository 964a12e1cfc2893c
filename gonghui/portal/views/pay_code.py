"""付款码: the code a till knows the member by. New every minute; the page asks for the next one, or is loaded again."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from gonghui.funds.points import balance_of
from gonghui.kit.actors import Actor
from gonghui.kit.tokens import SHORT_CODE_CHARS
from gonghui.members.actions.pay_codes import PayCodeShown, renew_card, show_pay_code
from gonghui.portal.doors import signed_in


@never_cache
@require_safe
def pay_code(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    facts: dict[str, Any] = {"tab": "me", "has_person": bool(actor.person_id)}
    if actor.person_id:
        facts |= code_facts(actor, show_pay_code(actor))
    return render(request, "portal/till/pay_code.html", facts)


@never_cache
@require_GET
def pay_code_next(request: HttpRequest) -> HttpResponse:
    """For the page that stands open."""
    actor = signed_in(request)
    return JsonResponse(code_facts(actor, show_pay_code(actor)))


@require_POST
def pay_code_renew(request: HttpRequest) -> HttpResponse:
    renew_card(signed_in(request))
    messages.success(request, _("已换成新的付款码，原来的立即失效。"))
    return redirect("pay_code")


def code_facts(actor: Actor, shown: PayCodeShown) -> dict[str, Any]:
    return {
        "picture": segno.make(shown.text, micro=False, error="m").svg_data_uri(scale=8, border=2),
        "said": said_in_groups(shown.said),
        "until": round(shown.until.timestamp() * 1000),
        "balance": balance_of(actor.person_id),
    }


def said_in_groups(said: str) -> list[str]:
    """K7M2 P9QX, then the six that change."""
    card, minutes = said[:SHORT_CODE_CHARS], said[SHORT_CODE_CHARS:]
    return [card[:4], card[4:], minutes[:3], minutes[3:]]
