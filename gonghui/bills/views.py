"""A store's own screen: big, public, renewing itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from gonghui.bills.screens import screen_of
from gonghui.kit import clock
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.partners.models import Store

RENEWED_AFTER_S = 60


@require_safe
def store_screen(request: HttpRequest, store_id: str) -> HttpResponse:
    """Of a store whose merchant is with us; the same for everybody."""
    stores = Store.objects.unscoped("on its own screen").filter(pk=store_id, partner__state="active")
    store = stores.select_related("partner").first()
    require(store, NOT_FOUND)
    now = clock.now()
    facts = {
        "store": store,
        "offers": screen_of(store.pk, now),
        "now": now,
        "renewed_after_s": RENEWED_AFTER_S,
    }
    answer = render(request, "bills/screen.html", facts)
    patch_cache_control(answer, public=True, max_age=RENEWED_AFTER_S // 2)
    return answer
