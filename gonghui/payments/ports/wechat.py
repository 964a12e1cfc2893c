"""微信支付 APIv3 on wechatpayv3: the port `payment`, as the product knows it.

Never called inside a transaction. Every answer is believed only when the provider's signature over it fits.
The library reads the public-key mode: GONGHUI_WECHAT_MCHID, _APPID, _CERT_SERIAL, _KEY_FILE (merchant's private key),
_APIV3_KEY_FILE (32 characters), _PUBLIC_KEY_FILE and _PUBLIC_KEY_ID (the provider's), _NOTIFY_URL.
While the provider changes its key, its callbacks are signed by the old one or the new one: _NEXT_PUBLIC_KEY_FILE and
_NEXT_PUBLIC_KEY_ID are the other of the two, believed as well.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
import re
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import requests
from wechatpayv3 import WeChatPay, WeChatPayType

from gonghui.kit.clock import CHINA
from gonghui.kit.ports import CLOCK_SKEW_S, PortFailed, PortUncertain

TIMEOUT_S = (3.0, 8.0)
STATEMENT_BYTES_MAX = 64 * 2**20
NUMBER = re.compile(r"^[0-9A-Za-z_\-*|]{6,64}$")
NOT_THERE = frozenset({"ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"})
NO_STATEMENT = frozenset({"NO_STATEMENT_EXIST"})


class NotThere(PortFailed):
    """The provider does not know this number."""


class NoStatementYet(PortFailed):
    """The provider has no file for that day (yet)."""


class Forged(PortFailed):
    """What came is not from the provider, is too old, or does not open with our key."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What the provider is asked to collect."""

    out_trade_no: str
    amount_fen: int
    words: str
    expires_at: datetime
    openid: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """How the member pays: `facts` for wx.requestPayment; `address` where a page is opened instead."""

    facts: Mapping[str, str]
    address: str = ""


@dataclass(frozen=True, slots=True)
class TradeFact:
    """What the provider says of one trade. `state`: paid | waiting | closed | failed."""

    out_trade_no: str
    state: str
    amount_fen: int = 0
    transaction_id: str = ""
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundFact:
    """`state`: done | waiting | failed."""

    out_refund_no: str
    state: str
    amount_fen: int = 0
    refund_id: str = ""
    accepted_at: datetime | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """An opened callback: which event, of what kind, and its resource."""

    event_id: str
    event_type: str
    resource: Mapping[str, Any]


class PaymentPort(Protocol):
    """All raise `PortFailed` (nothing was done) or `PortUncertain` (it may have been)."""

    def prepay(self, charge: Charge) -> Invitation: ...

    def trade(self, out_trade_no: str) -> TradeFact: ...

    def close(self, out_trade_no: str) -> None: ...

    def refund(
        self, *, out_trade_no: str, out_refund_no: str, refund_fen: int, total_fen: int
    ) -> RefundFact: ...

    def refund_state(self, out_refund_no: str) -> RefundFact: ...

    def statement(self, day: date) -> bytes: ...

    def open_news(self, headers: Mapping[str, str], body: bytes) -> News: ...


def read_trade(facts: Mapping[str, Any]) -> TradeFact:
    """Of an answer or a callback's resource."""
    try:
        state = TRADE_STATES[facts["trade_state"]]
        paid = state == "paid"
        return TradeFact(
            out_trade_no=checked_number(facts["out_trade_no"]),
            state=state,
            amount_fen=checked_fen(facts["amount"]["total"]) if paid else 0,
            transaction_id=checked_number(facts["transaction_id"]) if paid else "",
            paid_at=checked_time(facts["success_time"]) if paid else None,
        )
    except (KeyError, TypeError, ValueError):
        raise PortFailed("the trade cannot be read") from None


def read_refund(facts: Mapping[str, Any]) -> RefundFact:
    try:
        state = REFUND_STATES[facts.get("refund_status") or facts["status"]]
        amount = facts["amount"]
        settled = facts.get("success_time")
        return RefundFact(
            out_refund_no=checked_number(facts["out_refund_no"]),
            state=state,
            amount_fen=checked_fen(amount["refund"]),
            refund_id=checked_number(facts["refund_id"]),
            accepted_at=checked_time(facts["create_time"]) if facts.get("create_time") else None,
            settled_at=checked_time(settled) if settled else None,
        )
    except (KeyError, TypeError, ValueError):
        raise PortFailed("the refund cannot be read") from None


