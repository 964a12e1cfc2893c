"""Jobs of this app: parcels that came, orders that are over, what nobody answers, bills whose news was lost, the ranking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic, sweep
from gonghui.mall import reactions  # noqa: F401  registers them
from gonghui.mall.actions import after_sales, orders, pictures, ranking
from gonghui.mall.models import AfterSale, MallOrder

TIMER = Actor.system("timetable of the mall")
WHY = "its own job"
AT_ONCE = 500
LEFT_ALONE = timedelta(days=1)
"""A picture taken off may be put up again."""


@periodic("17 * * * *")
def move_orders_on(timestamp: int) -> None:
    """After-sales first: an order is over when none is under way."""
    with sweep() as each:
        _end_silences(each)
        _move_orders(each)


def _move_orders(each: Callable) -> None:
    now, found = clock.now(), MallOrder.objects.unscoped(WHY)
    come = found.filter(state="shipped", shipped_at__lte=now - orders.ON_THE_WAY)
    over = found.filter(state="delivered", delivered_at__lte=now - orders.THINK_IT_OVER)
    silent = found.filter(state="refund_requested", asked_at__lte=now - orders.SILENT_SUPPLIER)
    for rows, verb in ((come | over, orders.move_on), (silent, orders.grant_silent_refund)):
        for pk in rows.order_by("id").values_list("pk", flat=True)[:AT_ONCE]:
            each(verb, TIMER, mallorder_id=pk)


def _end_silences(each: Callable) -> None:
    now, found = clock.now(), AfterSale.objects.unscoped(WHY).filter(sent_no="")
    for state, (_verb, patience, _words) in after_sales.SILENT.items():
        rows = found.filter(state=state, since__lte=now - patience).order_by("id")
        for pk in rows.values_list("pk", flat=True)[:AT_ONCE]:
            each(after_sales.end_silence, TIMER, aftersale_id=pk)


@periodic("*/5 * * * *")
def follow_bills(timestamp: int) -> None:
    """The net under the news."""
    waiting = MallOrder.objects.unscoped(WHY).filter(state="points_held").exclude(bill__state="held")
    with sweep() as each:
        for bill_id in waiting.order_by("id").values_list("bill_id", flat=True)[:AT_ONCE]:
            each(orders.follow_bill, TIMER, bill_id=bill_id)


@periodic("41 18 * * *")
def rank_sections(timestamp: int) -> None:
    """02:41 in China, of the day that is over."""
    ranking.take_snapshot(TIMER, day=clock.today() - timedelta(days=1))


@periodic("11 19 * * *")
def sweep_pictures(timestamp: int) -> None:
    """03:11 in China: pictures nobody shows and nobody bought by."""
    while pictures.sweep_pictures(TIMER, before=clock.now() - LEFT_ALONE) == pictures.AT_ONCE:
        pass
