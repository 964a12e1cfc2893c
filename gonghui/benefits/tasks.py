"""Jobs of benefits. Timed ones are set when a release is announced; the sweeps every minute catch what was missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db.models import F, Q

from gonghui.benefits.actions import (
    claims,
    draws,
    grants,
    news,
    no_shows,
    pause_news,
    releases,
    reminders,
    timers,
    voids,
)
from gonghui.benefits.actions.timers import REMIND_BEFORE
from gonghui.benefits.models import Draw, Release, Voucher
from gonghui.benefits.rules import DRAW_GAP_MINUTES
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import job, periodic, run_due, sweep

TIMER = Actor.system("timer of releases")
NEWS = Actor.system("news of tickets")


# --- Set for a moment ---------------------------------------------------------------------------------------


@job
def announce_release(release_id: int) -> None:
    run_due(releases.announce_release, TIMER, release_id=release_id)


@job
def open_release(release_id: int) -> None:
    run_due(releases.open_release, TIMER, release_id=release_id)


@job
def close_release(release_id: int) -> None:
    run_due(releases.close_release, TIMER, release_id=release_id)


@job
def send_reminders(release_id: int) -> None:
    reminders.send_reminders(TIMER, release_id=release_id)


@job
def grant_release(release_id: int) -> None:
    run_due(grants.grant_release, TIMER, release_id=release_id)


@job
def publish_draws(release_id: int) -> None:
    due = Draw.objects.unscoped("draws of a closed release").filter(release_id=release_id, state="configured")
    with sweep() as each:
        for draw_id in due.values_list("id", flat=True):
            each(draws.publish_draw, TIMER, draw_id=draw_id)


@job
def run_draw(draw_id: int) -> None:
    run_due(draws.run_draw, TIMER, draw_id=draw_id)


@job
def void_pool(pool_id: int, reason: str) -> None:
    voids.void_pool(Actor.system(reason), pool_id=pool_id, reason=reason)


@job
def fill_pool(pool_id: int) -> None:
    claims.fill_pool(TIMER, pool_id=pool_id)


@job
def tell_pause(release_id: int) -> None:
    pause_news.tell_pause(NEWS, release_id=release_id)


@job
def tell_promoted(voucher_ids: list[int]) -> None:
    """Their pools' news, of which these are a part."""
    found = Voucher.objects.unscoped("pools of tickets just given").filter(pk__in=voucher_ids)
    with sweep() as each:
        for pool_id in found.order_by().values_list("pool_id", flat=True).distinct():
            while each(news.tell_pool_news, NEWS, pool_id=pool_id):
                pass


# --- Every minute -------------------------------------------------------------------------------------------


@periodic("* * * * *")
def follow_the_clock(timestamp: int) -> None:
    """Whatever a lost or late job left undone."""
    with sweep() as each:
        _follow_releases(each)
        follow_draws(each)


def _follow_releases(each: Callable) -> None:
    now = clock.now()
    for verb, due in (
        (releases.announce_release, {"state": "reviewed", "announce_at__lte": now, "opens_at__gt": now}),
        (releases.open_release, {"state": "announced", "opens_at__lte": now}),
        (releases.close_release, {"state__in": ("announced", "open", "paused"), "closes_at__lte": now}),
    ):
        for release_id in _releases(**due):
            each(verb, TIMER, release_id=release_id)
    unfinished = Q(grant_run__isnull=True) | Q(grant_run__finished_at__isnull=True)
    for release_id in _releases(unfinished, state="open", mode="grant"):
        timers.grant_now(release_id)
    for release_id in _releases(state="announced", opens_at__lte=now + REMIND_BEFORE):
        each(reminders.send_reminders, TIMER, release_id=release_id)


def follow_draws(each: Callable) -> None:
    waiting = Draw.objects.unscoped("the timer looks at every draw")
    closed = waiting.filter(state="configured", release__state="closed")
    for draw_id in closed.values_list("id", flat=True):
        each(draws.publish_draw, TIMER, draw_id=draw_id)
    gap = F("release__draw_terms__gap_minutes")
    published = waiting.filter(state="published").values_list("id", "published_at", gap)
    for draw_id, published_at, minutes in published:
        gap_minutes = DRAW_GAP_MINUTES if minutes is None else minutes
        if published_at + timedelta(minutes=gap_minutes) <= clock.now():
            each(draws.run_draw, TIMER, draw_id=draw_id)


def _releases(*conditions: Q, **lookups: object) -> list[int]:
    found = Release.objects.unscoped("the timer looks at every release").filter(*conditions, **lookups)
    return list(found.order_by("opens_at").values_list("id", flat=True))


@periodic("* * * * *")
def tell_news(timestamp: int) -> None:
    news.tell_news(NEWS)


@periodic("* * * * *")
def expire_vouchers(timestamp: int) -> None:
    """Tickets nobody confirmed in time, and seats that stand idle beside a line."""
    with sweep() as each:
        each(claims.expire_vouchers, TIMER)
        each(claims.fill_idle_pools, TIMER)
        each(news.tell_expired, NEWS)


@periodic("7 * * * *")
def mark_no_shows(timestamp: int) -> None:
    no_shows.mark_no_shows(TIMER)
