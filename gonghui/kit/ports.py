"""Ports to the outside world: the adapter named in settings, and requests signed both ways.

`port("sms").send(...)`: call it outside any transaction; an outside call may take seconds or never answer.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

CLOCK_SKEW_S = 300


class PortFailed(Exception):
    """The other side refused or is down: nothing was done there, trying again later is safe."""


class PortUncertain(PortFailed):
    """No answer in time: it may have been done there. Repeat with the same key only."""


def port(name: str) -> Any:
    """The adapter `settings.GONGHUI_PORTS` names, made once by its `configured()` from the environment."""
    return _adapter(settings.GONGHUI_PORTS[name])


@cache
def _adapter(path: str) -> Any:
    return import_string(path).configured()


def signed_headers(key_id: str, secret: bytes, *, target: str, body: bytes) -> dict[str, str]:
    """HMAC-SHA256 over target, time, nonce and body hash; by the nonce the other side refuses replays."""
    stamp, nonce = str(int(time.time())), secrets.token_hex(12)
    return {
        "X-Key": key_id,
        "X-Time": stamp,
        "X-Nonce": nonce,
        "X-Signature": signature(secret, target, stamp, nonce, body),
    }


def signature(secret: bytes, target: str, stamp: str, nonce: str, body: bytes) -> str:
    text = "\n".join((target, stamp, nonce, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def is_signed(headers: Any, secret: bytes, *, target: str, body: bytes) -> bool:
    """True when the headers' signature fits and its time is near ours."""
    stamp, nonce = headers.get("X-Time", ""), headers.get("X-Nonce", "")
    if not stamp.isascii() or not stamp.isdigit() or abs(time.time() - int(stamp)) > CLOCK_SKEW_S:
        return False
    wanted = signature(secret, target, stamp, nonce, body)
    return hmac.compare_digest(wanted, headers.get("X-Signature", ""))
