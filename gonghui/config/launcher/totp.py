import base64
import hashlib
import hmac
import time

STEP_S = 30


def current_code(secret: str, at: float | None = None) -> str:
    """The six digits (RFC 6238, SHA-1) for a base32 secret: the demo's stand-in for a phone app."""
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    counter = int((time.time() if at is None else at) // STEP_S)
    digest = hmac.new(key, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
