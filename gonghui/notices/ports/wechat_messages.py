"""The port `wechat_messages`: 订阅消息, to one openid under one template; and whose openid a mini-program's login is.

GONGHUI_WECHAT_MESSAGES_APPID and GONGHUI_WECHAT_MESSAGES_SECRET_FILE (of the mini-program, else of the official account:
GONGHUI_WECHAT_APPID, GONGHUI_WECHAT_APP_SECRET_FILE), GONGHUI_WECHAT_MESSAGES_OF (mini or account), _LANES (8).
Never called inside a transaction. Secret and token stand in what is asked: neither addresses nor answers are ever logged.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx

from gonghui.kit import clock
from gonghui.kit.ports import PortFailed, PortUncertain
from gonghui.notices.lanes import USUAL, Lanes
from gonghui.notices.ports.refusals import AskedTooOften, CodeRefused, MemberRefuses, NeverGoes
from gonghui.notices.ports.wechat_events import EventDoor

GATEWAY = "https://api.weixin.qq.com"
TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - an address
SESSION = "/sns/jscode2session"
SENDS = {"mini": "/cgi-bin/message/subscribe/send", "account": "/cgi-bin/message/subscribe/bizsend"}
TIMEOUT = httpx.Timeout(4.0, connect=2.0)
RENEWED_BEFORE_S = 300
TOKEN_REFUSED = frozenset({40001, 40014, 42001})
"""Not a token, of another account, too old: one is fetched anew and the message asked for again, once."""
MEMBER_REFUSES = 43101
NEVER = frozenset({40003, 40037, 41030, 47003, 43116})
"""Not an openid of ours, not a template of ours, no such page, a field it does not take, one that names a private matter."""
OF_THE_MINUTE, OF_THE_DAY = 45011, 45009
OPENID = re.compile(r"[0-9A-Za-z_\-]{6,128}")
CODE = re.compile(r"[0-9A-Za-z_\-]{1,128}")
CODE_REFUSED = frozenset({40029, 40163, 41008, 42003, 40226})
"""Not a code, used before, none given, too old, of somebody WeChat has shut out."""
A_MINUTE, AFTER_MIDNIGHT = timedelta(seconds=60), timedelta(minutes=5)
"""WeChat counts the day anew at midnight in China."""


class WeChatMessagesPort(Protocol):
    appid: str
    lanes: Lanes
    events: EventDoor | None

    def openid(self, code: str) -> str:
        """code2Session: who logged in with `wx.login`. Raises `CodeRefused`, `AskedTooOften`, or `PortFailed`."""

    def send(self, *, openid: str, template: str, fields: Mapping[str, str], page: str) -> None:
        """Raises `MemberRefuses`, `NeverGoes`, `AskedTooOften`, `PortFailed` (later), or `PortUncertain`: WeChat knows no keys,
        so nobody can tell whether it went out, and it must not be asked for again."""


class WeChatMessages:
    """The port on the real WeChat."""

    def __init__(
        self,
        *,
        appid: str,
        secret: str,
        of: str = "mini",
        gateway: str = GATEWAY,
        transport=None,
        events=None,
    ):
        self.appid, self.secret, self.path, self.events = appid, secret, SENDS[of], events
        self.client = httpx.Client(base_url=gateway, timeout=TIMEOUT, transport=transport)
        self.token, self.good_until, self.lock = "", 0.0, threading.Lock()
        self.lanes = Lanes(int(os.environ.get("GONGHUI_WECHAT_MESSAGES_LANES", USUAL)))

    @classmethod
    def configured(cls) -> WeChatMessages:
        env = os.environ
        appid = env.get("GONGHUI_WECHAT_MESSAGES_APPID") or env.get("GONGHUI_WECHAT_APPID")
        secret = env.get("GONGHUI_WECHAT_MESSAGES_SECRET_FILE") or env.get("GONGHUI_WECHAT_APP_SECRET_FILE")
        if not appid or not secret:
            raise PortFailed("no WeChat account is configured")
        token, aes_key = (_kept(f"GONGHUI_WECHAT_MESSAGES_{name}_FILE") for name in ("TOKEN", "AES_KEY"))
        return cls(
            appid=appid,
            secret=Path(secret).read_text(encoding="ascii").strip(),
            events=EventDoor(appid=appid, token=token, aes_key=aes_key) if token and aes_key else None,
            of=env.get("GONGHUI_WECHAT_MESSAGES_OF", "mini"),
        )

    def send(self, *, openid: str, template: str, fields: Mapping[str, str], page: str) -> None:
        body = {
            "touser": openid,
            "template_id": template,
            "page": page,
            "data": {name: {"value": value} for name, value in fields.items()},
        }
        token = self.access_token()
        errcode = self.ask(token, body)
        if errcode in TOKEN_REFUSED:
            # Refused for its token, it did not go out: asking again is safe.
            errcode = self.ask(self.access_token(instead_of=token), body)
        if errcode == MEMBER_REFUSES:
            raise MemberRefuses(str(errcode))
        if errcode in NEVER:
            raise NeverGoes(str(errcode))
        if errcode in (OF_THE_MINUTE, OF_THE_DAY):
            raise AskedTooOften(str(errcode), until=counted_anew(errcode))
        if errcode:
            raise PortFailed(f"errcode {errcode!s:.12}")

    def openid(self, code: str) -> str:
        """The session key that comes along is read by nobody and kept nowhere."""
        if not CODE.fullmatch(code):
            raise CodeRefused("not a code")
        asked = {
            "appid": self.appid, "secret": self.secret, "js_code": code, "grant_type": "authorization_code",
        }  # fmt: skip
        try:
            reply = self.client.get(SESSION, params=asked)
        except httpx.HTTPError as error:
            raise PortFailed(type(error).__name__) from None
        said = _read(reply) if reply.status_code == httpx.codes.OK else {"errcode": reply.status_code}
        errcode = said.get("errcode", 0)
        if errcode in CODE_REFUSED:
            raise CodeRefused(str(errcode))
        if errcode == OF_THE_MINUTE:
            raise AskedTooOften(str(errcode), until=counted_anew(errcode))
        openid = said.get("openid")
        if errcode or not isinstance(openid, str) or not OPENID.fullmatch(openid):
            raise PortFailed(f"errcode {errcode!s:.12}")
        return openid

    def ask(self, token: str, body: Mapping[str, Any]) -> int:
        """Its errcode. What got no answer may have gone out."""
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            reply = self.client.post(self.path, params={"access_token": token}, content=content)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise PortFailed(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise PortUncertain(type(error).__name__) from None
        if reply.status_code != httpx.codes.OK:
            raise PortUncertain(str(reply.status_code))
        errcode = _read(reply).get("errcode")
        if not isinstance(errcode, int):
            raise PortUncertain("the answer cannot be read")
        return errcode

    def access_token(self, *, instead_of: str = "") -> str:
        """Kept until shortly before its end. Where WeChat has refused this very one, a new one is forced: others of ours that
        share the account get the new one too, as they ask."""
        with self.lock:
            if self.token and self.token != instead_of and time.time() < self.good_until:
                return self.token
            said = self.fetch_token(force=False)
            if instead_of and said["access_token"] == instead_of:
                said = self.fetch_token(force=True)
            self.token = said["access_token"]
            self.good_until = time.time() + max(int(said.get("expires_in", 0)) - RENEWED_BEFORE_S, 0)
            return self.token

    def fetch_token(self, *, force: bool) -> dict[str, Any]:
        asked = {
            "grant_type": "client_credential", "appid": self.appid, "secret": self.secret, "force_refresh": force,
        }  # fmt: skip
        try:
            reply = self.client.post(TOKEN, json=asked)
        except httpx.HTTPError as error:
            raise PortFailed(type(error).__name__) from None
        said = _read(reply) if reply.status_code == httpx.codes.OK else {}
        if not isinstance(said.get("access_token"), str):
            raise PortFailed(f"no token: errcode {said.get('errcode', reply.status_code)!s:.12}")
        return said


def _kept(name: str) -> str:
    """What stands in the file that the environment names; "" without."""
    path = os.environ.get(name)
    return Path(path).read_text(encoding="ascii").strip() if path else ""


def counted_anew(errcode: int) -> datetime:
    """When WeChat takes messages of this account again."""
    if errcode == OF_THE_MINUTE:
        return clock.now() + A_MINUTE
    tomorrow = clock.today() + timedelta(days=1)
    return datetime.combine(tomorrow, datetime.min.time(), tzinfo=clock.CHINA) + AFTER_MIDNIGHT


def _read(reply: httpx.Response) -> dict[str, Any]:
    try:
        said = json.loads(reply.content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
