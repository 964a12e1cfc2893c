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
class RosterConfirmedByMaker:
    """One person uploaded a roster and confirmed it as well: whoever stands above them is told."""

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


@dataclass(frozen=True, slots=True)
class PhoneHandedOn:
    """Whoever has the number now said that the account is not theirs; the person is without one."""

    person_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class PersonForgotten:
    """Gave up their account; nothing tells any more who it was."""

    user_id: int
    person_id: int | None


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """One person became a member by application or on the spot; whole rosters say `RosterApplied`."""

    membership_id: int


@dataclass(frozen=True, slots=True)
class TransferOpened:
    transfer_id: int


@dataclass(frozen=True, slots=True)
class TransferReleased:
    """The old union let go; from now on it is the new one's turn."""

    transfer_id: int


@dataclass(frozen=True, slots=True)
class TransferPassedOn:
    """To a level above because nobody answered, or to another union because the member said so."""

    step_id: int


@dataclass(frozen=True, slots=True)
class TransferDecided:
    """Accepted, refused or cancelled."""

    transfer_id: int


@dataclass(frozen=True, slots=True)
class PersonTagged:
    """A mark of somebody (honour, hardship…) was given or ended."""

    person_id: int


@dataclass(frozen=True, slots=True)
class ConsentChanged:
    """Given, or taken back."""

    user_id: int
    purpose: str


@dataclass(frozen=True, slots=True)
class CorrectionDecided:
    """What somebody asked to be corrected of theirs was corrected, or refused with a reason."""

    correction_id: int
