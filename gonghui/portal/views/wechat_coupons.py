"""微信券: coupons WeChat keeps for the member; claimed here, spent there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from gonghui.bills.actions.external_claims import claim_external_coupon, stocks_for
from gonghui.kit.errors import DomainError
from gonghui.payments.identity import PayDoor, pay_door
from gonghui.payments.queries import openid_for_coupons
from gonghui.portal.doors import go, signed_in
from gonghui.portal.queries.wechat_coupons import coupons_shown

SHOWN_MAX = 50


@never_cache
@require_safe
def wechat_coupons(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, error: DomainError | None = None) -> HttpResponse:
    actor = signed_in(request)
    mine = coupons_shown(actor, SHOWN_MAX)
    had = {one.coupon.stock_id for one in mine}
    facts = {
        "tab": "home",
        "stocks": [
            one
            for one in stocks_for(actor)[:SHOWN_MAX]
            if one.stock_id not in had and one.given < one.stock.total
        ],
        "mine": mine,
        "door": _door(request),
        "error": error,
    }
    return render(request, "portal/offers/wechat_coupons.html", facts, status=error.status if error else 200)


def _door(request: HttpRequest) -> PayDoor:
    """Whose own WeChat we know may claim in any browser: the coupon is sent, no bridge is called."""
    try:
        is_known = openid_for_coupons(request.actor.person_id) != ""
    except DomainError:
        return PayDoor("closed")
    return PayDoor("ready") if is_known else pay_door(request, reverse("wechat_coupons"))


@require_POST
def wechat_coupon_claim(request: HttpRequest, stock_id: str) -> HttpResponse:
    actor = signed_in(request)
    try:
        claim_external_coupon(actor, stock_pk=int(stock_id))
    except DomainError as error:
        if error.status == 404:
            raise
        return _page(request, error)
    messages.success(request, _("领到了，马上发到您的微信：我—服务—钱包—卡券。"))
    return go("wechat_coupons")
