"""WeChat's subscription messages played locally: its tokens, its own count of what each phone allowed, its logins, its error
numbers, what it pushes to us, and its ways of failing. Refused in production.

`LocalWeChatMessages` is the real adapter with the wire taken out; `LocalSubscriptions.answer` is the other end of the wire,
which the tests also put behind a real HTTP server.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import F

from gonghui.kit.crypto import get_keyring
from gonghui.kit.ports import PortFailed, port
from gonghui.kit.tokens import TokenExpired, TokenRefused, sign, verify
from gonghui.notices.actions.events import hear
from gonghui.notices.models import LocalSubscription
from gonghui.notices.openids import openids_of
from gonghui.notices.ports.wechat_events import CHANGE, POPUP, SENT, WRAPPERS, EventDoor
from gonghui.notices.ports.wechat_messages import SENDS, SESSION, TOKEN, WeChatMessages
from gonghui.notices.words import WECHAT_FIELD, wechat_value

APPID = "wx0000000000000001"
TOKEN_LIFE_S = 7200
WHY = "the stand-in's own memory"
SENT_KEPT = 20
CODE_LIFE_S, PUSHED_MOST = 300, 3
ERRCODES = {"busy": -1, "limit": 45009, "often": 45011, "refuse": 43101, "bad": 47003, "token": 40001}


def local_secret() -> str:
    """The AppSecret both sides know."""
    return get_keyring().derive("local-wechat-secret").hex()[:32]


def local_door() -> EventDoor:
    """Token and key of what is pushed, which both sides know."""
    keyring = get_keyring()
    key = base64.b64encode(keyring.derive("local-wechat-aes-key")).decode()
    return EventDoor(appid=APPID, token=keyring.derive("local-wechat-token").hex()[:32], aes_key=key[:43])


@dataclass
class LocalSubscriptions:
    """`pushes` are used up one an event: "ok", "again" (pushed three times, as what was not answered in time), "lost" (never).

    `faults` are used up one a message: "ok", "down" (no line), "slow" (sends and never answers), "twice" (the network brings
    it again), and those of `ERRCODES`."""

    faults: list[str] = field(default_factory=list)
    delay_s: float = 0.0
    pushes: list[str] = field(default_factory=list)
    is_xml: bool = False
    asked: int = 0
    tokens: int = 0
    used_codes: set[str] = field(default_factory=set)
    hear: Callable[[Mapping[str, str], bytes], object] = field(default=lambda _query, _body: None)
    """Our door for what is pushed."""

    def allow(self, openid: str, template: str) -> None:
        """The member taps 允许: one message more."""
        LocalSubscription.objects.bulk_create(
            [LocalSubscription(openid=openid, wechat_template=template)], ignore_conflicts=True
        )
        self._of(openid, template).update(left=F("left") + 1)

    def tap(self, openid: str, template: str, answer: str = "accept") -> None:
        """The dialog of wx.requestSubscribeMessage: counted here, and pushed to us."""
        if answer == "accept":
            self.allow(openid, template)
        self.push(POPUP, openid, TemplateId=template, SubscribeStatusString=answer, PopupScene="0")

    def turn_off(self, openid: str, template: str) -> None:
        """The member refuses this template in WeChat's own settings."""
        self._of(openid, template).update(is_refused=True)
        self.push(CHANGE, openid, TemplateId=template, SubscribeStatusString="reject")

    def push(self, kind: str, openid: str, **item: str) -> None:
        """To our own door, as the original: signed, sealed, JSON or XML, and again until it is answered."""
        pushed = self.pushes.pop(0) if self.pushes else "ok"
        query, body = self.envelope(kind, openid, item)
        for _nth in range({"lost": 0, "again": PUSHED_MOST}.get(pushed, 1)):
            self.hear(query, body)

    def envelope(self, kind: str, openid: str, *items: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
        """Query and body of one push."""
        head = {
            "ToUserName": "gh_0000000000001", "FromUserName": openid, "CreateTime": str(int(time.time())),
            "MsgType": "event", "Event": kind,
        }  # fmt: skip
        listed = {"List": list(items) if kind == POPUP else items[0]}
        words = _xml(head | {WRAPPERS[kind]: listed}) if self.is_xml else json.dumps(head | listed)
        door, stamp, nonce = local_door(), head["CreateTime"], secrets.token_hex(5)
        sealed = door.seal(words.encode())
        outer = {"ToUserName": head["ToUserName"], "Encrypt": sealed}
        query = {
            "signature": door.signature(stamp, nonce), "timestamp": stamp, "nonce": nonce, "openid": openid,
            "encrypt_type": "aes", "msg_signature": door.signature(stamp, nonce, sealed),
        }  # fmt: skip
        return query, (_xml(outer) if self.is_xml else json.dumps(outer)).encode()

    def login_code(self, openid: str) -> str:
        """What wx.login gives the mini-program."""
        code = f"{secrets.token_hex(8)}:{openid}"
        return sign("local-js-code", code.encode(), expires_at=time.time() + CODE_LIFE_S)

    def session(self, query: Mapping[str, str]) -> dict:
        if query.get("appid") != APPID:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if not hmac.compare_digest(query.get("secret", "").encode(), local_secret().encode()):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        code = query.get("js_code", "")
        try:
            openid = verify("local-js-code", code).decode().partition(":")[2]
        except TokenRefused:
            return {"errcode": 40029, "errmsg": "invalid code"}
        if code in self.used_codes:
            return {"errcode": 40163, "errmsg": "code been used"}
        self.used_codes.add(code)
        return {"openid": openid, "session_key": secrets.token_urlsafe(16)}

    def allow_person(self, person_id: int, template: str) -> None:
        """The same of a member whose WeChat is known; nothing where it is not."""
        for openid in openids_of(APPID, [person_id]).values():
            self.tap(openid, template)

    @staticmethod
    def _of(openid: str, template: str):
        rows = LocalSubscription.objects.unscoped(WHY)
        return rows.filter(openid_index=openid, wechat_template=template)

    def answer(self, path: str, query: Mapping[str, str], content: bytes) -> bytes | None:
        """One request as it comes over the wire; None: no answer in time. Always 200, as the original."""
        if path == TOKEN:
            return json.dumps(self.grant(json.loads(content))).encode()
        self.asked += 1
        time.sleep(self.delay_s)
        fault = self.faults.pop(0) if self.faults else "ok"
        if fault == "down":
            raise httpx.ConnectError("no line")
        if fault in ERRCODES:
            return json.dumps({"errcode": ERRCODES[fault], "errmsg": fault}).encode()
        if path == SESSION:
            return None if fault == "slow" else json.dumps(self.session(query)).encode()
        said = json.loads(content)
        errcode = self.send(path, query.get("access_token", ""), said)
        if fault == "twice":
            self.send(path, query.get("access_token", ""), said)
        return None if fault == "slow" else json.dumps({"errcode": errcode, "errmsg": "ok"}).encode()

    def grant(self, said: Mapping) -> dict:
        if said.get("appid") != APPID:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if not hmac.compare_digest(str(said.get("secret", "")).encode(), local_secret().encode()):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        self.tokens += 1
        token = sign("local-wechat-token", str(self.tokens).encode(), expires_at=time.time() + TOKEN_LIFE_S)
        return {"access_token": token, "expires_in": TOKEN_LIFE_S}

    def send(self, path: str, token: str, said: Mapping) -> int:
        try:
            verify("local-wechat-token", token)
        except TokenExpired:
            return 42001
        except TokenRefused:
            return 40001
        if path not in SENDS.values():
            return 48001
        fields = {name: str(given.get("value", "")) for name, given in said.get("data", {}).items()}
        if not fields or any(
            not WECHAT_FIELD.match(name) or not value or wechat_value(name, value) != value
            for name, value in fields.items()
        ):
            return 47003
        with transaction.atomic():
            row = self._of(said.get("touser", ""), said.get("template_id", "")).select_for_update().first()
            if row is None or row.is_refused or row.left == 0:
                return 43101
            row.left -= 1
            row.sent = [*row.sent, {"data": fields, "page": said.get("page", "")}][-SENT_KEPT:]
            row.save()
        item = {"TemplateId": row.wechat_template, "MsgID": str(secrets.randbits(62))}
        self.push(SENT, said["touser"], **item, ErrorCode="0", ErrorStatus="success")
        return 0


def _xml(facts: Mapping[str, Any], tag: str = "xml") -> str:
    """As WeChat writes it: text in CDATA, a list as repeated elements."""
    parts = []
    for name, value in facts.items():
        for one in value if isinstance(value, list) else [value]:
            parts.append(
                _xml(one, name) if isinstance(one, Mapping) else f"<{name}><![CDATA[{one}]]></{name}>"
            )
    return f"<{tag}>{''.join(parts)}</{tag}>"


class Wireless(httpx.BaseTransport):
    """httpx's transport without the wire."""

    def __init__(self, service: LocalSubscriptions):
        self.service = service

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = self.service.answer(request.url.path, dict(request.url.params), request.read())
        if content is None:
            raise httpx.ReadTimeout("no answer")
        return httpx.Response(200, content=content)


class LocalWeChatMessages(WeChatMessages):
    """The port `wechat_messages` of the demo and the tests.

    GONGHUI_WECHAT_MESSAGES_FAULTS, _PUSHES (comma-separated), _DELAY_S.
    """

    def __init__(self, service: LocalSubscriptions):
        self.service = service
        super().__init__(appid=APPID, secret=local_secret(), transport=Wireless(service), events=local_door())

    @classmethod
    def configured(cls) -> LocalWeChatMessages:
        if settings.PRODUCTION:
            raise PortFailed("no WeChat account is configured")
        name = "GONGHUI_WECHAT_MESSAGES"
        faults, pushes = (
            [word for word in os.environ.get(f"{name}_{what}", "").split(",") if word]
            for what in ("FAULTS", "PUSHES")
        )
        delay_s = float(os.environ.get(f"{name}_DELAY_S", "0"))
        return cls(LocalSubscriptions(faults, delay_s, pushes, hear=hear))


def stand_in() -> LocalSubscriptions | None:
    """The played WeChat, where it is the one in use."""
    try:
        adapter = port("wechat_messages")
    except PortFailed:
        return None
    return adapter.service if isinstance(adapter, LocalWeChatMessages) else None
