"""Whether one offer is given to one asker here and now, looked at alone; the first reason against it if not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from gonghui.benefits.errors import IN_TRANSIT, NOT_IN_GROUPS, NOT_MEMBER, NOT_VERIFIED
from gonghui.bills.pricing import errors
from gonghui.bills.pricing.outcomes import Refused
from gonghui.bills.pricing.terms import Asker, Basket, LiveOffer, Visit, Window
from gonghui.bills.pricing.windows import is_full, next_opening, open_windows
from gonghui.kit.errors import SIGN_IN_FIRST, Refusal


@dataclass(slots=True, eq=False)
class Candidate:
    """An offer nothing but money speaks against."""

    offer: LiveOffer
    touched: tuple[int, ...]
    """Lines of the basket, by position."""
    window: Window | None = None
    window_day: date | None = None
    cap_fen: int | None = None
    """What its limits in fen leave its funders; None: nothing limits them."""
    alone_fen: int = 0
    """What it takes off without company, before and after its funders are asked."""
    given_fen: int = 0


def refused(offer: LiveOffer, reason: Refusal, **facts: Any) -> Refused:
    return Refused(offer.id, offer.title, reason, facts)


def fit(offer: LiveOffer, basket: Basket, asker: Asker, visit: Visit) -> Candidate | Refused:
    if offer.store_ids and visit.store_id not in offer.store_ids:
        return refused(offer, errors.NOT_THIS_STORE)
    if against := _why_not_they(offer, asker) or _why_not_more(offer):
        return against
    touched = _touched(offer, basket)
    if not touched:
        return refused(offer, errors.SECTION_NOT_ALLOWED)
    cap_fen = offer.cap_left_fen
    if not offer.windows:
        return Candidate(offer, touched, cap_fen=cap_fen)
    opened = open_windows(offer.windows, asker, visit)
    for window, day in opened:
        if not is_full(window, day, visit.window_uses):
            return Candidate(offer, touched, window, day, cap_fen)
    return _why_not_now(offer, asker, visit, is_taken=bool(opened))


def _why_not_they(offer: LiveOffer, asker: Asker) -> Refused | None:
    if asker.person_id is None and not is_for_all(offer):
        return refused(offer, SIGN_IN_FIRST)
    if offer.audience_path and not asker.union_path.startswith(offer.audience_path):
        return refused(offer, NOT_MEMBER, union=offer.audience_name)
    if is_kept_from_transit(offer, asker):
        return refused(offer, IN_TRANSIT)
    if offer.verified_only and not asker.is_verified:
        return refused(offer, NOT_VERIFIED)
    if offer.groups and offer.groups.isdisjoint(asker.groups):
        return refused(offer, NOT_IN_GROUPS)
    if offer.audience is not None and offer.audience not in asker.audiences:
        return refused(offer, errors.NOT_FOR_YOU)
    if asker.is_family and not offer.terms.family:
        return refused(offer, errors.NOT_FOR_FAMILY)
    return None


def is_for_all(offer: LiveOffer) -> bool:
    return not any(
        (offer.audience_path, offer.audience, offer.groups, offer.verified_only, offer.needs_voucher)
    )


def is_kept_from_transit(offer: LiveOffer, asker: Asker) -> bool:
    """At a till: who is in a transit pool gets what is online until a union of their own takes them in (M6), what was addressed
    to that very pool, and what they hold a voucher for; a price for everybody they have like any passer-by."""
    is_theirs = offer.needs_voucher or offer.audience_path == asker.union_path
    return asker.is_transit and not is_theirs and not is_for_all(offer)


def _why_not_more(offer: LiveOffer) -> Refused | None:
    for limit in offer.limits:
        if limit.used >= limit.most and not limit.in_fen:
            return refused(offer, errors.LIMIT_USED, per=limit.per, most=limit.most, used=limit.used)
    if offer.needs_voucher and offer.vouchers < 1:
        return refused(offer, errors.NO_VOUCHER)
    return None


def _touched(offer: LiveOffer, basket: Basket) -> tuple[int, ...]:
    sections, codes = offer.sections, offer.codes
    if not sections and not codes:
        return basket.places
    return tuple(
        n
        for n, line in enumerate(basket.lines)
        if (not sections or line.section in sections) and (not codes or line.code in codes)
    )


def _why_not_now(offer: LiveOffer, asker: Asker, visit: Visit, *, is_taken: bool) -> Refused:
    here = [w for w in offer.windows if not w.store_ids or visit.store_id in w.store_ids]
    if not here:
        return refused(offer, errors.NOT_THIS_STORE)
    if all(w.whom and w.whom.isdisjoint(asker.groups) for w in here):
        groups = frozenset[str]().union(*(w.whom for w in here))
        names = sorted(visit.group_names.get(group, group) for group in groups)
        return refused(offer, errors.GROUP_NOT_SERVED, groups="、".join(names))
    opens = next_opening(here, asker, visit)
    if opens is None:
        return refused(offer, errors.WINDOW_LAST_FULL if is_taken else errors.WINDOWS_OVER)
    reason = errors.WINDOW_FULL if is_taken else errors.WINDOW_CLOSED
    return refused(offer, reason, opens=opens, now=visit.at)
