"""Who wins, from the seed and the entries alone.

Every entry draws as many lots as its weight; lot k is the number HMAC-SHA256(seed, "token.k"), k from 1, and
the smallest of its lots counts. The entries stand in the order of that number. Each entry is therefore next
with a chance of exactly its weight over all weights still standing. The smallest of w uniform numbers orders
as the exponential clock -ln(u)/w does, but in whole numbers only: the same on every machine and in every
language.

Places go down that order. A party for which too few places are left waits; a smaller party behind it may
still fit, so that no place stays empty while somebody could use it. All who did not win wait in that order.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

SEED_BYTES = 32
WEIGHT_MAX = 100
SEATS_MAX = 1000
TOKEN_FORM = re.compile(r"[A-Za-z0-9_-]{8,64}")
SEED_PREFIX = b"gonghui-draw/1\n"


class Entry(NamedTuple):
    """One party in the draw under a pseudonym; `seats` it wants together."""

    token: str
    weight: int = 1
    seats: int = 1


class Outcome(NamedTuple):
    winners: list[Entry]
    waiting: list[Entry]


class BadEntries(ValueError):
    """The entries cannot be drawn from; the message names the first that is wrong."""


def new_seed() -> bytes:
    return secrets.token_bytes(SEED_BYTES)


def commit_seed(seed: bytes) -> str:
    """What is published beforehand: SHA-256 of the 32 bytes, in hex."""
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(seed)}")
    return hashlib.sha256(seed).hexdigest()


def combined_seed(seeds: Sequence[bytes], beacon: str = "") -> bytes:
    """SHA-256 over all contributions in their published order, then the public value.

    One contributor alone could try out entries against a seed it knows: let a second party contribute, or
    name a public value that exists only after entries have closed.
    """
    if not seeds or any(len(seed) != SEED_BYTES for seed in seeds):
        raise ValueError(f"at least one seed, each of {SEED_BYTES} bytes")
    return hashlib.sha256(SEED_PREFIX + b"".join(seeds) + beacon.encode()).digest()


def entry_token(secret: bytes, person_id: int) -> str:
    """A pseudonym for one person in one draw; `secret` belongs to the draw and is never published."""
    return hmac.digest(secret, str(person_id).encode(), "sha256").hex()[:32]


def checked_entries(entries: Iterable[Entry]) -> list[Entry]:
    """In canonical order, by token; refuses what would make the draw ambiguous."""
    ordered = sorted(Entry(*entry) for entry in entries)
    for entry in ordered:
        if not isinstance(entry.token, str) or not TOKEN_FORM.fullmatch(entry.token):
            raise BadEntries(f"entry token {entry.token!r} is not 8 to 64 letters, digits, - or _")
        if type(entry.weight) is not int or not 1 <= entry.weight <= WEIGHT_MAX:
            raise BadEntries(f"entry {entry.token}: weight must be a whole number from 1 to {WEIGHT_MAX}")
        if type(entry.seats) is not int or not 1 <= entry.seats <= SEATS_MAX:
            raise BadEntries(f"entry {entry.token}: seats must be a whole number from 1 to {SEATS_MAX}")
    for before, after in pairwise(ordered):
        if before.token == after.token:
            raise BadEntries(f"entry {after.token} is there twice")
    return ordered


def lot_of(seed: bytes, entry: Entry) -> bytes:
    """The smallest of the entry's lots."""
    token = entry.token.encode()
    return min(hmac.digest(seed, b"%s.%d" % (token, k), "sha256") for k in range(1, entry.weight + 1))


def draw_order(seed: bytes, entries: Iterable[Entry]) -> list[Entry]:
    return sorted(checked_entries(entries), key=lambda entry: (lot_of(seed, entry), entry.token))


def draw(seed: bytes, entries: Iterable[Entry], capacity: int) -> Outcome:
    """Winners in the order drawn, and the waiting list in the order drawn."""
    if capacity < 0:
        raise ValueError("capacity cannot be negative")
    outcome = Outcome([], [])
    for entry in draw_order(seed, entries):
        if entry.seats <= capacity:
            capacity -= entry.seats
            outcome.winners.append(entry)
        else:
            outcome.waiting.append(entry)
    return outcome
