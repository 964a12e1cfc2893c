"""News of the tree, for apps above."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegistrationAnswered:
    """Returned, approved or rejected: its maker is to be told."""

    registration_id: int


@dataclass(frozen=True, slots=True)
class UnionEnded:
    """Merged or dissolved; its members belong to the other one from now on."""

    union_id: int
    into_id: int | None
    members: int


@dataclass(frozen=True, slots=True)
class UnionMoved:
    """With everything below it, to another union above; `from_id` is the one that was above it before."""

    union_id: int
    from_id: int
