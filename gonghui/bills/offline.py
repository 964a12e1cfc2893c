"""A till without network: which coupons it may take, what it hands in, and its bounds. Pure; portal/js/offline_price.js is the
twin of the price."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from gonghui.benefits.packs import OfflinePack
from gonghui.bills import errors
from gonghui.bills.pricing import Form, LiveOffer, Share, says_terms
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import require
from gonghui.kit.templatetags.kit import cn_when

FUNDED_FEN_MAX = 200_000
"""What unions and employers may give on the bills of one pack: 2,000 yuan. Its time and count: `benefits.counter`."""
COUPONS_MAX = 2_000
"""In one pack, those that end first: a phone fetches it every few minutes."""
LEEWAY = timedelta(minutes=1)
"""A phone's clock may be off by so much."""
MARK_ROUNDS = 2_000
"""Of the slow hash a coupon is found by in the pack: whoever is shown the code finds it, nobody reads codes off the phone."""
FORMS = frozenset({Form.THRESHOLD_OFF, Form.PERCENT, Form.FIXED_PRICE, Form.FREE, Form.GIFT})


@dataclass(frozen=True, slots=True)
class OfflineSale:
    """One tap on a phone without network: the coupon as scanned or typed, what was bought, what was taken for it."""

    key: UUID
    text: str
    amount_fen: int
    due_fen: int
    at: datetime
    section: str = ""
    is_family: bool = False


def is_simple(offer: LiveOffer) -> bool:
    """Its price follows from one amount, and from nothing that others use up meanwhile: places of a window, limits, caps."""
    is_counted = bool(offer.limits) or any(one.capacity is not None for one in offer.windows)
    is_of_all = not (offer.sections or offer.codes) and offer.terms.bill_cap_fen is None
    return offer.needs_voucher and offer.terms.form in FORMS and is_of_all and not is_counted


def sold_at(pack: OfflinePack, sale: OfflineSale, now: datetime) -> datetime:
    """When it was sold; refuses what lies outside the pack's time, and a clock that cannot be right."""
    is_possible = pack.issued_at - LEEWAY <= sale.at <= now + LEEWAY
    require(is_possible, errors.OFFLINE_CLOCK, at=cn_when(sale.at))
    in_time = sale.at <= pack.ends_at and now <= pack.hand_in_until
    require(in_time, errors.OFFLINE_LATE, at=cn_when(sale.at), ends=cn_when(pack.ends_at))
    return clamped(pack, sale.at, now)


def clamped(pack: OfflinePack, at: datetime, now: datetime) -> datetime:
    return min(max(at, pack.issued_at), now)


def mark_salt() -> bytes:
    return get_keyring().derive("offline-mark")[:16]


@lru_cache(maxsize=20_000)
def mark_of(code: str, salt: bytes) -> str:
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt, MARK_ROUNDS, 16).hex()


def offer_facts(offer: LiveOffer) -> dict[str, Any]:
    """What a phone needs to work the price out."""
    terms = offer.terms
    return {
        "title": offer.title,
        "says": says_terms(terms),
        "form": terms.form,
        "threshold": terms.threshold_fen,
        "off": terms.off_fen,
        "repeat": terms.repeat_max,
        "rate": terms.rate_permille,
        "cap": terms.cap_fen,
        "price": terms.price_fen,
        "gift": (terms.gift or offer.title) if terms.form == Form.GIFT else "",
        "basis": terms.basis,
        "family": terms.family,
        "shares": [_share_facts(share) for share in offer.shares],
    }


def _share_facts(share: Share) -> dict[str, Any]:
    return {
        "payer": share.payer,
        "permille": share.permille,
        "fixed": share.fixed_fen,
        "max": share.max_fen,
        "when": share.when_empty,
        "rest": share.takes_rest,
    }