TRADE_STATES = {
    "SUCCESS": "paid", "REFUND": "paid", "NOTPAY": "waiting", "USERPAYING": "waiting", "ACCEPT": "waiting",
    "CLOSED": "closed", "REVOKED": "closed", "PAYERROR": "failed",
}  # fmt: skip
REFUND_STATES = {"SUCCESS": "done", "PROCESSING": "waiting", "CLOSED": "failed", "ABNORMAL": "failed"}


def checked_number(value: object) -> str:
    if not isinstance(value, str) or not NUMBER.match(value):
        raise ValueError("not a number of theirs")
    return value


def checked_fen(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not an amount")
    return value


def checked_time(value: object) -> datetime:
    if not isinstance(value, str):
        raise TypeError("not a time")
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=CHINA)


def client_from(env: Mapping[str, str], *, key: str) -> WeChatPay:
    """The merchant of the environment, believing the provider's `key`."""

    def text_of(name: str) -> str:
        return Path(env[f"GONGHUI_WECHAT_{name}"]).read_text(encoding="ascii").strip()

    return WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=env["GONGHUI_WECHAT_MCHID"],
        private_key=text_of("KEY_FILE"),
        cert_serial_no=env["GONGHUI_WECHAT_CERT_SERIAL"],
        appid=env["GONGHUI_WECHAT_APPID"],
        apiv3_key=text_of("APIV3_KEY_FILE"),
        notify_url=env["GONGHUI_WECHAT_NOTIFY_URL"],
        timeout=TIMEOUT_S,
        public_key=text_of(f"{key}_FILE"),
        public_key_id=env[f"GONGHUI_WECHAT_{key}_ID"],
    )


class WeChatClient:
    """Asks through the library, and believes only what is signed."""

    def __init__(
        self,
        client: WeChatPay,
        *,
        appid: str,
        public_key_id: str,
        gateway: str = "",
        also: Mapping[str, WeChatPay] | None = None,
    ):
        """`also`: who opens what is signed by another key of the provider's, by that key's id."""
        self.client, self.appid, self.public_key_id = client, appid, public_key_id
        self.openers = {**(also or {}), public_key_id: client}
        if gateway:
            client._core._gate_way = gateway

    @classmethod
    def configured(cls):
        env = os.environ
        other_id = env.get("GONGHUI_WECHAT_NEXT_PUBLIC_KEY_ID")
        also = {other_id: client_from(env, key="NEXT_PUBLIC_KEY")} if other_id else {}
        client, public_key_id = client_from(env, key="PUBLIC_KEY"), env["GONGHUI_WECHAT_PUBLIC_KEY_ID"]
        return cls(client, appid=env["GONGHUI_WECHAT_APPID"], public_key_id=public_key_id, also=also)

    def ask(self, call: Callable[..., tuple[int, Any]], **facts: Any) -> dict[str, Any]:
        """The answer's facts; an answer whose signature does not fit leaves open whether it was done."""
        code, said = self.exchange(call, **facts)
        try:
            found = json.loads(said) if said else {}
        except ValueError:
            raise PortUncertain("the answer cannot be read") from None
        if 200 <= code < 300:
            return found
        reason = str(found.get("code", "")) if isinstance(found, dict) else ""
        if code >= 500:
            raise PortUncertain(f"{code} {reason}")
        if reason in NOT_THERE:
            raise NotThere(reason)
        if reason in NO_STATEMENT:
            raise NoStatementYet(reason)
        raise PortFailed(f"{code} {reason}")

    @staticmethod
    def exchange(call: Callable[..., tuple[int, Any]], **facts: Any) -> tuple[int, Any]:
        try:
            return call(**facts)
        except requests.ConnectTimeout as error:
            raise PortFailed(type(error).__name__) from None
        except (requests.RequestException, PortFailed) as error:
            raise error if isinstance(error, PortFailed) else PortUncertain(type(error).__name__) from None
        except (
            Exception
        ) as error:  # the library says everything with bare Exception: a signature that does not fit
            raise PortUncertain(str(error)) from None

    def open_news(self, headers: Mapping[str, str], body: bytes) -> News:
        """Serial and time are checked here: the library would fetch certificates for a stranger's serial."""
        given = {name.lower(): value for name, value in headers.items()}
        stamp = given.get("wechatpay-timestamp", "")
        opener = self.openers.get(given.get("wechatpay-serial", ""))
        if opener is None:
            raise Forged("another key")
        if not (stamp.isascii() and stamp.isdigit()) or abs(time.time() - int(stamp)) > CLOCK_SKEW_S:
            raise Forged("another time")
        try:
            said = opener.callback({k: v for k, v in given.items() if k.startswith("wechatpay-")}, body)
            return News(checked_event(said["id"]), str(said["event_type"])[:64], dict(said["resource"]))
        except Exception as error:  # bare Exception from the library, and whatever a forger's body provokes
            raise Forged(type(error).__name__) from None


