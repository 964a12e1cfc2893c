"""`/m/<token>`: leads a reader of one delivery to where the send points, and counts that they came. Short enough for an SMS."""

from __future__ import annotations

import base64
import hmac

from gonghui.kit.crypto import CannotOpen, get_keyring

ID_BYTES, MAC_BYTES = 6, 8
PURPOSE = "message-link"


def token_of(delivery_id: int) -> str:
    keyring = get_keyring()
    key_id = keyring.current_id("token")
    body = key_id.to_bytes(2, "big") + delivery_id.to_bytes(ID_BYTES, "big")
    return base64.urlsafe_b64encode(body + _mac(key_id, body)).rstrip(b"=").decode()


def delivery_of(token: str) -> int | None:
    """None where the token is not one of ours."""
    try:
        raw = base64.b64decode(
            token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
        body, mac = raw[: 2 + ID_BYTES], raw[2 + ID_BYTES :]
        if len(mac) != MAC_BYTES:
            return None
        wanted = _mac(int.from_bytes(body[:2], "big"), body)
    except (ValueError, CannotOpen):
        return None
    return int.from_bytes(body[2:], "big") if hmac.compare_digest(mac, wanted) else None


def _mac(key_id: int, body: bytes) -> bytes:
    key = get_keyring().derive(f"token:{PURPOSE}", key_id=key_id)
    return hmac.digest(key, body, "sha256")[:MAC_BYTES]
