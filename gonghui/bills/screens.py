"""What a store's electronic screen says: its offers in words, those that hold now first. Nobody is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from gonghui.bills import plans, pricing
from gonghui.bills.holidays import holidays_around
from gonghui.bills.models import OfferTerms, OfferWindow
from gonghui.kit.clock import CHINA
from gonghui.members.models import WorkerGroup

SHOWN_MAX = 12
OURS = "printed on the store's screen"


@dataclass(frozen=True, slots=True)
class ScreenOffer:
    title: str
    lines: tuple[str, ...]
    """骑手 13:00–14:00 七折."""
    is_open: bool
    by_voucher: bool


def screen_of(store_id: int, at: datetime) -> list[ScreenOffer]:
    """Three queries. Windows of other stores are left out, and offers whose windows are over."""
    found = (
        OfferTerms.objects.unscoped(OURS)
        .filter(state=OfferTerms.State.PUBLISHED, offer_stores__store_id=store_id)
        .select_related("offer")
        .prefetch_related(
            Prefetch("windows", OfferWindow.objects.select_related("benefit_day").order_by("id"))
        )
        .order_by("order", "id")
    )
    names = dict(WorkerGroup.objects.values_list("code", "name"))
    visit = pricing.Visit(store_id, at, holidays=holidays_around(at.astimezone(CHINA).date()))
    shown = [one for terms in found if (one := _shown(terms, visit, names))]
    return sorted(shown, key=lambda one: not one.is_open)[:SHOWN_MAX]


def _shown(terms: OfferTerms, visit: pricing.Visit, names: Mapping[str, str]) -> ScreenOffer | None:
    windows = [plans.window_of(row) for row in terms.windows.all()]
    here = [w for w in windows if not w.store_ids or visit.store_id in w.store_ids]
    everybody = pricing.Asker(groups=frozenset(code for w in here for code in w.whom))
    is_open = not windows or bool(pricing.open_windows(here, everybody, visit))
    if windows and not is_open and pricing.next_opening(here, everybody, visit) is None:
        return None
    groups = "、".join(names.get(code, code) for code in terms.groups)
    lines = pricing.says(here, plans.price_of(terms), names).split("\n")
    said = tuple(f"{groups} {line}" if groups else line for line in lines)
    return ScreenOffer(terms.offer.title, said, is_open, terms.needs_voucher)
