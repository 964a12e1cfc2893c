"""What others may react to; ids only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartnerApproved:
    partner_id: int


@dataclass(frozen=True, slots=True)
class PartnerSuspended:
    partner_id: int


@dataclass(frozen=True, slots=True)
class PartnerExited:
    partner_id: int


@dataclass(frozen=True, slots=True)
class AgreementEnded:
    """Expired, or terminated; not one that was renewed."""

    agreement_id: int
