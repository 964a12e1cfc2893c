"""A provider played locally: its own state, its own keys, the original's signatures, and its ways of failing.

`LocalPayments` is the real adapter with the wire taken out; `LocalWeChat.exchange` is the other end of the wire, which
the tests also put behind a real HTTP server. Refused in production.
"""

from __future__ import annotations

import base64
import copy
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization

from gonghui.kit import clock
from gonghui.kit.ports import CLOCK_SKEW_S, PortFailed
from gonghui.payments.models import LocalKey, LocalNotice, LocalTrade
from gonghui.payments.ports.local_trades import APPID, MCHID, ROUTES, Refusal, listed, serve_file
from gonghui.payments.ports.wechat import Charge, Invitation, WeChatPayments

SERIAL, KEY_ID = "5F3C0000", "PUB_KEY_ID_LOCAL"
WHY = "the stand-in's own memory"
RETRIES = (0, 15, 30, 180, 600, 1800)
"""Seconds between tries of a callback that was not taken."""
AUTHORIZATION = re.compile(r'(\w+)="([^"]*)"')

Answer = tuple[int, dict[str, str], bytes]


def local_key(name: str) -> rsa.RSAPrivateKey:
    """The same for every process; made once."""
    row = LocalKey.objects.unscoped(WHY).filter(name=name).first()
    if row is None:
        drawn = LocalKey(name=name, pem=new_pem(name))
        LocalKey.objects.unscoped(WHY).bulk_create([drawn], ignore_conflicts=True)
        row = LocalKey.objects.unscoped(WHY).get(name=name)
    return _loaded(row.pem)


