"""Offers and releases: written, reviewed by another, announced, opened and closed by the clock, called off with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from gonghui.audiences import queries as audiences
from gonghui.benefits import conditions, errors, messages, rules
from gonghui.benefits.actions import lines, reminders, timers
from gonghui.benefits.actions.draws import announce_draws
from gonghui.benefits.actions.hands import is_agreed, take_back_yeses
from gonghui.benefits.events import (
    ReleaseAnnounced,
    ReleaseCancelled,
    ReleaseClosed,
    ReleaseOpened,
    ReleasePaused,
    ReleasePostponed,
    ReleaseResumed,
)
from gonghui.benefits.models import DrawTerms, Offer, Pool, Release
from gonghui.benefits.models.releases import RELEASE_VERBS
from gonghui.funds.actions.decisions import Road
from gonghui.funds.actions.quorum import note_effect
from gonghui.funds.models import Decision, Matter
from gonghui.kit import clock
from gonghui.kit.actions import action, name_actor
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, require
from gonghui.kit.events import emit
from gonghui.kit.states import move, target
from gonghui.kit.templatetags.kit import yuan
from gonghui.orgs.models import Union


@dataclass(frozen=True, slots=True)
class CostSplit:
    """商家让一点、工会贴一点、职工付一点: the list price is their sum, in fen."""

    merchant_fen: int = 0
    union_fen: int = 0
    employer_fen: int = 0
    points_fen: int = 0
    worker_fen: int = 0

    @property
    def list_price_fen(self) -> int:
        return sum(asdict(self).values())


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
    title: str
    announce_at: datetime
    opens_at: datetime
    closes_at: datetime
    mode: str = Release.Mode.GRAB
    audience_union_id: int | None = None
    verified_only: bool = True
    audience_groups: tuple[str, ...] = ()
    audience_id: int | None = None
    """Besides union and groups; its wording of today is kept."""
    per_person: int = 1
    party_max: int = 1
    names_required: bool = False
    cancel_until: datetime | None = None
    confirm_within_s: int = 0
    waitlist_max: int | None = None

    def as_fields(self) -> dict:
        version = audiences.version_of(self.audience_id).pk if self.audience_id else None
        return asdict(self) | {
            "audience_groups": list(self.audience_groups),
            "audience_version_id": version,
        }


@dataclass(frozen=True, slots=True)
class PoolPlan:
    label: str
    capacity: int
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    place: str = ""
    store_id: int | None = None
    honour_by: str = Pool.HonourBy.GATE
    opens_at: datetime | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DrawWeights:
    """Nobody weighs more than another unless the release says so."""

    weight_per_loss: int = 0
    weight_max: int = 1
    gap_minutes: int = rules.DRAW_GAP_MINUTES


@action
def write_offer(
    actor: Actor, *, union: Union, title: str, kind: str, split: CostSplit | None = None, terms: str = ""
) -> Offer:
    require(actor.may("releases.write", union.path))
    split = split or CostSplit()
    return Offer.objects.create(
        union=union, title=title, kind=kind, terms=terms, list_price_fen=split.list_price_fen, **asdict(split)
    )


@action
def draft_release(
    actor: Actor,
    *,
    offer_id: int,
    terms: ReleaseTerms,
    pools: Sequence[PoolPlan] = (),
    weights: DrawWeights | None = None,
) -> Release:
    """A draft with its pools; `weights` are for draws."""
    offer = Offer.objects.visible_to(actor).select_related("union").filter(pk=offer_id).first()
    require(offer, NOT_FOUND)
    require(actor.may("releases.write", offer.union.path))
    _require_audience(actor, offer.union, terms)
    release = Release.objects.create(
        offer=offer, union=offer.union, maker_id=actor.user_id, **terms.as_fields()
    )
    if release.mode == Release.Mode.DRAW:
        DrawTerms.objects.create(release=release, **asdict(weights or DrawWeights()))
    _add_pools(release, pools)
    return release


@action
def change_release(actor: Actor, *, release_id: int, terms: ReleaseTerms) -> Release:
    """Drafts only: what was reviewed is what is released. The maker is who wrote last."""
    release = release_for(actor, release_id, "releases.write")
    _require_draft(release)
    _require_audience(actor, release.union, terms)
    if release.mode != terms.mode:
        DrawTerms.objects.filter(release=release).delete()
        if terms.mode == Release.Mode.DRAW:
            DrawTerms.objects.create(release=release)
    for name, value in terms.as_fields().items():
        setattr(release, name, value)
    release.maker_id = actor.user_id
    release.save()
    take_back_yeses(release, _("内容改过了"))
    return release


@action
def add_pools(actor: Actor, *, release_id: int, pools: Sequence[PoolPlan]) -> list[Pool]:
    release = release_for(actor, release_id, "releases.write")
    _require_draft(release)
    take_back_yeses(release, _("名额改过了"))
    return _add_pools(release, pools)


def _add_pools(release: Release, pools: Sequence[PoolPlan]) -> list[Pool]:
    return [Pool.objects.create(release=release, **asdict(plan)) for plan in pools]


def _require_draft(release: Release) -> None:
    require(release.state == Release.State.DRAFT, BAD_INPUT, detail=release.get_state_display())


def _require_audience(actor: Actor, union: Union, terms: ReleaseTerms) -> None:
    """Whoever writes a release may only address unions they may write for, and audiences and groups they may use."""
    meant = audiences.audience_for(actor, terms.audience_id) if terms.audience_id is not None else None
    audiences.require_usable(actor, path=union.path, groups=terms.audience_groups, audience=meant)
    if meant is not None:
        audiences.require_fresh(meant.pk)
    if terms.audience_union_id is None:
        return
    audience = Union.objects.unscoped("the audience named in the form").filter(pk=terms.audience_union_id)
    path = audience.values_list("path", flat=True).first()
    require(path and actor.may("releases.write", path))


def release_for(actor: Actor, release_id: int, verb: str) -> Release:
    """Fetched and allowed in one call."""
    found = Release.objects.visible_to(actor).select_related("union", "audience_union", "offer")
    release = found.filter(pk=release_id).first()
    require(release, NOT_FOUND)
    require(actor.may(verb, release.union.path))
    return release


def because(actor: Actor, reason: str) -> str:
    """From here on the audit trail of this transaction carries the reason."""
    reason = reason.strip()
    require(reason, errors.REASON_MISSING)
    name_actor(actor.because(reason))
    return reason


@action
def review_release(actor: Actor, *, release_id: int) -> Release:
    """By somebody else than its maker; the database holds that too."""
    release = release_for(actor, release_id, "releases.review")
    lock_release(release_id)
    require(actor.user_id and actor.user_id != release.maker_id, errors.MAKER_IS_CHECKER)
    _require_times(release)
    target(release, RELEASE_VERBS, "review")
    if is_agreed(actor, release):
        _review(actor, release, checker_id=actor.user_id)
    return release


def _review(actor: Actor, release: Release, *, checker_id: int) -> None:
    _require_prize(release)
    move(release, RELEASE_VERBS, "review", checker_id=checker_id)
    conditions.meet(conditions.when_reviewed, actor, release)
    timers.announce_at(release)
    note_effect(Matter.RELEASE, release.pk)


def lock_release(release_id: int) -> None:
    rows = Release.objects.unscoped("a decision about it").filter(pk=release_id)
    rows.select_for_update(of=("self",), no_key=True).first()


def _effect_release(actor: Actor, decision: Decision) -> None:
    release = release_for(actor, decision.subject, "releases.review")
    target(release, RELEASE_VERBS, "review")
    _require_times(release)
    _review(actor, release, checker_id=decision.decided_by_id)


def _stay(_actor: Actor, _decision: Decision) -> None:
    """It is a draft still: changed, or agreed to anew, where it is."""


RELEASE_ROAD = Road(lock_release, _effect_release, _stay)


@action
def send_back_release(actor: Actor, *, release_id: int, reason: str) -> Release:
    release = release_for(actor, release_id, "releases.review")
    because(actor, reason)
    move(release, RELEASE_VERBS, "send_back", checker_id=None)
    take_back_yeses(release, reason)
    conditions.meet(conditions.when_sent_back, actor, release)
    return release


def _require_prize(release: Release) -> None:
    """Of a draw: what one party can win, without what it pays itself."""
    if release.mode != Release.Mode.DRAW:
        return
    worth = (release.offer.list_price_fen - release.offer.worker_fen) * release.party_max
    require_prize(worth)


def require_prize(worth_fen: int) -> None:
    most = rules.DRAW_PRIZE_MAX_FEN
    require(worth_fen <= most, errors.PRIZE_TOO_HIGH, worth=yuan(worth_fen), most=yuan(most))


def _require_times(release: Release) -> None:
    pools = list(release.pools.all())  # each with this very release, times not saved yet included
    require(pools, errors.NOTHING_TO_RELEASE)
    wrong = rules.wrong_times(release, pools, clock.now())
    require(not wrong, errors.BAD_TIMES, detail=" ".join(wrong))


@action
def announce_release(actor: Actor, *, release_id: int) -> Release:
    """By an operator, or by the timer at `announce_at`; draws publish their promise, opening and closing are scheduled."""
    release = release_for(actor, release_id, "releases.write")
    _require_times(release)
    now = clock.now()
    require(
        not actor.is_system or release.announce_at <= now,
        errors.TOO_EARLY,
        opens=messages.said(release.announce_at),
    )
    move(release, RELEASE_VERBS, "announce", announce_at=min(release.announce_at, now))
    if release.mode == Release.Mode.DRAW:
        announce_draws(release)
    timers.open_and_close_at(release)
    timers.remind_at(release)
    emit(ReleaseAnnounced(release_id=release.pk))
    return release


@action
def open_release(actor: Actor, *, release_id: int, reason: str = "") -> Release:
    """By the timer; before time only by hand, with a reason the audit trail keeps. Claims follow `opens_at`."""
    release = release_for(actor, release_id, "releases.write")
    now, changes = clock.now(), {}
    if release.opens_at > now:
        require(
            reason.strip() and not actor.is_system, errors.TOO_EARLY, opens=messages.said(release.opens_at)
        )
        because(actor, reason)
        changes = {"opens_at": now}
    _open(release, **changes)
    return release


def _open(release: Release, **changes: datetime) -> None:
    move(release, RELEASE_VERBS, "open", **changes)
    emit(ReleaseOpened(release_id=release.pk))
    if release.mode == Release.Mode.GRANT:
        timers.grant_now(release.pk)


@action
def pause_release(actor: Actor, *, release_id: int, reason: str) -> Release:
    """From the commit on nobody gets anything by any door; what was claimed and set aside stays, and its end still ends it."""
    release = release_for(actor, release_id, "releases.pause")
    reason = because(actor, reason)
    if release.state == Release.State.ANNOUNCED and release.opens_at <= clock.now():
        _open(release)  # the clock has opened it, its timer is on the way
    require(release.state == Release.State.OPEN, errors.NOT_OPEN_TO_PAUSE, state=release.get_state_display())
    move(release, RELEASE_VERBS, "pause", pause_reason=reason)
    timers.tell_pause_soon(release.pk)
    emit(ReleasePaused(release_id=release.pk))
    return release


@action
def resume_release(actor: Actor, *, release_id: int) -> Release:
    """Seats that came back meanwhile go down their lines, and a grant goes on where it stood."""
    release = release_for(actor, release_id, "releases.pause")
    move(release, RELEASE_VERBS, "resume", pause_reason="")
    for pool in release.pools.order_by("id"):
        timers.fill_pool(pool.pk)
    if release.mode == Release.Mode.GRANT:
        timers.grant_now(release.pk)
    timers.tell_pause_soon(release.pk)
    emit(ReleaseResumed(release_id=release.pk))
    return release


@action
def postpone_release(actor: Actor, *, release_id: int, opens_at: datetime, reason: str) -> Release:
    """Before it opened, and never a draw, whose announced promise names its times. Whoever asked to be reminded is told."""
    release = release_for(actor, release_id, "releases.write")
    reason = because(actor, reason)
    require(release.state == Release.State.ANNOUNCED, errors.POSTPONE_TOO_LATE)
    require(release.mode != Release.Mode.DRAW, errors.DRAW_KEEPS_ITS_TIMES)
    require(opens_at > release.opens_at, errors.NOT_LATER, opens=messages.said(release.opens_at))
    before = release.opens_at
    release.opens_at = opens_at
    _require_times(release)
    still = Release.objects.visible_to(actor).filter(
        pk=release.pk, state=Release.State.ANNOUNCED, opens_at=before
    )
    require(still.update(opens_at=opens_at, updated_at=clock.now()), errors.POSTPONE_TOO_LATE)
    timers.open_and_close_at(release)
    timers.remind_at(release)
    reminders.tell_postponed(actor, release=release, reason=reason)
    emit(ReleasePostponed(release_id=release.pk))
    return release


@action
def close_release(actor: Actor, *, release_id: int, reason: str = "") -> Release:
    """By the timer; before time only by hand, with a reason. A line that was paused until the end goes no further."""
    release = release_for(actor, release_id, "releases.write")
    now, changes = clock.now(), {}
    if release.closes_at > now:
        require(
            reason.strip() and not actor.is_system, errors.TOO_EARLY, opens=messages.said(release.closes_at)
        )
        because(actor, reason)
        changes = {"closes_at": max(now, release.opens_at)}
        require(now > release.opens_at, errors.NOT_OPEN_YET, opens=messages.said(release.opens_at))
    was_paused = release.state == Release.State.PAUSED
    move(release, RELEASE_VERBS, "close", pause_reason="", **changes)
    if was_paused:
        lines.end_lines(actor, release)
    emit(ReleaseClosed(release_id=release.pk))
    if release.mode == Release.Mode.DRAW:
        timers.publish_draws_now(release)
    return release


@action
def cancel_release(actor: Actor, *, release_id: int, reason: str) -> Release:
    """Claims are refused from the commit on; tickets are voided and their holders told by a job, in batches."""
    release = release_for(actor, release_id, "releases.write")
    require(actor.may("vouchers.void", release.union.path))
    reason = because(actor, reason)
    was_public = release.state not in (Release.State.DRAFT, Release.State.REVIEWED)
    move(release, RELEASE_VERBS, "cancel", pause_reason="")
    take_back_yeses(release, reason)
    reminders.withdraw_prepared(actor, release)
    if was_public:
        for pool in release.pools.order_by("id"):
            timers.void_pool(pool.pk, reason)
        emit(ReleaseCancelled(release_id=release.pk))
    return release


@action
def change_capacity(actor: Actor, *, pool_id: int, capacity: int, reason: str) -> Pool:
    """More places go down the waiting list at once; never fewer than are out, and never in an announced draw."""
    found = Pool.objects.visible_to(actor).select_related("release__union").filter(pk=pool_id)
    pool = found.select_for_update(of=("self",), no_key=True).first()  # what is out counts until the commit
    require(pool, NOT_FOUND)
    require(actor.may("releases.write", pool.release.union.path))
    because(actor, reason)
    taken = pool.capacity - pool.remaining
    require(capacity >= max(taken, 1), BAD_INPUT, detail=f"{capacity} < {taken}")
    if capacity > pool.capacity and pool.release.state != Release.State.DRAFT:
        conditions.meet(conditions.when_enlarged, actor, pool.release)
    if pool.release.state == Release.State.DRAFT:
        take_back_yeses(pool.release, _("名额改过了"))
    pool.capacity = capacity
    pool.save(update_fields=["capacity", "updated_at"])
    timers.fill_pool(pool.pk)
    pool.refresh_from_db()
    return pool
