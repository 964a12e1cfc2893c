"""A store's day at the counter, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from gonghui.benefits.models import OfflineException, Redemption
from gonghui.kit import clock
from gonghui.kit.actors import Actor

DESKS = ("store", "clerk", "first__store", "first__clerk")


@dataclass(frozen=True, slots=True)
class CounterDay:
    """One store's day in numbers; `scans` are the newest fifty."""

    exchanged_vouchers: int
    paper_tickets: int
    checked_in_vouchers: int
    people_in: int
    offline: int
    scans: list[Redemption]
    exceptions: list[OfflineException]


def counter_day(actor: Actor, *, store_id: int, on: date) -> CounterDay:
    """Four queries whatever the day was like."""
    since = datetime.combine(on, time.min, clock.CHINA)
    today = Redemption.objects.visible_to(actor).filter(
        store_id=store_id, at__gte=since, at__lt=since + timedelta(days=1)
    )
    exchange, gate = Q(kind=Redemption.Kind.EXCHANGE), Q(kind=Redemption.Kind.CHECK_IN)
    sums = today.aggregate(
        exchanged_vouchers=Count("id", filter=exchange),
        paper_tickets=Coalesce(Sum("arrived", filter=exchange), 0),
        checked_in_vouchers=Count("id", filter=gate),
        people_in=Coalesce(Sum("arrived", filter=gate), 0),
        offline=Count("id", filter=Q(offline=True)),
    )
    scans = today.select_related("voucher__person", "voucher__release", "voucher__pool").order_by("-at")[:50]
    still_open = offline_exceptions(actor).filter(store_id=store_id, settled_at=None)
    return CounterDay(**sums, scans=list(scans), exceptions=list(still_open[:50]))


def offline_exceptions(actor: Actor) -> QuerySet[OfflineException]:
    """With both desks and the member, newest first."""
    found = OfflineException.objects.visible_to(actor).select_related(
        *DESKS, "voucher__release", "voucher__person"
    )
    return found.order_by("-at", "-id")
