"""开抢提醒: asked for by members, sent once, some minutes before opening: prepared a little earlier, so that they go out on the
second."""

from __future__ import annotations

from gonghui.benefits import errors, messages
from gonghui.benefits.actions.telling import tell_of_release
from gonghui.benefits.actions.timers import PREPARED_BEFORE, REMIND_BEFORE
from gonghui.benefits.models import Release, Reminder
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require
from gonghui.notices.actions import withdraw_sends


@action
def subscribe_reminder(actor: Actor, *, release_id: int) -> None:
    """Twice is once; one who asks in the last minutes is told at once."""
    require(actor.person_id, SIGN_IN_FIRST)
    release = Release.objects.visible_to(actor).filter(pk=release_id).first()
    require(release, NOT_FOUND)
    require(
        release.state == Release.State.ANNOUNCED and release.opens_at > clock.now(), errors.REMINDER_TOO_LATE
    )
    Reminder.objects.bulk_create(
        [Reminder(release=release, person_id=actor.person_id)], ignore_conflicts=True
    )


@action
def unsubscribe_reminder(actor: Actor, *, release_id: int) -> bool:
    mine = Reminder.objects.visible_to(actor).filter(
        release_id=release_id, person_id=actor.person_id, sent_at__isnull=True
    )
    return bool(mine.delete()[0])


@action
def send_reminders(actor: Actor, *, release_id: int) -> int:
    """Whoever has not been reminded yet, while it is about to open; returns how many. Before the minute itself they are prepared
    for it; whoever asks later is told at once."""
    release = Release.objects.visible_to(actor).filter(pk=release_id).first()
    now = clock.now()
    if release is None or release.state != Release.State.ANNOUNCED:
        return 0
    moment = release.opens_at - REMIND_BEFORE
    if now < moment - PREPARED_BEFORE:
        return 0
    waiting = Reminder.objects.visible_to(actor).filter(release=release, sent_at__isnull=True)
    locked = list(waiting.select_for_update().values_list("id", "person_id"))
    if locked:
        tell_of_release(
            actor,
            release,
            # A second round has other people, those who asked since, or another time.
            key=f"reminder:{release.pk}:{release.opens_at.isoformat()}:{locked[0][0]}",
            people=[person_id for _id, person_id in locked],
            notice=messages.opening_soon(release),
            goes_at=moment if now < moment else None,
        )
        ids = [row_id for row_id, _person in locked]
        Reminder.objects.visible_to(actor).filter(pk__in=ids).update(sent_at=now, updated_at=now)
    return len(locked)


def withdraw_prepared(actor: Actor, release: Release) -> None:
    """Those that wait for a minute which no longer is the one. Part of postponing and of cancelling."""
    withdraw_sends(actor, key_prefix=f"reminder:{release.pk}:")


def tell_postponed(actor: Actor, *, release: Release, reason: str) -> int:
    """Whoever asked is told the new time and reminded again before it; returns how many. Part of postponing."""
    withdraw_prepared(actor, release)
    asked = Reminder.objects.unscoped("a postponed release's reminders").filter(release=release)
    people = list(asked.select_for_update().values_list("person_id", flat=True))
    if people:
        tell_of_release(
            actor,
            release,
            key=f"postponed:{release.pk}:{release.opens_at.isoformat()}",
            people=people,
            notice=messages.postponed(release, reason),
        )
        asked.update(sent_at=None, updated_at=clock.now())
    return len(people)
