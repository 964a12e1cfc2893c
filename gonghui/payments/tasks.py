"""Jobs of this app: what waits is asked for, what goes back is sent, the day's file is fetched."""

from __future__ import annotations

import datetime as dt

import structlog

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.jobs import job, periodic
from gonghui.kit.ports import PortFailed, port
from gonghui.payments import collecting, errors
from gonghui.payments.actions.coupons import note_coupon_number, note_stock
from gonghui.payments.actions.notifications import hear
from gonghui.payments.actions.statements import import_coupon_statement, import_statement
from gonghui.payments.models import ExternalCoupon, ExternalStock, Payment, Refund
from gonghui.payments.ports.coupons import StockOrder
from gonghui.payments.ports.wechat import NoStatementYet
from gonghui.payments.queries import openid_for_coupons

log = structlog.get_logger("gonghui.payments")
WATCHER = Actor.system("asking the payment provider")
WHY = "its own job"
PATIENCE = dt.timedelta(minutes=1)
"""So long a callback may take before we ask."""
AT_ONCE = 200
STATEMENT_DAYS = 3
"""A file that was not there yet is asked for on the following days too."""


@job
def send_refund(refund_id: int) -> None:
    refund = Refund.objects.unscoped(WHY).select_related("payment").get(pk=refund_id)
    if refund.state == Refund.State.REQUESTED:
        collecting.ask_refund(WATCHER, refund)


@job
def close_at_provider(payment_id: int) -> None:
    collecting.end_at_provider(WATCHER, Payment.objects.unscoped(WHY).get(pk=payment_id))


@job
def create_stock(stock_id: int) -> None:
    stock = ExternalStock.objects.unscoped(WHY).get(pk=stock_id)
    if stock.state == ExternalStock.State.PENDING:
        order = StockOrder(
            stock.key.hex, stock.name, stock.face_fen, stock.threshold_fen, stock.total, stock.starts_at, stock.ends_at
        )  # fmt: skip
        note_stock(WATCHER, pk=stock.pk, stock_id=port("coupon_provider").create_stock(order))


@job
def send_coupon(coupon_id: int) -> None:
    coupon = ExternalCoupon.objects.unscoped(WHY).select_related("stock").get(pk=coupon_id)
    if coupon.code is None:
        openid = openid_for_coupons(coupon.person_id)
        require(openid, errors.OWN_WECHAT_NEEDED)
        code = port("coupon_provider").send(stock_id=coupon.stock.stock_id, openid=openid, key=coupon.key.hex)
        note_coupon_number(WATCHER, coupon_id=coupon.pk, code=code)


@periodic("* * * * *")
def watch_payments(timestamp: int) -> None:
    """One that cannot be asked keeps nobody else waiting."""
    before = clock.now() - PATIENCE
    waiting = Payment.objects.unscoped(WHY).filter(state__in=("created", "paying"), created_at__lt=before)
    for payment in waiting.order_by("expires_at")[:AT_ONCE]:
        attempt(collecting.watch_payment, payment)
    going = Refund.objects.unscoped(WHY).filter(state="requested", updated_at__lt=before)
    for refund in going.select_related("payment").order_by("id")[:AT_ONCE]:
        attempt(collecting.ask_refund, refund)


def attempt(ask, row) -> None:
    try:
        ask(WATCHER, row)
    except (PortFailed, DomainError) as failed:
        log.warning("provider_not_asked", number=str(row), reason=str(failed))


@periodic("* * * * *")
def deliver_local_notices(timestamp: int) -> None:
    """Where the stand-in plays the provider: its callbacks, through the same door's words."""
    try:
        service = getattr(port("payment"), "service", None)
    except PortFailed:
        return
    if service:
        service.deliver(take_notice)


def take_notice(headers, body: bytes) -> int:
    try:
        hear(headers, body)
    except (PortFailed, DomainError):
        return 401
    return 200


@periodic("30 2 * * *")
def fetch_statements(timestamp: int) -> None:
    """10:30 in China: yesterday's file, and what was not there on the days before."""
    for back in range(1, STATEMENT_DAYS + 1):
        day = clock.today() - dt.timedelta(days=back)
        try:
            import_statement(WATCHER, day=day, content=port("payment").statement(day))
        except NoStatementYet:
            log.info("no_statement", day=str(day))
        except (PortFailed, DomainError) as failed:
            log.error("statement_not_imported", day=str(day), reason=str(failed))
    fetch_coupon_statements(clock.today() - dt.timedelta(days=1))


def fetch_coupon_statements(day: dt.date) -> None:
    for stock in ExternalStock.objects.unscoped(WHY).filter(state=ExternalStock.State.ACTIVE):
        try:
            content = port("coupon_provider").statement(stock.stock_id)
            import_coupon_statement(WATCHER, stock_pk=stock.pk, day=day, content=content)
        except (PortFailed, DomainError) as failed:
            log.error("coupon_statement_not_imported", stock=stock.pk, reason=str(failed))
