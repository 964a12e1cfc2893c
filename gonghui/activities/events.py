"""What others may react to; ids only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActivityAnnounced:
    activity_id: int


@dataclass(frozen=True, slots=True)
class SessionCancelled:
    session_id: int


@dataclass(frozen=True, slots=True)
class ActivityEnded:
    activity_id: int
