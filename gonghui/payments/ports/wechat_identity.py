"""The port `wechat_identity`: 网页授权 with scope snsapi_base, which asks the member nothing and tells only the openid.

GONGHUI_WECHAT_APPID and GONGHUI_WECHAT_APP_SECRET_FILE (the official account's AppSecret). Never called inside a
transaction. Secret and code stand in the address asked: neither addresses nor answers are ever logged.
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from gonghui.kit.ports import PortFailed, PortUncertain

AUTHORISE = "https://open.weixin.qq.com/connect/oauth2/authorize"
GATEWAY = "https://api.weixin.qq.com"
EXCHANGE = "/sns/oauth2/access_token"
TIMEOUT = httpx.Timeout(4.0, connect=2.0)
TRIES = 3
PAUSE_S = 0.2
CODE = re.compile(r"[0-9A-Za-z_\-]{1,128}")
OPENID = re.compile(r"[0-9A-Za-z_\-]{6,128}")
CODE_REFUSED = frozenset({40029, 40163, 41008, 42003})
"""Not a code, used before, none given, too old: a new round brings a new one."""


class CodeRefused(PortFailed):
    """This code is worth nothing (any more)."""


class IdentityPort(Protocol):
    appid: str

    def works_in(self, user_agent: str) -> bool: ...

    def authorise_address(self, *, returning_to: str, state: str) -> str: ...

    def openid(self, code: str) -> str:
        """Raises `CodeRefused`, or `PortFailed` where nobody can tell."""


class WeChatIdentity:
    """The port on the real WeChat."""

    fragment = "#wechat_redirect"

    def __init__(self, *, appid: str, secret: str, gateway: str = GATEWAY, transport=None):
        self.appid, self.secret = appid, secret
        self.client = httpx.Client(base_url=gateway, timeout=TIMEOUT, transport=transport)

    @classmethod
    def configured(cls) -> WeChatIdentity:
        secret = Path(os.environ["GONGHUI_WECHAT_APP_SECRET_FILE"]).read_text(encoding="ascii").strip()
        return cls(appid=os.environ["GONGHUI_WECHAT_APPID"], secret=secret)

    def authorise_page(self) -> str:
        return AUTHORISE

    def works_in(self, user_agent: str) -> bool:
        """WeChat's own browser; 企业微信 names itself so too, and knows other openids."""
        return "MicroMessenger/" in user_agent and "wxwork/" not in user_agent

    def authorise_address(self, *, returning_to: str, state: str) -> str:
        """The order of the parameters and the fragment are the original's, which insists on both."""
        asked = {
            "appid": self.appid,
            "redirect_uri": returning_to,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        }
        return f"{self.authorise_page()}?{urlencode(asked)}{self.fragment}"

    def openid(self, code: str) -> str:
        if not CODE.fullmatch(code):
            raise CodeRefused("not a code")
        asked = {"appid": self.appid, "secret": self.secret, "code": code, "grant_type": "authorization_code"}
        said = self.ask(asked)
        errcode = said.get("errcode", 0)
        if errcode in CODE_REFUSED:
            raise CodeRefused(str(errcode))
        if errcode:
            raise PortFailed(f"errcode {errcode!s:.12}")
        openid = said.get("openid")
        if not isinstance(openid, str) or not OPENID.fullmatch(openid):
            raise PortFailed("the answer names no openid")
        return openid

    def ask(self, asked: dict[str, str]) -> dict[str, Any]:
        """Again only where the network failed: what WeChat has answered, it answers once."""
        for turn in range(TRIES):
            if turn:
                time.sleep(PAUSE_S * 2 ** (turn - 1))
            try:
                reply = self.client.get(EXCHANGE, params=asked)
                break
            except httpx.TransportError as error:
                failed = type(error).__name__
        else:
            raise PortUncertain(failed)
        if reply.status_code != httpx.codes.OK:
            raise PortFailed(str(reply.status_code))
        try:
            said = json.loads(reply.content)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise PortFailed("the answer cannot be read")
        return said
