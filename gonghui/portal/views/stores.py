"""惠工地图: the stores near the reader that give something to members, on a map and, the same, in a list."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gonghui.partners.models.venues import PartnerKind
from gonghui.portal.distances import place_of
from gonghui.portal.queries import stores as found
from gonghui.portal.queries.stores import StoreShown, Wanted

PAGE_SIZE = 20
PINS_MAX = 1_000
NEAR_WORDS = {
    "asking": gettext_lazy("正在找您的位置…"),
    "refused": gettext_lazy(
        "没有取得位置。可以在微信或浏览器的设置里允许使用位置，再点一次；不允许也能按名称看。"
    ),
    "failed": gettext_lazy("网络不通，没有按远近排好。请再点一次。"),
}


@never_cache
@require_safe
def stores_map(request: HttpRequest) -> HttpResponse:
    """Nearest first when the phone says where it is; that is in no address and nowhere kept."""
    near, wanted = place_of(request), wanted_in(request)
    everything = found.stores_now(request.actor, wanted._replace(kind=""), near=near)
    shown = found.of_kind(everything, wanted.kind)
    facts = {
        "tab": "home",
        "kinds": _kinds(wanted, everything),
        "switches": _switches(wanted, is_signed_in=request.actor.person_id is not None),
        "is_narrowed": wanted != Wanted(),
        "page": Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page")),
        "is_near": near is not None,
        "has_places": any(one.has_place for one in everything),
        "near_words": {key: str(text) for key, text in NEAR_WORDS.items()},
        "pins_url": _address("map_pins", wanted),
    }
    return render(request, "portal/stores/map.html", facts)


@never_cache
@require_safe
def pins(request: HttpRequest) -> HttpResponse:
    """Of the same stores, the first thousand: what the map draws."""
    shown = found.stores_now(request.actor, wanted_in(request), near=place_of(request))
    return JsonResponse(pins_of(shown), json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})


@never_cache
@require_safe
def store(request: HttpRequest, store_id: str) -> HttpResponse:
    """One store by itself; the map takes its card from here."""
    one = found.store_now(request.actor, int(store_id), near=place_of(request))
    facts = {"tab": "home", "one": one, "pins": pins_of([one]) if one.has_place else None}
    return render(request, "portal/stores/store.html", facts)


def wanted_in(request: HttpRequest) -> Wanted:
    """A kind nobody knows is none."""
    given = request.GET
    kind = given.get("kind", "")
    switches = {name: given.get(name) == "1" for name in ("now", "family", "mine")}
    return Wanted(kind if kind in PartnerKind.values else "", **switches)


def pins_of(shown: list[StoreShown]) -> dict[str, Any]:
    """As `kit/js/map.js` reads them: about ninety bytes each."""
    places = [one for one in shown if one.has_place][:PINS_MAX]
    return {
        "url": reverse("map") + "/stores/",
        "pins": [_pin(one) for one in places],
        "streets": found.streets_of(places),
    }


def _pin(one: StoreShown) -> list[Any]:
    row, says = one.store, one.given[0].shown.says
    place = (round(float(row.latitude), 5), round(float(row.longitude), 5))
    return [row.pk, *place, one.icon, int(one.is_usable), row.name, says]


def _address(name: str, wanted: Wanted) -> str:
    asked = {"kind": wanted.kind} if wanted.kind else {}
    asked |= {key: "1" for key in ("now", "family", "mine") if getattr(wanted, key)}
    return reverse(name) + (f"?{urlencode(asked)}" if asked else "")


def _kinds(wanted: Wanted, everything: list[StoreShown]) -> list[dict[str, Any]]:
    kinds = [("", _("全部"), len(everything)), *found.kinds_of(everything)]
    if wanted.kind not in {code for code, _label, _n in kinds}:
        kinds.append((wanted.kind, str(PartnerKind(wanted.kind).label), 0))
    return [
        {
            "label": label,
            "count": count,
            "current": code == wanted.kind,
            "url": _address("map", wanted._replace(kind=code)),
        }
        for code, label, count in kinds
    ]


def _switches(wanted: Wanted, *, is_signed_in: bool) -> list[dict[str, Any]]:
    """Each link turns one of them over; what suits the reader is asked by who has signed in."""
    names = [("now", _("现在可用")), ("family", _("家属可用"))]
    names += [("mine", _("适合我"))] if is_signed_in else []
    return [
        {
            "label": label,
            "current": getattr(wanted, key),
            "url": _address("map", wanted._replace(**{key: not getattr(wanted, key)})),
        }
        for key, label in names
    ]
