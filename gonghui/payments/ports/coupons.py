"""The port `coupon_provider`: 微信支付代金券 through wechatpayv3; `LocalCoupons` is the same without the wire."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gonghui.kit.clock import CHINA
from gonghui.kit.ports import PortFailed, PortUncertain
from gonghui.payments.ports.wechat import (
    WeChatClient,
    checked_fen,
    checked_number,
    checked_time,
    unpacked,
)

KINDS = {"SENDED": "sent", "USED": "used", "RETURNED": "returned"}


@dataclass(frozen=True, slots=True)
class StockOrder:
    key: str
    name: str
    face_fen: int
    threshold_fen: int
    total: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class CouponFact:
    """One event of one coupon; `at` is when it happened there."""

    kind: str
    stock_id: str
    code: str
    at: datetime
    off_fen: int
    paid_fen: int


class CouponPort(Protocol):
    """The same key again is the same stock or coupon."""

    def create_stock(self, order: StockOrder) -> str: ...

    def send(self, *, stock_id: str, openid: str, key: str) -> str: ...

    def statement(self, stock_id: str) -> bytes: ...


def read_coupon(facts: Mapping[str, Any]) -> CouponFact:
    try:
        total, off = checked_fen(facts.get("total_amount", 0)), checked_fen(facts.get("discount_amount", 0))
        return CouponFact(
            KINDS[facts["status"]],
            checked_number(facts["stock_id"]),
            checked_number(facts["coupon_id"]),
            checked_time(facts["event_time"]),
            off,
            max(total - off, 0),
        )
    except (KeyError, TypeError, ValueError):
        raise PortFailed("the coupon cannot be read") from None


class WeChatCoupons(WeChatClient):
    def create_stock(self, order: StockOrder) -> str:
        """Created and started; its number there."""
        said = self.ask(
            self.client.marketing_favor_stock_create,
            stock_name=order.name,
            belong_merchant=self.client._mchid,
            available_begin_time=order.starts_at.astimezone(CHINA).isoformat(timespec="seconds"),
            available_end_time=order.ends_at.astimezone(CHINA).isoformat(timespec="seconds"),
            stock_use_rule={
                "max_coupons": order.total, "max_amount": order.total * order.face_fen, "max_coupons_per_user": 1,
                "natural_person_limit": True, "prevent_api_abuse": True,
            },
            coupon_use_rule={
                "fixed_normal_coupon": {"coupon_amount": order.face_fen, "transaction_minimum": order.threshold_fen},
                "available_merchants": [self.client._mchid],
            },
            no_cash=True,
            stock_type="NORMAL",
            out_request_no=order.key,
        )  # fmt: skip
        stock_id = self._number(said, "stock_id")
        self.ask(
            self.client.marketing_favor_stock_start,
            stock_creator_mchid=self.client._mchid,
            stock_id=stock_id,
        )
        return stock_id

    def send(self, *, stock_id: str, openid: str, key: str) -> str:
        said = self.ask(
            self.client.marketing_favor_stock_send,
            stock_id=stock_id,
            openid=openid,
            out_request_no=key,
            stock_creator_mchid=self.client._mchid,
        )
        return self._number(said, "coupon_id")

    def statement(self, stock_id: str) -> bytes:
        said = self.ask(self.client.marketing_favor_use_flow, stock_id=stock_id)
        code, packed = self.exchange(self.client.download_bill, url=said.get("url", ""))
        if code != 200:
            raise PortFailed(str(code))
        content = unpacked(packed if isinstance(packed, bytes) else packed.encode())
        found = hashlib.sha1(content).hexdigest()  # noqa: S324 - theirs to choose
        if not hmac.compare_digest(found, str(said.get("hash_value", "")).lower()):
            raise PortFailed("the file is not the one that was signed for")
        return content

    @staticmethod
    def _number(said: Mapping[str, Any], name: str) -> str:
        try:
            return checked_number(said[name])
        except (KeyError, ValueError):
            raise PortUncertain(f"no {name}") from None


class LocalCoupons(WeChatCoupons):
    def __init__(self, service):
        from gonghui.payments.ports.local import KEY_ID, wireless_client
        from gonghui.payments.ports.local_trades import APPID

        self.service = service
        super().__init__(wireless_client(service), appid=APPID, public_key_id=KEY_ID)

    @classmethod
    def configured(cls) -> LocalCoupons:
        from gonghui.payments.ports.local import LocalPayments

        return cls(LocalPayments.configured().service)
