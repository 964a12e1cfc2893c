"""Every write of sign-in. A refused attempt stays counted: the count commits before the refusal is raised."""

from __future__ import annotations

from typing import TypeVar

from gonghui.kit.errors import DomainError

T = TypeVar("T")


def answered(outcome: T | DomainError) -> T:
    """Raises what an action decided, now that what it counted is committed."""
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome
