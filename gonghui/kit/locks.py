"""Locks on things that are not rows yet: a phone asking for a code, an ID number nobody holds so far."""

from __future__ import annotations

import hashlib

from django.db import connection


def lock_name(kind: str, value: str | bytes) -> None:
    """Waits for the one lock of this name and holds it to the end of the transaction; the name is hashed."""
    raw = value if isinstance(value, bytes) else value.encode()
    digest = hashlib.sha256(kind.encode() + b"\x00" + raw).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)])
