"""The pass: Django's word, signed, that this member may claim in this pool until then, from this session.

    version 1, key id 2, person 8, booked by 8, pool 8, seats 1, expires 8, key 16, binding 16, MAC 16

84 bytes, 112 characters of base64 without padding. Read once per claim on the hot path, hence one struct.
`key` names the claim (the database answers the same key the same way); `binding` ties the pass to the session
it was given to.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
import struct
from typing import Any, NamedTuple

from gonghui.kit.crypto import CannotOpen, Keyring

VERSION = 1
LAYOUT = struct.Struct(">BHQQQBQ16s16s")
MAC_BYTES = 16
HASH_BLOCK_BYTES = 64
PASS_BYTES = LAYOUT.size + MAC_BYTES
PASS_CHARS = PASS_BYTES * 4 // 3
SEATS_MAX = 255


class PassRefused(Exception):
    """Not made here, or changed on the way."""


class Pass(NamedTuple):
    person_id: int
    booked_by_id: int | None
    pool_id: int
    max_seats: int
    expires_at: int  # unix seconds
    key: bytes
    binding: bytes

    def is_over_at(self, moment: float) -> bool:
        """Still good in the second it expires."""
        return moment >= self.expires_at + 1


def binding_of(credential: str | bytes) -> bytes:
    """Of the value of the session cookie, or of the bearer token."""
    raw = credential.encode() if isinstance(credential, str) else credential
    return hashlib.sha256(raw).digest()[:16]


class Passes:
    """Issues and reads passes under the keyring's token keys; a rotated key stays good for reading."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._hashes: dict[int, tuple[Any, Any]] = {}

    def issue(
        self,
        *,
        person_id: int,
        pool_id: int,
        max_seats: int,
        expires_at: float,
        binding: bytes,
        booked_by_id: int | None = None,
    ) -> str:
        """A fresh pass with a fresh key: who asks for a new pass makes a new claim."""
        key_id = self._keyring.current_id("token")
        seats = min(max_seats, SEATS_MAX)
        key = secrets.token_bytes(16)
        facts = (person_id, booked_by_id or 0, pool_id, seats, int(expires_at), key, binding)
        body = LAYOUT.pack(VERSION, key_id, *facts)
        return binascii.b2a_base64(body + self._mac(key_id, body), newline=False).decode()

    def read(self, token: str) -> Pass:
        """Refuses what was not made here. Whether it is over, the database's clock decides."""
        try:
            raw = binascii.a2b_base64(token, strict_mode=True)
        except ValueError:
            raise PassRefused from None
        if len(raw) != PASS_BYTES or raw[0] != VERSION:
            raise PassRefused
        body = raw[:-MAC_BYTES]
        _version, key_id, person, booked_by, pool, seats, expires, key, binding = LAYOUT.unpack(body)
        if not hmac.compare_digest(self._mac(key_id, body), raw[-MAC_BYTES:]):
            raise PassRefused
        return Pass(person, booked_by or None, pool, seats, expires, key, binding)

    def _mac(self, key_id: int, body: bytes) -> bytes:
        """HMAC-SHA256 from hashes that have eaten the key already: a third of hmac.digest's time."""
        inner, outer = self._hashes.get(key_id) or self._prepare(key_id)
        hashed = inner.copy()
        hashed.update(body)
        mac = outer.copy()
        mac.update(hashed.digest())
        return mac.digest()[:MAC_BYTES]

    def _prepare(self, key_id: int) -> tuple[Any, Any]:
        try:
            block = self._keyring.derive("grab-pass", key_id=key_id).ljust(HASH_BLOCK_BYTES, b"\0")
        except CannotOpen:
            raise PassRefused from None
        inner, outer = (hashlib.sha256(bytes(b ^ pad for b in block)) for pad in (0x36, 0x5C))
        self._hashes[key_id] = inner, outer
        return inner, outer
