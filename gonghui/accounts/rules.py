"""Limits of sign-in and the pure calculations behind them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.utils.http import url_has_allowed_host_and_scheme

from gonghui.kit.crypto import get_keyring

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES_MAX = 5
CODE_PAUSE = timedelta(seconds=60)
CODES_PER_DAY_MAX = 10

TOTP_STEP_S = 30
TOTP_DRIFT_STEPS = 1
TOTP_SECRET_BYTES = 20
SECOND_STEP_LIFE = timedelta(minutes=5)

STAFF_SESSION_LIFE = timedelta(hours=8)
STAFF_IDLE_MAX = timedelta(hours=1)
TOKEN_LIFE = timedelta(days=30)


ONE_TIME_LIFE = timedelta(hours=72)
PROOF_LIFE = timedelta(minutes=10)
DEVICE_KEY_LIFE = timedelta(days=400)

LOGIN_NAME = re.compile(r"[a-z][a-z0-9._-]{2,31}")
ONE_TIME_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is misread or misheard
ONE_TIME_GROUPS, ONE_TIME_GROUP_LENGTH = 4, 4
RECOVERY_CODES, RECOVERY_GROUPS = 10, 3
RECOVERY_CHARS = RECOVERY_GROUPS * ONE_TIME_GROUP_LENGTH


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """`failures_max` failures within `window` lock for `lock`."""

    failures_max: int
    window: timedelta
    lock: timedelta


_QUARTER = timedelta(minutes=15)
LOCK_POLICIES = {
    "phone": LockPolicy(10, _QUARTER, _QUARTER),
    "login": LockPolicy(5, _QUARTER, _QUARTER),
    "totp": LockPolicy(5, _QUARTER, _QUARTER),
    # Whole factories and mobile networks share one address: these stop machines, not crowds.
    "address": LockPolicy(200, _QUARTER, _QUARTER),
    "sends": LockPolicy(600, timedelta(hours=1), _QUARTER),
    # Four characters of a document: three guesses a day leave a stranger one chance in three thousand.
    "proof": LockPolicy(3, timedelta(days=1), timedelta(days=1)),
}


def within_window(moments: Iterable[datetime], now: datetime, policy: LockPolicy) -> list[datetime]:
    return [moment for moment in moments if moment > now - policy.window]


def code_hash(phone: str, purpose: str, code: str) -> bytes:
    """Bound to phone and purpose, so that a code moved to another row fits nothing."""
    text = "\x00".join((purpose, phone, code))
    return hmac.digest(get_keyring().derive("phone-code"), text.encode(), "sha256")


def token_hash(secret: str) -> bytes:
    """Of session keys and tokens: long random texts need no salt."""
    return hashlib.sha256(secret.encode()).digest()


def is_login_name(login: str) -> bool:
    """Lower case only: two accounts that differ by a capital letter would be taken for each other."""
    return LOGIN_NAME.fullmatch(login) is not None


def one_time_password() -> str:
    """79 bits that can be read out over the telephone: 7kmp-x2qa-…"""
    return _spoken(ONE_TIME_GROUPS)


def recovery_code() -> str:
    """59 bits to keep on paper: 7kmp-x2qa-9bcd."""
    return _spoken(RECOVERY_GROUPS)


def _spoken(groups: int) -> str:
    return "-".join(
        "".join(secrets.choice(ONE_TIME_ALPHABET) for _ in range(ONE_TIME_GROUP_LENGTH))
        for _ in range(groups)
    )


def recovery_of(code: str) -> str:
    """As typed, with or without dashes and in any case; empty where it is none."""
    text = unicodedata.normalize("NFKC", code).lower()
    said = "".join(char for char in text if char in ONE_TIME_ALPHABET)
    return said if len(said) == RECOVERY_CHARS else ""


def recovery_hash(user_id: int, code: str) -> bytes:
    """Bound to the account, so that a code moved to another row fits nothing."""
    text = f"{user_id}\x00{recovery_of(code)}"
    return hmac.digest(get_keyring().derive("recovery-code"), text.encode(), "sha256")


def totp_step(now: datetime) -> int:
    return int(now.timestamp()) // TOTP_STEP_S


def totp_code(secret: str, step: int) -> str:
    """`secret` in base32, as authenticator apps take it. They all speak SHA-1, and few anything else."""
    key = base64.b32decode(secret)
    return TOTP(key, CODE_DIGITS, SHA1(), TOTP_STEP_S).generate(step * TOTP_STEP_S).decode()  # noqa: S303


def matching_totp_step(secret: str, code: str, now: datetime) -> int | None:
    """The step this code belongs to, clocks drifting by one step at most."""
    here = totp_step(now)
    for step in range(here - TOTP_DRIFT_STEPS, here + TOTP_DRIFT_STEPS + 1):
        if hmac.compare_digest(totp_code(secret, step).encode(), code.encode()):
            return step
    return None


def unused_totp_code(secret: str, last_step: int, now: datetime) -> str:
    """For the demo's page: the code of now, or the next one where this half minute's was used."""
    return totp_code(secret, max(totp_step(now), last_step + 1))


def totp_uri(secret: str, account: str) -> str:
    issuer = quote("工惠")
    return f"otpauth://totp/{issuer}:{quote(account)}?secret={secret}&issuer={issuer}"


def digits_of(code: str) -> str:
    """What people type: full-width digits, spaces and dashes inside."""
    return "".join(str(int(char)) for char in code if char.isdecimal())


def own_path(target: str | None, fallback: str = "/") -> str:
    """Where to go after sign-in: a path of ours, never another host."""
    # Browsers drop tabs and newlines: "/<tab>/evil" would become "//evil".
    if (
        target
        and target.startswith("/")
        and target.isprintable()
        and url_has_allowed_host_and_scheme(target, allowed_hosts=set())
    ):
        return target
    return fallback


_PHONES = (("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "鸿蒙手机"), ("Android", "安卓手机"))
_DESKS = (("Windows", "Windows 电脑"), ("Mac OS X", "Mac 电脑"), ("Linux", "Linux 电脑"))
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def device_label(user_agent: str) -> str:
    """安卓手机 · 微信: enough for its owner to recognise it."""
    machine = next((said for mark, said in (*_PHONES, *_DESKS) if mark in user_agent), "未知设备")
    browser = next((said for mark, said in _BROWSERS if mark in user_agent), "")
    return f"{machine} · {browser}" if browser else machine
