"""What is special about holiday activities; places, tickets, ratings and messages belong to the storeys below."""

from gonghui.activities.models.activities import ACTIVITY_VERBS, PUBLIC_STATES, Activity
from gonghui.activities.models.attention import Like, Read, ReadDay
from gonghui.activities.models.holidays import HolidayPeriod
from gonghui.activities.models.kinds import ActivityKind
from gonghui.activities.models.sessions import SESSION_VERBS, Session

__all__ = [
    "ACTIVITY_VERBS",
    "PUBLIC_STATES",
    "SESSION_VERBS",
    "Activity",
    "ActivityKind",
    "HolidayPeriod",
    "Like",
    "Read",
    "ReadDay",
    "Session",
]
