"""News about people, for apps above."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonVerified:
    person_id: int


@dataclass(frozen=True, slots=True)
class RosterApplied:
    """Whoever it names belongs to a union from now on."""

    roster_id: int


@dataclass(frozen=True, slots=True)
class VerificationRevoked:
    person_id: int


@dataclass(frozen=True, slots=True)
class MergeCaseOpened:
    case_id: int


@dataclass(frozen=True, slots=True)
class MergeCaseSettled:
    case_id: int


@dataclass(frozen=True, slots=True)
class DelegationBegan:
    delegation_id: int


@dataclass(frozen=True, slots=True)
class DelegationEnded:
    delegation_id: int
    ended_by_person_id: int


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """Somebody died, retired, left or moved, and a second person confirmed it."""

    change_id: int
