"""Who is entitled, when times make sense, who is barred: pure, no database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from gonghui.benefits import errors
from gonghui.benefits.models import NoShowRule, Pool, Release
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError

DRAW_PRIZE_MAX_FEN = 5_000_000
"""Of one winner's party: 规范促销行为暂行规定, adopted as policy; unverified."""
DRAW_GAP_MINUTES = 10
NO_SHOW_GRACE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Bar:
    rule: NoShowRule
    count: int
    until: datetime


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What the rules need to know of a person, and nothing more. `union_path` is empty without a live membership."""

    person_id: int
    is_verified: bool
    groups: frozenset[str]
    union_path: str
    tickets: int = 0
    is_transit: bool = False
    """In a transit pool, without a union of their own yet."""
    is_bookable: bool = True
    bar: Bar | None = None


def why_not_entitled(
    release: Release, facts: PersonFacts | None, at: datetime, *, pool: Pool | None = None
) -> DomainError | None:
    """The first reason, in the order in which a member can do something about it; None when entitled."""
    return _why_not_on(release, at, pool) or _why_not_they(release, facts, pool)


def _why_not_on(release: Release, at: datetime, pool: Pool | None) -> DomainError | None:
    if release.state == Release.State.CANCELLED:
        return DomainError(errors.RELEASE_CALLED_OFF)
    if release.state in (Release.State.DRAFT, Release.State.REVIEWED):
        return DomainError(errors.NOT_YET_ANNOUNCED)
    if release.state == Release.State.CLOSED or at >= (pool.closing if pool else release.closes_at):
        return DomainError(errors.RELEASE_OVER)
    if release.state == Release.State.PAUSED:
        return paused(release.pause_reason)
    return None


def paused(reason: str) -> DomainError:
    return DomainError(errors.RELEASE_PAUSED, why=reason.rstrip("。"))


def _why_not_they(release: Release, facts: PersonFacts | None, pool: Pool | None) -> DomainError | None:
    if facts is None:
        return DomainError(SIGN_IN_FIRST)
    if not facts.is_bookable:
        return DomainError(errors.NOT_DELEGATED)
    if release.verified_only and not facts.is_verified:
        return DomainError(errors.NOT_VERIFIED)
    audience = release.audience_union or release.union
    if not (facts.union_path and facts.union_path.startswith(audience.path)):
        return DomainError(errors.NOT_MEMBER, union=audience.name)
    if release.audience_groups and not facts.groups & set(release.audience_groups):
        return DomainError(errors.NOT_IN_GROUPS)
    if facts.is_transit and pool and is_kept_from_transit(release, pool):
        return DomainError(errors.IN_TRANSIT)
    if facts.bar:
        return barred(facts.bar)
    if facts.tickets >= release.per_person:
        return DomainError(errors.HOLDS_ENOUGH, limit=release.per_person)
    return None


def is_kept_from_transit(release: Release, pool: Pool) -> bool:
    """Used at a place: at a session, a venue, a till. Who is in a transit pool gets what is online until a union of their own
    takes them in (M6), and what was addressed to that very pool."""
    audience = release.audience_union or release.union
    is_at_a_place = bool(pool.store_id or pool.place or release.offer.is_priced)
    return is_at_a_place and not audience.is_pool


def barred(bar: Bar) -> DomainError:
    until = bar.until.astimezone(CHINA)
    return DomainError(
        errors.BARRED,
        count=bar.count,
        limit=bar.rule.count,
        within_days=bar.rule.within_days,
        bar_days=bar.rule.bar_days,
        until=f"{until.year}年{until.month}月{until.day}日",
    )


def bar_of(rules: Iterable[NoShowRule], no_shows: Iterable[tuple[str, datetime]], at: datetime) -> Bar | None:
    """The longest bar in force. `no_shows` are (path of the releasing union, when it should have been used)."""
    missed = list(no_shows)
    bars = [bar for rule in rules if (bar := _bar(rule, missed, at))]
    return max(bars, key=lambda bar: bar.until, default=None)


def _bar(rule: NoShowRule, missed: Sequence[tuple[str, datetime]], at: datetime) -> Bar | None:
    times = sorted(when for path, when in missed if path.startswith(rule.union.path))
    within = timedelta(days=rule.within_days)
    # The newest run of `count` no-shows that lie close enough together decides.
    for last in reversed(times):
        count = sum(last - within <= when <= last for when in times)
        if count >= rule.count:
            until = last + timedelta(days=rule.bar_days)
            return Bar(rule, count, until) if until > at else None
    return None


def wrong_times(release: Release, pools: Sequence[Pool], at: datetime) -> list[str]:
    """What must be mended before a release is reviewed or announced."""
    problems = []
    if release.opens_at <= at:
        problems.append(_("开放时间已经过去。"))
    if release.cancel_until and release.cancel_until <= release.opens_at:
        problems.append(_("最晚退票时间要在开放时间之后。"))
    for pool in pools:
        if pool.valid_until and pool.valid_until <= pool.opening:
            problems.append(_("“%s”在开放之前就过期了。") % pool.label)
        if pool.closing <= pool.opening:
            problems.append(_("“%s”的结束时间要在开放时间之后。") % pool.label)
    return problems


def draw_weight(losses: int, per_loss: int, weight_max: int) -> int:
    """Who lost before is likelier now, up to a limit; 1 where the release weighs nothing."""
    return min(1 + losses * per_loss, max(weight_max, 1))
