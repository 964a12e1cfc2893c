"""What a provider tells of its coupons, and the daily sweep over them. Imported by tasks.py."""

from __future__ import annotations

import structlog

from gonghui.bills.actions import external
from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.kit.jobs import periodic
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed

log = structlog.get_logger("gonghui.bills")
PROVIDER = Actor.system("news of a coupon provider")


@reacts_to(ExternalCouponUsed)
def take_external_use(event: ExternalCouponUsed) -> None:
    use = external.note_use(PROVIDER, news=event)
    if use and use.state == use.State.UNCOVERED:
        log.warning("external_use_uncovered", use=use.pk, off_fen=use.off_fen)


@reacts_to(ExternalCouponReturned)
def take_external_return(event: ExternalCouponReturned) -> None:
    external.note_return(PROVIDER, news=event)


@periodic("20 3 * * *")
def sweep_external_coupons(timestamp: int) -> None:
    external.cover_uses(PROVIDER)
    external.release_over_stocks(PROVIDER)
