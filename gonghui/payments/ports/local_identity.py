"""WeChat's authorisation played locally: a browser with a WeChat of its own, codes good once and for five minutes,
appid and secret checked, the original's error numbers, and its ways of failing. Refused in production.

`LocalIdentity` is the real adapter with the wire taken out; `LocalAuthorisation.answer` is the other end of the wire,
which the tests also put behind a real HTTP server.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.crypto import get_keyring
from gonghui.kit.ports import PortFailed
from gonghui.payments.models import LocalTrade
from gonghui.payments.ports.local_trades import APPID, WHY, Refusal, begun, listed
from gonghui.payments.ports.wechat_identity import EXCHANGE, WeChatIdentity

CODE_LIFE = timedelta(minutes=5)


def local_secret() -> str:
    """The AppSecret both sides know."""
    return get_keyring().derive("local-wechat-secret").hex()[:32]


def local_openid(wechat: str) -> str:
    """By which this appid knows one WeChat; from now on payments and coupons know it too."""
    drawn = hmac.digest(local_secret().encode(), f"{APPID}:{wechat}".encode(), "sha256")
    openid = "o" + base64.urlsafe_b64encode(drawn).decode()[:27]
    begun("openid", openid, {})
    return openid


@dataclass
class LocalAuthorisation:
    """`faults` are used up one an exchange: "ok", "busy" (-1), "down" (no line), "slow" (acts, never answers).

    `repeats` one an authorisation: "again" hands out the code of before, as the original's caches do.
    """

    faults: list[str] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)
    delay_s: float = 0.0
    asked: int = 0

    def code_for(self, wechat: str, query: Mapping[str, str]) -> str:
        """What the authorise page sends back with; `Refusal` where the original shows its error page."""
        if query.get("appid") != APPID:
            raise Refusal(400, "10012")
        if not query.get("state", "").isalnum():
            raise Refusal(400, "10013")
        if query.get("response_type") != "code" or query.get("scope") != "snsapi_base":
            raise Refusal(400, "10005")
        openid = local_openid(wechat)
        codes = LocalTrade.objects.unscoped(WHY).filter(kind="code", facts__openid=openid)
        repeat = self.repeats.pop(0) if self.repeats else "ok"
        if repeat == "again" and (before := codes.order_by("-id").first()):
            return before.number
        until = (clock.now() + CODE_LIFE).isoformat()
        codes.filter(facts__until__lt=clock.now().isoformat()).delete()
        row, _new = begun("code", secrets.token_hex(16), {"openid": openid, "until": until, "is_used": False})
        return row.number

    def answer(self, path: str, query: Mapping[str, str]) -> bytes | None:
        """One exchange as it comes over the wire; None: no answer in time. Always 200, as the original."""
        self.asked += 1
        time.sleep(self.delay_s)
        fault = self.faults.pop(0) if self.faults else "ok"
        if fault == "down":
            return None
        said = {"errcode": -1, "errmsg": "system error"} if fault == "busy" else self.exchange(path, query)
        return None if fault == "slow" else json.dumps(said).encode()

    def exchange(self, path: str, query: Mapping[str, str]) -> dict:
        if path != EXCHANGE or query.get("grant_type") != "authorization_code":
            return {"errcode": 40002, "errmsg": "invalid grant_type"}
        if query.get("appid") != APPID:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if not hmac.compare_digest(query.get("secret", "").encode(), local_secret().encode()):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        with transaction.atomic():
            return self.redeem(query.get("code", ""))

    def redeem(self, code: str) -> dict:
        row = LocalTrade.objects.unscoped(WHY).select_for_update().filter(kind="code", number=code).first()
        if row is None:
            return {"errcode": 40029, "errmsg": "invalid code"}
        if row.facts["is_used"]:
            return {"errcode": 40163, "errmsg": "code been used"}
        if datetime.fromisoformat(row.facts["until"]) <= clock.now():
            return {"errcode": 42003, "errmsg": "code expired"}
        row.facts["is_used"] = True
        row.save()
        return {
            "access_token": secrets.token_urlsafe(48), "expires_in": 7200, "refresh_token": secrets.token_urlsafe(48),
            "openid": row.facts["openid"], "scope": "snsapi_base",
        }  # fmt: skip


class Wireless(httpx.BaseTransport):
    """httpx's transport without the wire."""

    def __init__(self, service: LocalAuthorisation):
        self.service = service

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = self.service.answer(request.url.path, dict(request.url.params))
        if content is None:
            raise httpx.ReadTimeout("no answer")
        return httpx.Response(200, content=content)


class LocalIdentity(WeChatIdentity):
    """The port `wechat_identity` of the demo and the tests: any browser plays a WeChat of its own.

    GONGHUI_WECHAT_IDENTITY_FAULTS, _REPEATS (comma-separated), _DELAY_S.
    """

    fragment = ""  # a browser would carry it on through our redirects; the original leads back by script

    def __init__(self, service: LocalAuthorisation):
        self.service = service
        super().__init__(appid=APPID, secret=local_secret(), transport=Wireless(service))

    @classmethod
    def configured(cls) -> LocalIdentity:
        if settings.PRODUCTION:
            raise PortFailed("no WeChat account is configured")
        name = "GONGHUI_WECHAT_IDENTITY"
        delay_s = float(os.environ.get(f"{name}_DELAY_S", "0"))
        return cls(LocalAuthorisation(listed(f"{name}_FAULTS"), listed(f"{name}_REPEATS"), delay_s))

    def authorise_page(self) -> str:
        return reverse("local_authorise")

    def works_in(self, user_agent: str) -> bool:
        return True
