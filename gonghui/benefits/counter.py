"""At the counter: what a scan means. Pure rules, no database; limits of offline redemption are stated here once."""

from __future__ import annotations

from datetime import datetime, timedelta

from gonghui.benefits import errors
from gonghui.benefits.models import Pool, Redemption, Voucher
from gonghui.kit.errors import DomainError, Refusal

EARLY = timedelta(hours=2)  # doors and windows open before the show
OFFLINE_LIFE = timedelta(minutes=30)
OFFLINE_COUNT_MAX = 50  # redemptions on one pack: what a lost phone can do before it must ask again
PACK_AHEAD = timedelta(hours=12)
PACK_VOUCHERS_MAX = 3000

CLOSED_STATES: dict[str, Refusal] = {
    Voucher.State.HELD: errors.NOT_CONFIRMED,
    Voucher.State.RETURNED: errors.GIVEN_BACK,
    Voucher.State.EXPIRED: errors.GIVEN_BACK,
    Voucher.State.VOIDED: errors.VOIDED,
}


def kind_due(voucher: Voucher) -> str:
    """What the next scan of this voucher does: first the window where there is one, then the gate."""
    exchange = voucher.pool.honour_by == Pool.HonourBy.EXCHANGE
    return Redemption.Kind.EXCHANGE if exchange else Redemption.Kind.CHECK_IN


def why_not_honoured(voucher: Voucher, at: datetime) -> DomainError | None:
    """Why this voucher is not good at this moment, or None. Being used already is for the caller, who knows when."""
    if reason := CLOSED_STATES.get(voucher.state):
        return DomainError(reason)
    pool = voucher.pool
    if pool.valid_from and at < pool.valid_from - EARLY:
        return DomainError(errors.NOT_YET_USABLE, opens=local(pool.valid_from - EARLY))
    if pool.valid_until and at >= pool.valid_until:
        return DomainError(errors.PAST_USE, until=local(pool.valid_until))
    return None


def local(moment: datetime) -> str:
    from gonghui.kit.clock import CHINA

    return moment.astimezone(CHINA).strftime("%m月%d日 %H:%M")
