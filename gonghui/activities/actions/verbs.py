"""SM-12 of the activity: review by another, announce, open, end, evaluate, keep or retire."""

from __future__ import annotations

from dataclasses import asdict

from gonghui.activities import errors
from gonghui.activities.actions.writing import activity_for
from gonghui.activities.events import ActivityAnnounced, ActivityEnded
from gonghui.activities.models import ACTIVITY_VERBS, Activity
from gonghui.activities.reports import activity_report
from gonghui.benefits.actions.releases import announce_release, because, review_release
from gonghui.benefits.errors import MAKER_IS_CHECKER, REASON_MISSING
from gonghui.benefits.models import Release
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.kit.events import emit
from gonghui.kit.states import move


@action
def review_activity(actor: Actor, *, activity_id: int) -> Activity:
    """By somebody else than its maker; its drafted releases are reviewed with it, all or none."""
    activity = activity_for(actor, activity_id, "activities.review")
    require(actor.user_id and actor.user_id != activity.maker_id, MAKER_IS_CHECKER)
    require(_sessions(activity).exists(), errors.NO_SESSIONS)
    move(activity, ACTIVITY_VERBS, "review", checker_id=actor.user_id)
    for release in _releases(activity).filter(state=Release.State.DRAFT):
        review_release(actor, release_id=release.pk)
    return activity


@action
def send_back_activity(actor: Actor, *, activity_id: int, reason: str) -> Activity:
    """To its maker, with what is to be mended."""
    activity = activity_for(actor, activity_id, "activities.review")
    because(actor, reason)
    move(activity, ACTIVITY_VERBS, "send_back", checker_id=None)
    return activity


@action
def announce_activity(actor: Actor, *, activity_id: int) -> Activity:
    """With its releases, which open each at its own time. Everybody sees it from now on."""
    activity = activity_for(actor, activity_id, "activities.announce")
    sessions = _sessions(activity)
    require(sessions.exists(), errors.NO_SESSIONS)
    require(not (count := sessions.filter(pool__isnull=True).count()), errors.NOT_RELEASED, count=count)
    drafts = _releases(activity).filter(state=Release.State.DRAFT).count()
    require(not drafts, errors.RELEASES_NOT_REVIEWED, count=drafts)
    move(activity, ACTIVITY_VERBS, "announce", announced_at=clock.now())
    for release in _releases(activity).filter(state=Release.State.REVIEWED):
        announce_release(actor, release_id=release.pk)
    emit(ActivityAnnounced(activity_id=activity.pk))
    return activity


@action
def follow_announcement(actor: Actor, *, activity_id: int) -> Activity:
    """By the system, when the first of its releases was announced by its timer."""
    activity = activity_for(actor, activity_id, "activities.announce", for_update=True)
    if activity.state == Activity.State.REVIEWED:
        move(activity, ACTIVITY_VERBS, "announce", announced_at=clock.now())
        emit(ActivityAnnounced(activity_id=activity.pk))
    return activity


def _sessions(activity: Activity):
    return activity.sessions.exclude(state="cancelled")


def _releases(activity: Activity):
    return (
        Release.objects.unscoped("releases of a fetched activity")
        .filter(offer_id=activity.offer_id)
        .order_by("opens_at")
    )


@action
def open_activity(actor: Actor, *, activity_id: int) -> Activity:
    """By the system, when the first of its releases opens."""
    activity = activity_for(actor, activity_id, "activities.announce", for_update=True)
    if activity.state == Activity.State.ANNOUNCED:
        move(activity, ACTIVITY_VERBS, "open")
    return activity


@action
def end_activity(actor: Actor, *, activity_id: int) -> Activity:
    """When every session is over or called off."""
    activity = activity_for(actor, activity_id, "activities.announce")
    still_on = _sessions(activity).filter(ends_at__gt=clock.now())
    require(not still_on.exists(), errors.NOT_OVER)
    move(activity, ACTIVITY_VERBS, "end")
    emit(ActivityEnded(activity_id=activity.pk))
    return activity


@action
def evaluate_activity(actor: Actor, *, activity_id: int, note: str = "") -> Activity:
    """The report as it stands today goes into the file, with the definition its satisfaction is measured by."""
    activity = activity_for(actor, activity_id, "activities.announce")
    figures = asdict(activity_report(actor, activity_id=activity.pk).figures)
    evaluation = {
        "at": clock.now().isoformat(),
        "by": actor.user_id,
        "note": note.strip(),
        "figures": figures,
    }
    move(activity, ACTIVITY_VERBS, "evaluate", evaluation=evaluation)
    return activity


@action
def keep_activity(actor: Actor, *, activity_id: int, reason: str) -> Activity:
    return _judge(actor, activity_id, "keep", reason)


@action
def retire_activity(actor: Actor, *, activity_id: int, reason: str) -> Activity:
    return _judge(actor, activity_id, "retire", reason)


def _judge(actor: Actor, activity_id: int, verb: str, reason: str) -> Activity:
    """准入和退出: whether the project comes back next holiday."""
    activity = activity_for(actor, activity_id, "activities.announce")
    require(reason.strip(), REASON_MISSING)
    move(activity, ACTIVITY_VERBS, verb, verdict_reason=reason.strip())
    return activity
