"""Signed tokens, QRs of vouchers and of members that change every minute, and codes short enough to say aloud.

Free of Django: the gate imports it.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import string
import time
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gonghui.kit.crypto import CannotOpen, get_keyring

# --- Signed tokens ------------------------------------------------------------------------------------------

TOKEN_VERSION = 1
MAC_BYTES = 32
HEADER_BYTES = 8  # version 1, key id 2, expiry in unix seconds 5


class TokenRefused(Exception):
    """The token is not good for this purpose now."""


class TokenForged(TokenRefused):
    """Not made by us, made for another purpose, or changed on the way."""


class TokenExpired(TokenRefused):
    """Genuine, but its time is over."""


def sign(purpose: str, payload: bytes, *, expires_at: datetime | float) -> str:
    """URL-safe text carrying `payload` in the clear: signed, not secret."""
    keyring = get_keyring()
    key_id = keyring.current_id("token")
    body = (
        bytes([TOKEN_VERSION])
        + key_id.to_bytes(2, "big")
        + int(_unix(expires_at)).to_bytes(5, "big")
        + payload
    )
    mac = _mac(keyring.derive(f"token:{purpose}", key_id=key_id), purpose, body)
    return _b64(body + mac)


def verify(purpose: str, token: str, *, at: datetime | float | None = None) -> bytes:
    """The payload; the token is still good in the second it expires."""
    body, mac = _token_parts(token)
    try:
        key = get_keyring().derive(f"token:{purpose}", key_id=int.from_bytes(body[1:3], "big"))
    except CannotOpen:
        raise TokenForged("signed with an unknown key") from None
    if not hmac.compare_digest(mac, _mac(key, purpose, body)):
        raise TokenForged("the signature does not fit")
    if _unix(at) >= int.from_bytes(body[3:HEADER_BYTES], "big") + 1:
        raise TokenExpired("the token has expired")
    return body[HEADER_BYTES:]


def _token_parts(token: str) -> tuple[bytes, bytes]:
    try:
        raw = base64.b64decode(
            token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
    except ValueError:
        raise TokenForged("not a token") from None
    if len(raw) < HEADER_BYTES + MAC_BYTES or raw[0] != TOKEN_VERSION or _b64(raw) != token:
        raise TokenForged("not a token")
    return raw[:-MAC_BYTES], raw[-MAC_BYTES:]


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(key: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\x00" + body, "sha256")


def _unix(at: datetime | float | None) -> float:
    if at is None:
        return time.time()
    return at.timestamp() if isinstance(at, datetime) else at


# --- Voucher QR ---------------------------------------------------------------------------------------------

QR_PREFIX = "GH1"
QR_MAC_CHARS = 10


class QrVerdict(StrEnum):
    OK = "ok"
    STALE = "stale"  # genuine, but of another minute: a screenshot passed on
    FORGED = "forged"


class QrText(NamedTuple):
    code: str
    minute: int
    mac: str


def voucher_secret(code: str, *, key_id: int | None = None) -> bytes:
    """32 bytes known to us and to the page that shows this voucher; nothing to store but the key id."""
    return hmac.digest(get_keyring().derive("voucher-qr", key_id=key_id), code.encode(), "sha256")


def qr_text(secret: bytes, code: str, at: datetime | float | None = None) -> str:
    """`GH1.<code>.<minutes since 1970>.<first 10 base32 characters of HMAC-SHA256(secret, code.minute)>`."""
    minute = int(_unix(at) // 60)
    return f"{QR_PREFIX}.{code}.{minute}.{_qr_mac(secret, code, minute)}"


def parse_qr(text: str) -> QrText | None:
    """What the scanner read, to look the voucher up by; None when it is no QR of ours. Proves nothing."""
    parts = text.strip().split(".")
    if len(parts) != 4 or parts[0] != QR_PREFIX:
        return None
    _prefix, code, minute, mac = parts
    plausible = (
        code.isascii()
        and code.isalnum()
        and minute.isascii()
        and minute.isdigit()
        and len(minute) <= 10
        and len(mac) == QR_MAC_CHARS
    )
    return QrText(code, int(minute), mac) if plausible and mac.isascii() else None


def check_qr(
    text: str, secret: bytes, at: datetime | float | None = None, *, leeway_minutes: int = 1
) -> QrVerdict:
    """`leeway_minutes` either way covers a scan across the turn of a minute and a phone's clock off."""
    found = parse_qr(text)
    if found is None or not hmac.compare_digest(found.mac, _qr_mac(secret, found.code, found.minute)):
        return QrVerdict.FORGED
    apart = abs(int(_unix(at) // 60) - found.minute)
    return QrVerdict.OK if apart <= leeway_minutes else QrVerdict.STALE


def _qr_mac(secret: bytes, code: str, minute: int) -> str:
    digest = hmac.digest(secret, f"{code}.{minute}".encode(), "sha256")
    return base64.b32encode(digest)[:QR_MAC_CHARS].decode()


# --- Pay code -----------------------------------------------------------------------------------------------

PAY_PREFIX = "GH2"
PAY_SAID_CHARS = 6  # 31^6 ≈ 887 million, and one guess a request


class PayCode(NamedTuple):
    """Whose, and of which minute: a minute's code pays once, however it was read."""

    card: str
    minute: int


def pay_secret(card: str) -> bytes:
    """Never leaves the server: whoever has it could pay as this member for ever."""
    return hmac.digest(get_keyring().derive("pay-qr"), card.encode(), "sha256")


def pay_text(pay: PayCode) -> str:
    """`GH2.<code of the card>.<minutes since 1970>.<first 10 base32 characters of the MAC>`."""
    mac = _qr_mac(pay_secret(pay.card), pay.card, pay.minute)
    return f"{PAY_PREFIX}.{pay.card}.{pay.minute}.{mac}"


def pay_said(pay: PayCode) -> str:
    """The same for one who must say it: the card's eight characters and six of this minute."""
    digest = hmac.digest(pay_secret(pay.card), f"said.{pay.card}.{pay.minute}".encode(), "sha256")
    number = int.from_bytes(digest[:8], "big")
    chars = []
    for _ in range(PAY_SAID_CHARS):
        number, char = divmod(number, len(SHORT_CODE_ALPHABET))
        chars.append(SHORT_CODE_ALPHABET[char])
    return pay.card + "".join(chars)


def minute_of(at: datetime | float | None = None) -> int:
    return int(_unix(at) // 60)


def check_pay(
    text: str, at: datetime | float | None = None, *, leeway_minutes: int = 1
) -> tuple[QrVerdict, PayCode | None]:
    """Scanned or typed. Of a said code an old one and a wrong one are alike: forged."""
    parts = text.strip().split(".")
    if parts[0] != PAY_PREFIX:
        return _check_said(text, minute_of(at), leeway_minutes)
    found = parse_qr(".".join((QR_PREFIX, *parts[1:])))
    if found is None:
        return QrVerdict.FORGED, None
    pay = PayCode(found.code, found.minute)
    if not hmac.compare_digest(pay_text(pay), text.strip()):
        return QrVerdict.FORGED, None
    apart = abs(minute_of(at) - pay.minute)
    return (QrVerdict.OK if apart <= leeway_minutes else QrVerdict.STALE), pay


def _check_said(text: str, minute: int, leeway: int) -> tuple[QrVerdict, PayCode | None]:
    said = normalise_pay_said(text)
    if said is None:
        return QrVerdict.FORGED, None
    for near in range(minute - leeway, minute + leeway + 1):
        pay = PayCode(said[:SHORT_CODE_CHARS], near)
        if hmac.compare_digest(pay_said(pay), said):
            return QrVerdict.OK, pay
    return QrVerdict.FORGED, None


def normalise_pay_said(text: str) -> str | None:
    """None when it cannot be a pay code that was said."""
    said = text.translate(_SHORT_CODE_NOISE).upper()
    if len(said) != SHORT_CODE_CHARS + PAY_SAID_CHARS or not set(SHORT_CODE_ALPHABET).issuperset(said):
        return None
    return said if normalise_short_code(said[:SHORT_CODE_CHARS]) else None


# --- Short codes --------------------------------------------------------------------------------------------

# 31 characters, a prime: the weighted check finds every single wrong character and every swap of two.
SHORT_CODE_ALPHABET = "".join(c for c in string.digits + string.ascii_uppercase if c not in "01ILO")
SHORT_CODE_CHARS = 8
_SHORT_CODE_NOISE = str.maketrans(
    {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | dict.fromkeys(map(ord, " -－—_.\u3000\t"))
)


def new_short_code() -> str:
    """8 characters, the last a check: 31^7 ≈ 27 thousand million codes; uniqueness is the database's task."""
    body = "".join(secrets.choice(SHORT_CODE_ALPHABET) for _ in range(SHORT_CODE_CHARS - 1))
    return body + _check_char(body)


def normalise_short_code(text: str) -> str | None:
    """As typed at the counter, in any case, with spaces or dashes; None when it cannot be one of ours."""
    code = text.translate(_SHORT_CODE_NOISE).upper()
    if len(code) != SHORT_CODE_CHARS or not set(SHORT_CODE_ALPHABET).issuperset(code):
        return None
    return code if _check_char(code[:-1]) == code[-1] else None


def spaced_short_code(code: str) -> str:
    return f"{code[:4]} {code[4:]}"


def _check_char(body: str) -> str:
    total = sum(weight * SHORT_CODE_ALPHABET.index(char) for weight, char in enumerate(body, start=2))
    return SHORT_CODE_ALPHABET[-total % len(SHORT_CODE_ALPHABET)]
