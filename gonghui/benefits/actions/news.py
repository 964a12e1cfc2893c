"""Telling those who got a ticket, however they got it: gate, Django, draw, grant or waiting list.

What comes in a pack or as a reward is told by whoever gave it, once for all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Coalesce

from gonghui.benefits import messages
from gonghui.benefits.actions.parties import seat_party
from gonghui.benefits.models import Party, Pool, PoolNews, Release, Voucher
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import sweep
from gonghui.notices.actions import tell_once

BATCH = 200
EXPIRY_NEWS = timedelta(hours=1)


def tell_news(actor: Actor) -> int:
    """Every pool with untold vouchers, batch after batch, each in a transaction of its own."""
    pools = Pool.objects.unscoped("the news of every pool").annotate(told=Coalesce("news__told_serial", 0))
    due = pools.exclude(release__mode=Release.Mode.PACK).filter(next_serial__gt=F("told") + 1)
    told = 0
    with sweep() as each:
        for pool_id in due.order_by("id").values_list("id", flat=True):
            while count := each(tell_pool_news, actor, pool_id=pool_id):
                told += count
    return told


@action
def tell_pool_news(actor: Actor, *, pool_id: int) -> int:
    """One batch; returns how many serials were passed. The mark and the messages commit together: nobody twice."""
    PoolNews.objects.bulk_create([PoolNews(pool_id=pool_id)], ignore_conflicts=True)
    news = PoolNews.objects.unscoped("the mark of this pool").select_for_update().get(pool_id=pool_id)
    vouchers = (
        Voucher.objects.unscoped("vouchers nobody was told of")
        .filter(pool_id=pool_id, serial__gt=news.told_serial)
        .select_related("release", "pool")
        .order_by("serial")[:BATCH]
    )
    fresh = list(vouchers)
    if not fresh:
        return 0
    parties = _parties(fresh)
    for voucher in fresh:
        if party := parties.get((voucher.release_id, voucher.person_id)):
            seat_party(party, voucher)
        if voucher.is_live:
            tell_holder(actor, voucher, "won", messages.won(voucher))
    news.told_serial = fresh[-1].serial
    news.save(update_fields=["told_serial", "updated_at"])
    return len(fresh)


def _parties(vouchers: Iterable[Voucher]) -> dict[tuple[int, int], Party]:
    nameless = [v for v in vouchers if v.seats > 1 and v.companions is None]
    if not nameless:
        return {}
    found = Party.objects.unscoped("names given before the claim").filter(
        release_id=nameless[0].release_id, person_id__in=[v.person_id for v in nameless]
    )
    return {(party.release_id, party.person_id): party for party in found}


def tell_holder(actor: Actor, voucher: Voucher, occasion: str, notice: messages.Notice) -> None:
    """The holder, and whoever booked for them; once each, whatever runs twice."""
    for person_id in dict.fromkeys((voucher.person_id, voucher.booked_by_id)):
        if person_id is not None:
            once = f"{occasion}:{voucher.pk}:{person_id}"
            tell_once(actor, once=once, notice=notice, person_id=person_id)


def tell_expired(actor: Actor) -> int:
    """Those whose tickets went back unconfirmed in the last hour; `tell_once` keeps it to once."""
    since = clock.now() - EXPIRY_NEWS
    gone = (
        Voucher.objects.unscoped("tickets that expired a moment ago")
        .filter(state=Voucher.State.EXPIRED, settled_at__gte=since)
        .exclude(release__offer__is_priced=True, settled_at__gte=F("pool__valid_until"))
        .select_related("release", "pool")
        .order_by("id")
    )
    found = list(gone)
    for voucher in found:
        tell_holder(actor, voucher, "expired", messages.expired(voucher))
    return len(found)
