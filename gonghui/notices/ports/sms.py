"""SMS: the stand-in keeps them in a table, the real adapter speaks signed JSON to a gateway.

`key` names one message for ever: whoever repeats it gets the same answer and nobody a second SMS.
"""

from __future__ import annotations

import json
import os
import time
from typing import Protocol

import httpx
from django.db.models import F

from gonghui.kit.ports import PortFailed, PortUncertain, signed_headers
from gonghui.notices.lanes import USUAL, Lanes
from gonghui.notices.models import SentSms
from gonghui.notices.words import signed


def sms_lanes() -> Lanes:
    """GONGHUI_SMS_LANES: how many at once the gateway takes."""
    return Lanes(int(os.environ.get("GONGHUI_SMS_LANES", USUAL)))


class SmsPort(Protocol):
    lanes: Lanes

    def send(self, *, phone: str, text: str, key: str, signature: str = "") -> None:
        """Raises `PortFailed` (nothing went out) or `PortUncertain` (it may have). `signature`: else the house's."""


class LocalSms:
    """Complete and local. `faults` are used up one a call: "down" refuses, "slow" sends and never answers."""

    def __init__(self, faults: list[str] | None = None, delay_s: float = 0.0):
        self.faults, self.delay_s, self.lanes = faults or [], delay_s, sms_lanes()

    @classmethod
    def configured(cls) -> LocalSms:
        faults = [fault for fault in os.environ.get("GONGHUI_SMS_FAULTS", "").split(",") if fault]
        return cls(faults, float(os.environ.get("GONGHUI_SMS_DELAY_S", "0")))

    def send(self, *, phone: str, text: str, key: str, signature: str = "") -> None:
        time.sleep(self.delay_s)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "down":
            raise PortFailed("503")
        self._keep(phone, signed(signature, text), key)
        if fault == "slow":
            raise PortUncertain("no answer in time")

    def _keep(self, phone: str, text: str, key: str) -> None:
        known = SentSms.objects.unscoped("the same message again").filter(key=key)
        if not known.update(asked=F("asked") + 1):
            SentSms.objects.bulk_create([SentSms(key=key, phone=phone, text=text)], ignore_conflicts=True)


class HttpSms:
    """A gateway over HTTPS: GONGHUI_SMS_URL, _KEY_ID, _SECRET (hex), _SIGNATURE (shown as 【…】)."""

    TARGET = "POST /v1/sms"

    def __init__(
        self, url: str, key_id: str, secret: bytes, *, signature: str = "工惠", timeout_s: float = 5.0
    ):
        self.url, self.key_id, self.secret = url, key_id, secret
        self.signature, self.timeout_s, self.lanes = signature, timeout_s, sms_lanes()

    @classmethod
    def configured(cls) -> HttpSms:
        env = os.environ
        return cls(
            env["GONGHUI_SMS_URL"],
            env["GONGHUI_SMS_KEY_ID"],
            bytes.fromhex(env["GONGHUI_SMS_SECRET"]),
            signature=env.get("GONGHUI_SMS_SIGNATURE", "工惠"),
        )

    def send(self, *, phone: str, text: str, key: str, signature: str = "") -> None:
        facts = {"key": key, "phone": phone, "text": signed(signature or self.signature, text)}
        body = json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()
        headers = signed_headers(self.key_id, self.secret, target=self.TARGET, body=body)
        headers["Content-Type"] = "application/json"
        try:
            reply = httpx.post(self.url, content=body, headers=headers, timeout=self.timeout_s)
        except httpx.ConnectError as error:
            raise PortFailed(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise PortUncertain(type(error).__name__) from None
        if reply.status_code != httpx.codes.OK:
            raise PortFailed(str(reply.status_code))
