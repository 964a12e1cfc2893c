"""What the played provider does when asked: trades, refunds, coupons, files. Each serves one address of the original."""

from __future__ import annotations

import hashlib
import os
from datetime import date, datetime
from typing import Any

from gonghui.kit import clock
from gonghui.notices.ports.local_wechat import APPID
from gonghui.payments.models import LocalTrade
from gonghui.payments.ports.wechat import packed
from gonghui.payments.statement_file import FileRow, write_coupons, write_trades

WHY = "the stand-in's own memory"
HOST = "https://api.mch.weixin.qq.com"
MCHID = "1900000001"


class Refusal(Exception):
    def __init__(self, status: int, code: str):
        super().__init__(code)
        self.status, self.code = status, code


def listed(name: str) -> list[str]:
    """Faults to play, from the environment."""
    return [fault for fault in os.environ.get(name, "").split(",") if fault]


def stamp() -> str:
    return clock.now().isoformat(timespec="seconds")


def kept(kind: str, number: str) -> LocalTrade:
    """Locked until the exchange is over."""
    row = LocalTrade.objects.unscoped(WHY).select_for_update().filter(kind=kind, number=number).first()
    if row is None:
        raise Refusal(404, "ORDER_NOT_EXIST" if kind == "trade" else "RESOURCE_NOT_EXISTS")
    return row


def begun(kind: str, number: str, facts: dict[str, Any]) -> tuple[LocalTrade, bool]:
    """The same number again is the same thing."""
    row, is_new = LocalTrade.objects.unscoped(WHY).get_or_create(
        kind=kind, number=number, defaults={"facts": facts}
    )
    return row, is_new


def known_openid(openid: str) -> str:
    """Only what the authorisation of this appid gave out."""
    found = LocalTrade.objects.unscoped(WHY).filter(kind="openid", number=openid)
    if not found.exists():
        raise Refusal(400, "PARAM_ERROR")
    return openid


# --- trades --------------------------------------------------------------------------------------------------


def prepay(_wechat, *, out_trade_no: str, amount: dict, mchid: str, appid: str, payer: dict, **_more):
    known_openid(payer["openid"])
    facts = {
        "appid": appid, "mchid": mchid, "out_trade_no": out_trade_no, "trade_type": "JSAPI", "trade_state": "NOTPAY",
        "amount": {"total": amount["total"], "payer_total": amount["total"], "currency": "CNY"}, "payer": payer,
    }  # fmt: skip
    row, is_new = begun("trade", out_trade_no, facts)
    if not is_new and row.facts["amount"]["total"] != amount["total"]:
        raise Refusal(400, "INVALID_REQUEST")
    if row.facts["trade_state"] == "SUCCESS":
        raise Refusal(400, "ORDERPAID")
    if row.facts["trade_state"] != "NOTPAY":
        raise Refusal(400, "ORDER_CLOSED")
    return 200, {"prepay_id": f"wx{row.pk:030d}"}


def query(_wechat, out_trade_no: str, *, mchid: str):
    return 200, kept("trade", out_trade_no).facts


def close(_wechat, out_trade_no: str, *, mchid: str):
    row = kept("trade", out_trade_no)
    if row.facts["trade_state"] in ("SUCCESS", "REFUND"):
        raise Refusal(400, "ORDERPAID")
    row.facts["trade_state"] = "CLOSED"
    row.save()
    return 204, None


def refund(wechat, *, out_trade_no: str, out_refund_no: str, amount: dict, **_more):
    trade = kept("trade", out_trade_no)
    known = LocalTrade.objects.unscoped(WHY).filter(kind="refund", number=out_refund_no).first()
    if known:
        if known.facts["amount"]["refund"] != amount["refund"] or known.facts["out_trade_no"] != out_trade_no:
            raise Refusal(400, "PARAM_ERROR")
        return 200, known.facts
    paid, back = trade.facts["amount"]["total"], trade.facts.get("refunded", 0)
    if trade.facts["trade_state"] not in ("SUCCESS", "REFUND") or amount["refund"] + back > paid:
        raise Refusal(400, "INVALID_REQUEST")
    trade.facts |= {"trade_state": "REFUND", "refunded": back + amount["refund"]}
    trade.save()
    facts = {
        "out_trade_no": out_trade_no, "out_refund_no": out_refund_no, "refund_id": f"50{trade.pk:012d}{back:014d}",
        "transaction_id": trade.facts["transaction_id"], "create_time": stamp(), "success_time": stamp(),
        "status": "SUCCESS", "amount": {"refund": amount["refund"], "total": paid, "currency": "CNY"},
    }  # fmt: skip
    begun("refund", out_refund_no, facts)
    news = {k: v for k, v in facts.items() if k != "status"} | {"refund_status": "SUCCESS"}
    wechat.announce("REFUND.SUCCESS", news)
    return 200, facts | {"status": "PROCESSING"}


