"""SM-12 of the session: it follows its pool and the clock; only calling it off is done by hand."""

from __future__ import annotations

from gonghui.activities import errors
from gonghui.activities.actions.writing import session_for
from gonghui.activities.events import SessionCancelled
from gonghui.activities.models import PUBLIC_STATES, SESSION_VERBS, Session
from gonghui.activities.rules import SessionFacts, session_verb_due
from gonghui.benefits.actions import timers
from gonghui.benefits.actions.releases import because
from gonghui.benefits.actions.voids import shut_pool
from gonghui.benefits.models import Draw, Release, Voucher
from gonghui.benefits.models.vouchers import GONE_STATES
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import STATE_CHANGED, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.states import move

LIVE_RELEASES = (
    Release.State.ANNOUNCED,
    Release.State.OPEN,
    Release.State.PAUSED,
    Release.State.CLOSED,
)


@action
def cancel_session(actor: Actor, *, session_id: int, reason: str) -> Session:
    """No claim is taken after the commit; a job voids the tickets in batches and tells every holder why."""
    session = session_for(actor, session_id, "activities.write")
    require(actor.may("vouchers.void", session.activity.union.path))
    reason = because(actor, reason)
    move(session, SESSION_VERBS, "cancel", cancel_reason=reason)
    if session.pool_id and session.pool.release.state in LIVE_RELEASES:
        shut_pool(actor, pool_id=session.pool_id, reason=reason)
        timers.void_pool(session.pool_id, reason)
    emit(SessionCancelled(session_id=session.pk))
    return session


@action
def free_session(actor: Actor, *, session_id: int) -> Session:
    """After its draw was voided or its release cancelled: the session may go out anew. The old pool stays as it is."""
    session = session_for(actor, session_id, "activities.write")
    require(session.pool_id and _is_over_for_pool(session), errors.SESSION_RELEASED, label=session.label)
    session.pool = None
    session.save(update_fields=["pool", "updated_at"])
    if session.state in (Session.State.RELEASED, Session.State.SOLD_OUT, Session.State.CLOSED):
        move(session, SESSION_VERBS, "reschedule")
    return session


def _is_over_for_pool(session: Session) -> bool:
    vouchers = Voucher.objects.unscoped("are tickets out?").filter(pool_id=session.pool_id)
    if vouchers.exclude(state__in=GONE_STATES).exists():
        return False
    draws = Draw.objects.unscoped("was the draw voided?").filter(pool_id=session.pool_id)
    states = set(draws.values_list("state", flat=True))
    return session.pool.release.state == Release.State.CANCELLED or states == {"voided"}


def follow_sessions(actor: Actor, *, release_id: int | None = None) -> int:
    """Moves every session whose time or pool asks for it; returns how many moved."""
    found = (
        Session.objects.unscoped("timetable of all announced sessions")
        .filter(activity__state__in=PUBLIC_STATES)
        .exclude(state__in=("done", "cancelled"))
        .select_related("pool__release")
    )
    if release_id is not None:
        found = found.filter(pool__release_id=release_id)
    return sum(_follow(actor, session) for session in found.order_by("starts_at"))


def _follow(actor: Actor, session: Session) -> int:
    moved = 0
    while verb := session_verb_due(session.state, _facts(session), clock.now()):
        try:
            move_session(actor, session=session, verb=verb)
        except DomainError as refused:
            if refused.reason is not STATE_CHANGED:
                raise
            break
        moved += 1
    return moved


@action
def move_session(actor: Actor, *, session: Session, verb: str) -> None:
    """By the system only; people cancel, everything else follows the clock and the pool."""
    require(actor.is_system)
    move(session, SESSION_VERBS, verb)


def _facts(session: Session) -> SessionFacts:
    pool, now = session.pool, clock.now()
    is_open = is_closed = False
    if pool:
        is_open = pool.release.state == Release.State.OPEN and pool.opening <= now < pool.closing
        is_closed = pool.release.state in (Release.State.CLOSED, Release.State.CANCELLED)
        is_closed = is_closed or now >= pool.closing
    return SessionFacts(
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        is_open=is_open,
        is_closed=is_closed,
        remaining=pool.remaining if pool else None,
    )
