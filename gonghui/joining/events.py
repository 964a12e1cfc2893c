"""News about applications, for apps above."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApplicationSubmitted:
    application_id: int


@dataclass(frozen=True, slots=True)
class ApplicationApproved:
    """Its person is a member now; `invitation_code` stands on the application."""

    application_id: int


@dataclass(frozen=True, slots=True)
class ApplicationReturned:
    application_id: int


@dataclass(frozen=True, slots=True)
class ApplicationRejected:
    application_id: int
