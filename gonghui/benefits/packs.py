"""The offline pack: what a clerk's phone needs to honour tickets for a short while without network.

Stated risk: a pack lives `OFFLINE_LIFE` and counts `OFFLINE_COUNT_MAX` redemptions; within that, one ticket shown at two
offline desks is honoured twice and appears as an exception at reconciliation, with both desks named.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from gonghui.benefits import errors
from gonghui.benefits.counter import (
    EARLY,
    OFFLINE_COUNT_MAX,
    OFFLINE_LIFE,
    PACK_AHEAD,
    PACK_VOUCHERS_MAX,
    kind_due,
)
from gonghui.benefits.models import Voucher
from gonghui.kit import clock, tokens
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.kit.masks import mask_name

PURPOSE = "offline-pack"
GRACE = timedelta(days=2)  # a phone that finds the network late still hands in what it did


@dataclass(frozen=True, slots=True)
class OfflinePack:
    store_id: int
    clerk_id: int
    issued_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.issued_at + OFFLINE_LIFE

    @property
    def hand_in_until(self) -> datetime:
        return self.issued_at + GRACE

    def token(self) -> str:
        body = json.dumps([self.store_id, self.clerk_id, self.issued_at.timestamp()]).encode()
        return tokens.sign(PURPOSE, body, expires_at=self.hand_in_until)


def pack_of(token: str, *, takes_late: bool = False) -> OfflinePack:
    """The pack a phone hands in; refuses what we did not sign. `takes_late`: however late, where the caller says what then."""
    try:
        store_id, clerk_id, issued = json.loads(tokens.verify(PURPOSE, token, at=0 if takes_late else None))
    except tokens.TokenRefused:
        pack = None
    else:
        pack = OfflinePack(store_id, clerk_id, datetime.fromtimestamp(issued, clock.CHINA))
    require(pack, errors.PACK_ENDED)
    return pack


def new_pack(actor: Actor, *, store_id: int) -> dict:
    """Tickets of the coming hours at this store, with the secret that proves each one's changing QR."""
    require(store_id in actor.owns("store") and actor.user_id, errors.NOT_A_CLERK)
    now = clock.now()
    pack = OfflinePack(store_id, actor.user_id, now)
    live = (Voucher.State.CONFIRMED, Voucher.State.EXCHANGED, Voucher.State.REDEEMED)
    vouchers = (
        Voucher.objects.visible_to(actor)
        .filter(pool__store_id=store_id, state__in=live, pool__valid_until__gt=now)
        .filter(pool__valid_from__lt=now + PACK_AHEAD, release__offer__is_priced=False)
        .select_related("pool", "release", "person")
        .only("code", "seats", "state", "person__name", "release__title", "pool__label", "pool__honour_by",
              "pool__valid_from", "pool__valid_until")
        .order_by("pool__valid_from", "id")[:PACK_VOUCHERS_MAX]
    )  # fmt: skip
    return {
        "token": pack.token(),
        "store": store_id,
        "issued": unix_ms(now),
        "ends": unix_ms(pack.ends_at),
        "most": OFFLINE_COUNT_MAX,
        "vouchers": {v.code: _entry(v) for v in vouchers},
    }


def _entry(voucher: Voucher) -> dict:
    pool = voucher.pool
    return {
        "secret": tokens.voucher_secret(voucher.code).hex(),
        "seats": voucher.seats,
        "name": mask_name(voucher.person.name),
        "title": voucher.release.title,
        "label": pool.label,
        "kind": kind_due(voucher),
        "used": voucher.state != Voucher.State.CONFIRMED,
        "from": unix_ms(pool.valid_from - EARLY),
        "until": unix_ms(pool.valid_until),
    }


def unix_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
