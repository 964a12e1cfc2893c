"""A provider's callback: opened, kept once, and what it says done in the same transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import structlog

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.locks import lock_name
from gonghui.kit.pace import keep_pace
from gonghui.kit.ports import PortFailed, port
from gonghui.payments.actions.coupons import note_coupon
from gonghui.payments.actions.payments import note_result
from gonghui.payments.actions.refunds import note_refund
from gonghui.payments.models import Notification
from gonghui.payments.ports.coupons import read_coupon
from gonghui.payments.ports.wechat import News, read_refund, read_trade

log = structlog.get_logger("gonghui.payments")
PROVIDER = "wechat"
FORGED_MAX = 60
"""Callbacks that do not open, from one address in a minute, before it is told to stop."""
LISTENER = Actor.system("what the payment provider told us")
Verdict = Notification.Verdict


def hear(headers: Mapping[str, str], body: bytes, *, address: str = "") -> Notification:
    """Raises `Forged` for what is not the provider's, TOO_MANY for who keeps trying."""
    try:
        news = port("payment").open_news(headers, body)
    except PortFailed as refused:
        count_forged(address, str(refused))
        raise
    return take_notification(LISTENER, news=news, digest=hashlib.sha256(body).hexdigest())


def count_forged(address: str, reason: str) -> None:
    """Only what does not open is counted: a flood of forgeries never keeps the genuine out."""
    keep_pace("forged callbacks", address, FORGED_MAX)
    log.warning("callback_refused", reason=reason)


@action
def take_notification(actor: Actor, *, news: News, digest: str) -> Notification:
    """Once per event, at any number of callers."""
    lock_name("payment-event", news.event_id)
    known = Notification.objects.unscoped("the same event again").filter(
        provider=PROVIDER, event_id=news.event_id
    )
    if seen := known.first():
        return seen
    subject, verdict = act_on(actor, news)
    if verdict in (Verdict.UNKNOWN, Verdict.DIFFERENT):
        log.error("callback_unmatched", subject=subject, verdict=str(verdict))
    return Notification.objects.create(
        provider=PROVIDER, event_id=news.event_id, event_type=news.event_type, subject=subject, digest=digest,
        verdict=verdict,
    )  # fmt: skip


def act_on(actor: Actor, news: News) -> tuple[str, str]:
    """(our number, verdict); what cannot be read of a genuine callback is kept as ignored."""
    family = news.event_type.partition(".")[0]
    try:
        if family == "TRANSACTION":
            trade = read_trade(news.resource)
            return trade.out_trade_no, note_result(actor, fact=trade)
        if family == "REFUND":
            refund = read_refund(news.resource)
            return refund.out_refund_no, note_refund(actor, fact=refund)
        if family == "COUPON":
            coupon = read_coupon(news.resource)
            return coupon.code, note_coupon(actor, event_id=news.event_id, fact=coupon)
    except PortFailed as unreadable:
        log.error("callback_unreadable", kind=news.event_type, reason=str(unreadable))
    return "", Verdict.IGNORED
