"""携手入会: one's own code, what it is good for, and who came by it."""

from __future__ import annotations

from typing import Any

import segno
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require
from gonghui.kit.tokens import spaced_short_code
from gonghui.referrals import queries
from gonghui.referrals.actions import show_code

PAGE_SIZE = 20


@never_cache
@require_safe
def invite(request: HttpRequest) -> HttpResponse:
    require(request.actor.user_id, SIGN_IN_FIRST)
    facts: dict[str, Any] = {"tab": "me"}
    try:
        code = show_code(request.actor).code
    except DomainError as refusal:
        return render(request, "referrals/invite.html", facts | {"refusal": refusal})
    link = request.build_absolute_uri(f"{reverse('join')}?invite={code}")
    brought = Paginator(queries.introductions_of(request.actor), PAGE_SIZE)
    facts |= {
        "code": spaced_short_code(code),
        "picture": segno.make(link, micro=False, error="m").svg_data_uri(scale=8, border=2),
        "campaigns": queries.campaigns_open_to(request.actor),
        "page": brought.get_page(request.GET.get("page")),
    }
    return render(request, "referrals/invite.html", facts)