def new_pem(_name: str) -> str:
    return pem_of(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@lru_cache(maxsize=8)
def _loaded(pem: str) -> rsa.RSAPrivateKey:
    """Kept: a key is proved when it is read, which costs as much as to draw one."""
    return load_pem_private_key(pem.encode(), None)


def pem_of(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem_of(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(key: rsa.RSAPrivateKey, *parts: str) -> str:
    text = "".join(f"{part}\n" for part in parts)
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()


@dataclass
class LocalWeChat:
    """`faults` are used up one an exchange: "ok", "down" (refuses), "slow" (acts, never answers), "forged".

    `notice_faults` one a callback: "ok", "lost" (never sent), "twice", "late" (two minutes).
    """

    faults: list[str] = field(default_factory=list)
    notice_faults: list[str] = field(default_factory=list)
    platform: rsa.RSAPrivateKey = field(default_factory=lambda: local_key("platform"))
    merchant: rsa.RSAPrivateKey = field(default_factory=lambda: local_key("merchant"))
    apiv3_key: str = field(default_factory=lambda: pem_digest(local_key("platform")))

    # --- the wire

    def exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """One request as it comes over the wire; None: no answer in time."""
        fault = self.faults.pop(0) if self.faults else "ok"
        if fault == "down":
            return self.signed(503, {"code": "SYSTEM_ERROR", "message": "系统繁忙"})
        if not self.is_signed(method, target, headers, body):
            return self.signed(401, {"code": "SIGN_ERROR", "message": "签名错误"})
        parts = urlsplit(target)
        if parts.path.startswith("/v3/billdownload/"):
            return 200, {"Content-Type": "application/octet-stream"}, serve_file(parts.path.rsplit("/", 1)[1])
        try:
            code, said = self.act(method, parts.path, parse_qs(parts.query), body)
        except Refusal as refused:
            code, said = refused.status, {"code": refused.code, "message": refused.code}
        if fault == "slow":
            return None
        return self.signed(code, said, key=local_key("stranger") if fault == "forged" else None)

    def act(self, method: str, path: str, query: dict, body: bytes) -> tuple[int, dict | None]:
        for verb, pattern, serve in ROUTES:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                facts = json.loads(body) if body else {k: v[0] for k, v in query.items()}
                with transaction.atomic():
                    return serve(self, *found.groups(), **facts)
        raise Refusal(404, "RESOURCE_NOT_EXISTS")

    def is_signed(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bool:
        given = dict(AUTHORIZATION.findall(headers.get("Authorization", "")))
        stamp = given.get("timestamp", "")
        if given.get("mchid") != MCHID or given.get("serial_no") != SERIAL or not stamp.isdigit():
            return False
        text = f"{method}\n{target}\n{stamp}\n{given.get('nonce_str', '')}\n{body.decode()}\n"
        try:
            signature = base64.b64decode(given.get("signature", ""))
            self.merchant.public_key().verify(signature, text.encode(), padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return abs(time.time() - int(stamp)) <= CLOCK_SKEW_S

    def signed(self, code: int, said: dict | None, key: rsa.RSAPrivateKey | None = None) -> Answer:
        body = "" if said is None else json.dumps(said, ensure_ascii=False)
        return code, self.headers_for(body, key), body.encode()

    def headers_for(self, body: str, key: rsa.RSAPrivateKey | None = None) -> dict[str, str]:
        stamp, nonce = str(int(time.time())), secrets.token_hex(16)
        return {
            "Content-Type": "application/json",
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": KEY_ID,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Wechatpay-Signature": sign(key or self.platform, stamp, nonce, body),
        }

    # --- what the payer and time do

    def pay(self, out_trade_no: str, at: datetime | None = None) -> None:
        """The payer agreed."""
        with transaction.atomic():
            trade = (
                LocalTrade.objects.unscoped(WHY).select_for_update().get(kind="trade", number=out_trade_no)
            )
            if trade.facts["trade_state"] != "NOTPAY":
                return
            trade.facts |= {
                "trade_state": "SUCCESS",
                "transaction_id": f"42{trade.pk:026d}",
                "success_time": stamp_of(at),
            }
            trade.save()
            self.announce("TRANSACTION.SUCCESS", trade.facts)

    def refuse(self, out_trade_no: str) -> None:
        """The payer's bank refused; the original says so only to who asks."""
        found = LocalTrade.objects.unscoped(WHY).filter(kind="trade", number=out_trade_no)
        for trade in found.filter(facts__trade_state="NOTPAY"):
            trade.facts["trade_state"] = "PAYERROR"
            trade.save()

    def announce(self, event_type: str, resource: Mapping[str, Any], *, event_id: str = "") -> None:
        fault = self.notice_faults.pop(0) if self.notice_faults else "ok"
        if fault == "lost":
            return
        LocalNotice.objects.create(
            event_id=event_id or f"EV-{secrets.token_hex(12)}",
            envelope={"event_type": event_type, "resource": dict(resource)},
            due_at=clock.now() + timedelta(seconds=120 if fault == "late" else 0),
            times=2 if fault == "twice" else 1,
        )

    # --- callbacks

    def envelope(self, notice: LocalNotice) -> tuple[dict[str, str], bytes]:
        """Headers and body of one try: sealed and signed anew."""
        plain = json.dumps(notice.envelope["resource"], ensure_ascii=False)
        nonce, about = secrets.token_hex(6), "transaction"
        sealed = AESGCM(self.apiv3_key.encode()).encrypt(nonce.encode(), plain.encode(), about.encode())
        body = json.dumps(
            {
                "id": notice.event_id,
                "create_time": stamp_of(),
                "event_type": notice.envelope["event_type"],
                "resource_type": "encrypt-resource",
                "summary": "通知",
                "resource": {
                    "original_type": about,
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "associated_data": about,
                    "nonce": nonce,
                },
            },
            ensure_ascii=False,
        )
        return self.headers_for(body), body.encode()

    def deliver(self, take, *, now: datetime | None = None) -> int:
        """Every callback that is due, through `take(headers, body) -> status`; what is not taken comes again."""
        due = LocalNotice.objects.unscoped(WHY).filter(times__gt=0, due_at__lte=now or clock.now())
        sent = 0
        for notice in due.order_by("due_at", "id"):
            headers, body = self.envelope(notice)
            status = take(headers, body)
            sent += 1
            notice.tries += 1
            if 200 <= status < 300:
                notice.times -= 1
            elif notice.tries >= len(RETRIES):
                notice.times = 0
            else:
                notice.due_at = clock.now() + timedelta(seconds=RETRIES[notice.tries])
            notice.save()
        return sent


def pem_digest(key: rsa.RSAPrivateKey) -> str:
    """32 characters both sides know."""
    import hashlib

    return hashlib.sha256(pem_of(key).encode()).hexdigest()[:32]


def stamp_of(at: datetime | None = None) -> str:
    return (at or clock.now()).astimezone(clock.CHINA).isoformat(timespec="seconds")


class LocalCore(Core):
    """The library's core with the wire replaced: what it signs is checked, what comes back it verifies itself."""

    service: LocalWeChat

    def request(self, path, method=RequestType.GET, data=None, skip_verify=False, **_more):
        body = json.dumps(data) if data else ""
        authorization = build_authorization(
            path, method.value, self._mchid, self._cert_serial_no, self._private_key, data=data
        )
        answer = self.service.exchange(method.value, path, {"Authorization": authorization}, body.encode())
        if answer is None:
            raise requests.ReadTimeout
        code, headers, content = answer
        if 200 <= code < 300 and not skip_verify and not self._verify_signature(headers, content.decode()):
            raise ValueError("failed to verify the signature")
        return code, content if skip_verify else content.decode()


def client_for(service: LocalWeChat, *, timeout=None, key_id: str = KEY_ID) -> WeChatPay:
    """The library, holding the merchant's half of the stand-in's keys."""
    return _new_client(service.merchant, service.platform, service.apiv3_key, timeout=timeout, key_id=key_id)


def _new_client(
    merchant: rsa.RSAPrivateKey,
    platform: rsa.RSAPrivateKey,
    apiv3_key: str,
    *,
    timeout=None,
    key_id: str = KEY_ID,
) -> WeChatPay:
    return WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI, mchid=MCHID, private_key=pem_of(merchant), cert_serial_no=SERIAL,
        appid=APPID, apiv3_key=apiv3_key, notify_url="https://example.invalid/payments/wechat/notify",
        timeout=timeout, public_key=public_pem_of(platform), public_key_id=key_id,
    )  # fmt: skip


_client_of = lru_cache(maxsize=4)(_new_client)


def wireless_client(service: LocalWeChat) -> WeChatPay:
    client = copy.copy(_client_of(service.merchant, service.platform, service.apiv3_key))
    client._core = copy.copy(client._core)
    client._core.__class__ = LocalCore
    client._core.service = service
    return client


class LocalPayments(WeChatPayments):
    """The port `payment` of the demo and the tests: GONGHUI_PAYMENT_FAULTS, _NOTICE_FAULTS (comma-separated)."""

    def __init__(self, service: LocalWeChat):
        self.service = service
        super().__init__(wireless_client(service), appid=APPID, public_key_id=KEY_ID)

    @classmethod
    def configured(cls) -> LocalPayments:
        """In production nobody pays with play money."""
        if settings.PRODUCTION:
            raise PortFailed("no payment provider is configured")
        return cls(LocalWeChat(listed("GONGHUI_PAYMENT_FAULTS"), listed("GONGHUI_PAYMENT_NOTICE_FAULTS")))

    def prepay(self, charge: Charge) -> Invitation:
        known = super().prepay(charge)
        return Invitation(known.facts, reverse("local_pay", args=[charge.out_trade_no]))
