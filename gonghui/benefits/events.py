"""What apps above may react to; ids only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReleaseAnnounced:
    release_id: int


@dataclass(frozen=True, slots=True)
class ReleasePostponed:
    release_id: int


@dataclass(frozen=True, slots=True)
class ReleaseOpened:
    release_id: int


@dataclass(frozen=True, slots=True)
class ReleasePaused:
    release_id: int


@dataclass(frozen=True, slots=True)
class ReleaseResumed:
    release_id: int


@dataclass(frozen=True, slots=True)
class ReleaseClosed:
    release_id: int


@dataclass(frozen=True, slots=True)
class ReleaseCancelled:
    release_id: int


@dataclass(frozen=True, slots=True)
class DrawCompleted:
    draw_id: int


@dataclass(frozen=True, slots=True)
class VoucherRedeemed:
    voucher_id: int
