"""Jobs of activities; reactions to what happens below are registered here too."""

from __future__ import annotations

from gonghui.activities import reactions  # noqa: F401  registers them
from gonghui.activities.actions import attention, sessions, verbs
from gonghui.activities.queries import activities_to_end, activities_to_open
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic, sweep

TIMER = Actor.system("timetable of activities")


@periodic("* * * * *")
def follow_timetable(timestamp: int) -> None:
    """Sessions follow their pools and the clock; activities open with the first release and end with the last session."""
    with sweep() as each:
        each(sessions.follow_sessions, TIMER)
        for activity_id in activities_to_open():
            each(verbs.open_activity, TIMER, activity_id=activity_id)
        for activity_id in activities_to_end():
            each(verbs.end_activity, TIMER, activity_id=activity_id)


@periodic("* * * * *")
def count_reads(timestamp: int) -> None:
    attention.count_reads(TIMER)


@periodic("41 18 * * *")
def forget_reads(timestamp: int) -> None:
    """02:41 in China, every night."""
    attention.forget_reads(TIMER)
