"""News of audiences; ids only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AudienceRebuilt:
    """All of it was made anew; who came and went stands in `AudienceMove` under the run."""

    audience_id: int
    run_id: int


@dataclass(frozen=True, slots=True)
class AudienceMoved:
    """One member's news brought them in or out."""

    audience_id: int
    person_id: int
    has_entered: bool
