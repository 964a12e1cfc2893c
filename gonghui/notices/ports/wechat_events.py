"""What WeChat pushes to us (消息推送): opened only in 安全模式, where the signature covers the words. In the plain mode it covers
a time and a number alone, and whoever saw one address could say anything.

GONGHUI_WECHAT_MESSAGES_TOKEN_FILE and GONGHUI_WECHAT_MESSAGES_AES_KEY_FILE (43 characters), as written in WeChat's console.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gonghui.kit import clock
from gonghui.kit.ports import PortFailed

POPUP, CHANGE, SENT = "subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event"
WRAPPERS = {POPUP: "SubscribeMsgPopupEvent", CHANGE: "SubscribeMsgChangeEvent", SENT: "SubscribeMsgSentEvent"}
BLOCK = 32
RANDOM_BYTES, LENGTH_BYTES = 16, 4
ITEMS_MAX = 20
DIGITS = re.compile(r"[0-9]{1,12}")


class Forged(PortFailed):
    """Not of WeChat, or not for us."""


class Unreadable(PortFailed):
    """Of WeChat, and nothing we can read."""


@dataclass(frozen=True, slots=True)
class Item:
    """One template of an event."""

    template: str
    status: str = ""
    """accept or reject."""
    message_id: str = ""
    errcode: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    openid: str
    at: datetime
    items: tuple[Item, ...] = ()

    @property
    def key(self) -> str:
        """WeChat pushes what we did not answer in time again, with the same sender and moment."""
        ids = ",".join(item.message_id for item in self.items)
        return hashlib.sha256(
            f"{self.kind}:{self.openid}:{self.at.timestamp():.0f}:{ids}".encode()
        ).hexdigest()


class EventDoor:
    """One account's token and key: opens what was pushed, and (for the stand-in and the tests) seals it as the original does."""

    def __init__(self, *, appid: str, token: str, aes_key: str):
        self.appid, self.token = appid, token
        self.key = base64.b64decode(aes_key + "=")

    def greet(self, query: Mapping[str, str]) -> str:
        """What the console asks once, to see that we know the token."""
        self._check(query.get("signature", ""), query.get("timestamp", ""), query.get("nonce", ""))
        return query.get("echostr", "")

    def open(self, query: Mapping[str, str], body: bytes) -> Event:
        """Raises `Forged` or `Unreadable`."""
        try:
            sealed = str(_read(body).get("Encrypt", ""))
        except Unreadable:
            raise Forged("no envelope") from None
        self._check(
            query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""), sealed
        )
        return _event(_read(self._unseal(sealed)))

    def _check(self, signature: str, *parts: str) -> None:
        if not hmac.compare_digest(self.signature(*parts).encode(), signature.encode()):
            raise Forged("signature")

    def signature(self, *parts: str) -> str:
        """As WeChat makes it: what is signed, and the token, sorted."""
        return hashlib.sha1("".join(sorted([self.token, *parts])).encode()).hexdigest()  # noqa: S324  the original's

    def _cipher(self) -> Cipher:
        return Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16]))

    def _unseal(self, sealed: str) -> bytes:
        try:
            opening = self._cipher().decryptor()
            whole = opening.update(base64.b64decode(sealed, validate=True)) + opening.finalize()
        except ValueError:
            raise Forged("cannot be opened") from None
        begin = RANDOM_BYTES + LENGTH_BYTES
        padding = whole[-1] if whole else 0
        length = int.from_bytes(whole[RANDOM_BYTES:begin], "big")
        words, appid = whole[begin : begin + length], whole[begin + length : len(whole) - padding]
        if not 1 <= padding <= BLOCK or appid != self.appid.encode():
            raise Forged("another account's")
        return words

    def seal(self, words: bytes) -> str:
        whole = (
            secrets.token_bytes(RANDOM_BYTES)
            + len(words).to_bytes(LENGTH_BYTES, "big")
            + words
            + self.appid.encode()
        )
        padding = BLOCK - len(whole) % BLOCK
        closing = self._cipher().encryptor()
        return base64.b64encode(
            closing.update(whole + bytes([padding]) * padding) + closing.finalize()
        ).decode()


def _read(body: bytes) -> dict[str, Any]:
    """JSON or XML, as the console says; XML without anything a parser would have to expand."""
    try:
        text = body.decode("utf-8").strip()
        if not text.startswith("<"):
            said = json.loads(text)
            return said if isinstance(said, dict) else {}
        if re.search(r"<!(?!\[CDATA\[)", text):
            raise Unreadable("a document type")
        return _tree(ElementTree.fromstring(text))  # noqa: S314  no document type, so nothing to expand
    except (ValueError, RecursionError, ElementTree.ParseError):
        raise Unreadable("neither JSON nor XML") from None


def _tree(element: ElementTree.Element) -> dict[str, Any]:
    """Repeated children are a list, as in JSON."""
    found: dict[str, Any] = {}
    for child in element:
        value = _tree(child) if len(child) else (child.text or "").strip()
        if child.tag in found:
            before = found[child.tag]
            found[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[child.tag] = value
    return found


def _event(said: Mapping[str, Any]) -> Event:
    kind, stamp = str(said.get("Event", "")), str(said.get("CreateTime", ""))
    openid = str(said.get("FromUserName", ""))
    if not openid or not DIGITS.fullmatch(stamp):
        raise Unreadable("no sender or no moment")
    within = said.get(WRAPPERS.get(kind, ""), said)  # XML wraps its list, JSON does not
    listed = within.get("List", []) if isinstance(within, dict) else within
    rows = listed if isinstance(listed, list) else [listed]
    items = [
        Item(
            str(row.get("TemplateId", ""))[:64], str(row.get("SubscribeStatusString", "")),
            str(row.get("MsgID", ""))[:40], str(row.get("ErrorCode", "")),
        )
        for row in rows[:ITEMS_MAX]
        if isinstance(row, dict)
    ]  # fmt: skip
    return Event(kind, openid, datetime.fromtimestamp(int(stamp), tz=clock.CHINA), tuple(items))
