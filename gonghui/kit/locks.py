"""Locks on things that are not rows yet: a phone asking for a code, an ID number nobody holds so far."""

from __future__ import annotations

import hashlib

from django.db import connection


def lock_name(kind: str, value: str | bytes) -> None:
    """Waits for the one lock of this name and holds it to the end of the transaction; the name is hashed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number_of(kind, value)])


def share_name(kind: str, value: str | bytes) -> None:
    """Holds it together with others who share it; whoever locks it alone waits for all of them, and they for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_number_of(kind, value)])


def _number_of(kind: str, value: str | bytes) -> int:
    raw = value if isinstance(value, bytes) else value.encode()
    digest = hashlib.sha256(kind.encode() + b"\x00" + raw).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
