"""Signed words between two steps at the door: a device that was here before, and a phone proved whose owner is not yet."""

from __future__ import annotations

from gonghui.accounts.models import User
from gonghui.accounts.rules import DEVICE_KEY_LIFE, PROOF_LIFE
from gonghui.kit import clock, tokens

DEVICE, PROOF = "known-device", "phone-proof"


def device_key(user: User) -> str:
    """Ends with the account's sessions: whoever signs out everywhere forgets every device."""
    payload = f"{user.pk}.{user.session_epoch}"
    return tokens.sign(DEVICE, payload.encode(), expires_at=clock.now() + DEVICE_KEY_LIFE)


def knows_device(key: str, user: User) -> bool:
    try:
        return tokens.verify(DEVICE, key, at=clock.now()).decode() == f"{user.pk}.{user.session_epoch}"
    except tokens.TokenRefused:
        return False


def proof_ticket(user: User) -> str:
    """For the next step alone: over once the account is proved, given up, or signed out everywhere."""
    return tokens.sign(PROOF, _state(user).encode(), expires_at=clock.now() + PROOF_LIFE)


def user_of_ticket(ticket: str) -> int | None:
    try:
        return int(tokens.verify(PROOF, ticket, at=clock.now()).decode().partition(".")[0])
    except tokens.TokenRefused:
        return None


def fits_ticket(ticket: str, user: User) -> bool:
    """Asked with the account held: nothing has happened to it since."""
    try:
        return tokens.verify(PROOF, ticket, at=clock.now()).decode() == _state(user)
    except tokens.TokenRefused:
        return False


def _state(user: User) -> str:
    return f"{user.pk}.{user.session_epoch}.{int(user.proved_at.timestamp() * 1e6) if user.proved_at else 0}"
