"""News of this app; reactions live above."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BooksDisagree:
    """The nightly proof found what does not follow from the transfers."""

    proof_id: int
