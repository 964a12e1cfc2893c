"""优惠: what can be used now and where, who pays for it, and a dry run before one goes."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gonghui.bills.selling import POINTS_MAX
from gonghui.kit.errors import BAD_INPUT, DomainError, require
from gonghui.partners.models import Store
from gonghui.portal.distances import place_of
from gonghui.portal.queries import offers as found
from gonghui.portal.queries.stores import stores_of
from gonghui.portal.till import Typed, applied_shown, whole_typed
from gonghui.portal.views.stores import pins_of

PAGE_SIZE = 20
VIEWS = ("now", "held", "all")
NEAR_WORDS = {
    "asking": gettext_lazy("正在找您的位置…"),
    "refused": gettext_lazy(
        "没有取得位置。可以在微信或浏览器的设置里允许使用位置，再点一次；不允许也能按名称看。"
    ),
    "failed": gettext_lazy("网络不通，没有按远近排好。请再点一次。"),
    "done": gettext_lazy("已按离您的远近排好。位置只用这一次，不保存。"),
}


@never_cache
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """Nearest first when the phone says where it is; that is in no address and nowhere kept."""
    store_id, near = _number(request.GET.get("store")), place_of(request)
    everything = found.offers_now(request.actor, store_id=store_id, near=near)
    kinds = {
        "now": [one for one in everything if one.is_usable],
        "held": [one for one in everything if one.vouchers],
        "all": everything,
    }
    view = request.GET.get("view", "")
    view = view if view in VIEWS else ("now" if kinds["now"] else "all")
    page = Paginator(kinds[view], PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {
        "tab": "home",
        "view": view,
        "views": _views(view, kinds, store_id),
        "page": page,
        "is_near": near is not None,
        "has_places": any(one.latitude is not None for shown in everything for one in shown.stores),
        "near_words": {key: str(text) for key, text in NEAR_WORDS.items()},
        "store": _store_named(everything, store_id),
    }
    return render(request, "portal/offers/offers.html", facts)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


def _store_named(shown: list[found.OfferShown], store_id: int | None) -> Store | None:
    return next((store for one in shown for store in one.stores if store.pk == store_id), None)


def _views(view: str, kinds: dict[str, list], store_id: int | None) -> list[dict[str, Any]]:
    names = (("now", _("现在可用")), ("held", _("我有券")), ("all", _("全部")))
    return [
        {
            "label": label,
            "count": len(kinds[key]),
            "current": key == view,
            "url": f"{reverse('offers')}?view={key}" + (f"&store={store_id}" if store_id else ""),
        }
        for key, label in names
    ]


@require_safe
def offer(request: HttpRequest, offer_id: str) -> HttpResponse:
    shown = found.offer_now(request.actor, int(offer_id))
    places = stores_of(shown)
    facts = {
        "tab": "home",
        "shown": shown,
        "pins": pins_of(places) if places else None,
        "example": found.example_of(shown),
        "limits": found.limits_said(shown),
    }
    return render(request, "portal/offers/offer.html", facts)


@require_safe
def offer_quote(request: HttpRequest) -> HttpResponse:
    """算一算. A dry run is read with GET, so it can be sent on and loaded again."""
    typed = Typed.from_post(request.GET)
    stores, sections = found.basket_choices()
    facts: dict[str, Any] = {
        "tab": "home",
        "typed": typed,
        "stores": stores,
        "store_key": request.GET.get("store"),
        "sections": sections,
    }
    status = 200
    if typed.has_basket:
        try:
            facts |= _answer(request, typed, request.GET)
        except DomainError as error:
            facts["error"], status = error, error.status
    return render(request, "portal/offers/quote.html", facts, status=status)


def _answer(request: HttpRequest, typed: Typed, given: QueryDict) -> dict[str, Any]:
    store_id = _number(given.get("store"))
    require(store_id, BAD_INPUT, detail=_("请选一家门店"))
    points = min(whole_typed(typed.points, _("福豆")), POINTS_MAX)
    quote = found.dry_run(request.actor, store_id, typed.lines(), points=points)
    return {"quote": quote, "applied": [applied_shown(one) for one in quote.applied]}