def refund_state(_wechat, out_refund_no: str, **_query):
    return 200, kept("refund", out_refund_no).facts


# --- the day's file ------------------------------------------------------------------------------------------


def trade_rows(day: date) -> list[FileRow]:
    rows = LocalTrade.objects.unscoped(WHY).filter(kind__in=("trade", "refund")).order_by("id")
    found = []
    for row in rows:
        facts, is_trade = row.facts, row.kind == "trade"
        said = facts.get("success_time" if is_trade else "create_time", "")
        if not said or datetime.fromisoformat(said).date() != day:
            continue
        number = facts["transaction_id"] if is_trade else facts["refund_id"]
        amount = facts["amount"]["total" if is_trade else "refund"]
        found.append(FileRow(row.kind, row.number, number, amount, datetime.fromisoformat(said)))
    return found


def trade_file(day: date) -> bytes:
    return write_trades(trade_rows(day), mchid=MCHID, appid=APPID)


def trade_bill(_wechat, *, bill_date: str, **_query):
    day = date.fromisoformat(bill_date)
    if not trade_rows(day):
        raise Refusal(400, "NO_STATEMENT_EXIST")
    return 200, {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(trade_file(day)).hexdigest(),  # noqa: S324 - as the original
        "download_url": f"{HOST}/v3/billdownload/trades-{day}",
    }


def serve_file(name: str) -> bytes:
    kind, _, about = name.partition("-")
    content = trade_file(date.fromisoformat(about)) if kind == "trades" else coupon_file(about)
    return packed(content)


# --- coupons -------------------------------------------------------------------------------------------------


def create_stock(_wechat, *, out_request_no: str, **facts):
    row, _new = begun("stock", out_request_no, facts)
    return 200, {"stock_id": f"{row.pk + 9_000_000}", "create_time": stamp()}


def start_stock(_wechat, stock_id: str, **_facts):
    return 200, {"start_time": stamp(), "stock_id": stock_id}


def send_coupon(wechat, openid: str, *, stock_id: str, out_request_no: str, **_facts):
    facts = {"stock_id": stock_id, "openid": known_openid(openid), "moves": []}
    row, is_new = begun("coupon", out_request_no, facts)
    code = f"{row.pk + 50_000_000}"
    if is_new:
        row.facts["code"] = code
        row.save()
        wechat.announce("COUPON.SEND", coupon_news(row, "SENDED", 0, 0))
    return 200, {"coupon_id": code}


def coupon_news(row: LocalTrade, status: str, off_fen: int, paid_fen: int) -> dict[str, Any]:
    return {
        "stock_id": row.facts["stock_id"], "coupon_id": row.facts["code"], "status": status, "event_time": stamp(),
        "discount_amount": off_fen, "total_amount": paid_fen + off_fen,
    }  # fmt: skip


def move_coupon(wechat, out_request_no: str, kind: str, *, off_fen: int, paid_fen: int) -> None:
    """The member used it at a merchant, or the merchant gave it back."""
    row = kept("coupon", out_request_no)
    row.facts["moves"].append([kind, off_fen, paid_fen, stamp()])
    row.save()
    event, status = (("COUPON.USE", "USED"), ("COUPON.RETURN", "RETURNED"))[kind == "returned"]
    wechat.announce(event, coupon_news(row, status, off_fen, paid_fen))


def use_flow(_wechat, stock_id: str, **_query):
    content = coupon_file(stock_id)
    return 200, {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(content).hexdigest(),  # noqa: S324 - as the original
        "url": f"{HOST}/v3/billdownload/coupons-{stock_id}",
    }


def coupon_file(stock_id: str) -> bytes:
    """Each coupon's last move."""
    rows = []
    for row in (
        LocalTrade.objects.unscoped(WHY).filter(kind="coupon", facts__stock_id=stock_id).order_by("id")
    ):
        for kind, off, paid, at in row.facts["moves"][-1:]:
            rows.append(
                FileRow(kind, row.facts["code"], stock_id, off, datetime.fromisoformat(at), paid + off)
            )
    return write_coupons(rows)


NO = r"([0-9A-Za-z_\-]+)"
ROUTES = (
    ("POST", "/v3/pay/transactions/jsapi", prepay),
    ("GET", f"/v3/pay/transactions/out-trade-no/{NO}", query),
    ("POST", f"/v3/pay/transactions/out-trade-no/{NO}/close", close),
    ("POST", "/v3/refund/domestic/refunds", refund),
    ("GET", f"/v3/refund/domestic/refunds/{NO}", refund_state),
    ("GET", "/v3/bill/tradebill", trade_bill),
    ("POST", "/v3/marketing/favor/coupon-stocks", create_stock),
    ("POST", f"/v3/marketing/favor/stocks/{NO}/start", start_stock),
    ("POST", f"/v3/marketing/favor/users/{NO}/coupons", send_coupon),
    ("GET", f"/v3/marketing/favor/stocks/{NO}/use-flow", use_flow),
)