def checked_event(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise ValueError("not an event's number")
    return value


class WeChatPayments(WeChatClient):
    """The port `payment` on the real provider."""

    def prepay(self, charge: Charge) -> Invitation:
        said = self.ask(
            self.client.pay,
            description=charge.words,
            out_trade_no=charge.out_trade_no,
            amount={"total": charge.amount_fen, "currency": "CNY"},
            payer={"openid": charge.openid},
            time_expire=charge.expires_at.astimezone(CHINA).isoformat(timespec="seconds"),
            pay_type=WeChatPayType.JSAPI,
        )
        try:
            return Invitation(self.for_the_phone(checked_number(said["prepay_id"])))
        except (KeyError, ValueError):
            raise PortUncertain("no prepay_id") from None

    def for_the_phone(self, prepay_id: str) -> dict[str, str]:
        stamp, nonce = str(int(time.time())), os.urandom(12).hex()
        package = f"prepay_id={prepay_id}"
        return {
            "appId": self.appid, "timeStamp": stamp, "nonceStr": nonce, "package": package, "signType": "RSA",
            "paySign": self.client.sign([self.appid, stamp, nonce, package]),
        }  # fmt: skip

    def trade(self, out_trade_no: str) -> TradeFact:
        fact = read_trade(self.ask(self.client.query, out_trade_no=out_trade_no))
        if fact.out_trade_no != out_trade_no:
            raise PortFailed("the answer is about another trade")
        return fact

    def close(self, out_trade_no: str) -> None:
        self.ask(self.client.close, out_trade_no=out_trade_no)

    def refund(self, *, out_trade_no: str, out_refund_no: str, refund_fen: int, total_fen: int) -> RefundFact:
        """The same `out_refund_no` again is the same refund."""
        said = self.ask(
            self.client.refund,
            out_trade_no=out_trade_no,
            out_refund_no=out_refund_no,
            amount={"refund": refund_fen, "total": total_fen, "currency": "CNY"},
        )
        return self._of(said, out_refund_no)

    def refund_state(self, out_refund_no: str) -> RefundFact:
        return self._of(self.ask(self.client.query_refund, out_refund_no=out_refund_no), out_refund_no)

    @staticmethod
    def _of(said: dict[str, Any], out_refund_no: str) -> RefundFact:
        fact = read_refund(said)
        if fact.out_refund_no != out_refund_no:
            raise PortFailed("the answer is about another refund")
        return fact

    def statement(self, day: date) -> bytes:
        """The day's file, unpacked; its hash stands in the signed answer that named its address."""
        said = self.ask(self.client.trade_bill, bill_date=day.isoformat(), tar_type="GZIP")
        code, packed = self.exchange(self.client.download_bill, url=said.get("download_url", ""))
        if code != 200:
            raise PortFailed(str(code))
        content = unpacked(packed if isinstance(packed, bytes) else packed.encode())
        wanted = str(said.get("hash_value", "")).lower()
        if not hmac.compare_digest(hashlib.sha1(content).hexdigest(), wanted):  # noqa: S324 - theirs to choose
            raise PortFailed("the file is not the one that was signed for")
        return content


def unpacked(given: bytes) -> bytes:
    """At most STATEMENT_BYTES_MAX come out of it."""
    if given[:2] != b"\x1f\x8b":
        return given
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(given, STATEMENT_BYTES_MAX)
    except zlib.error:
        raise PortFailed("the file cannot be unpacked") from None
    if stream.unconsumed_tail or not stream.eof:
        raise PortFailed("the file is too large or cut short")
    return content


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
