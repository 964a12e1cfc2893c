"""试算: an offer, a draft as well, together with the live ones of a store, on a bill nobody pays. Nothing is taken or kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gonghui.bills import pricing
from gonghui.bills.models import OfferTerms
from gonghui.bills.offers_live import live_offers, read_anew

NOBODY = 0
"""A member of this kind, but none in particular: what persons used up is not counted."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """What a trial takes for granted."""

    store_id: int
    line: pricing.Line
    at: datetime
    groups: frozenset[str] = frozenset()
    is_verified: bool = True
    is_family: bool = False
    has_vouchers: bool = True
    """One of each offer that asks for one."""


def try_together(terms: OfferTerms, supposed: Supposed) -> pricing.Quote:
    """By the very `quote` of tills and members, with this offer as it is written among those that hold there. Where no money was
    set aside yet, for drafts and for vouchers nobody was given, nobody is short of it."""
    live, _nobody, visit = live_offers(supposed.store_id, None, supposed.at)
    offers = [offer for offer in live if offer.id != terms.offer_id]
    tried = [*map(_as_given, offers), _unfunded(read_anew(terms.pk))]
    if supposed.has_vouchers:
        tried = [replace(offer, vouchers=1) if offer.needs_voucher else offer for offer in tried]
    union = terms.audience_union or terms.offer.union
    asker = pricing.Asker(
        NOBODY,
        supposed.groups,
        union.path,
        is_verified=supposed.is_verified,
        audiences=frozenset(one.audience for one in tried if one.audience is not None),
        is_family=supposed.is_family,
    )
    return pricing.quote(tried, pricing.Basket((supposed.line,)), asker, visit)


def _as_given(offer: pricing.LiveOffer) -> pricing.LiveOffer:
    return _unfunded(offer) if offer.needs_voucher else offer


def _unfunded(offer: pricing.LiveOffer) -> pricing.LiveOffer:
    return replace(offer, shares=tuple(replace(share, funder=None) for share in offer.shares))
