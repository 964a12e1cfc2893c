"""Asking the provider, outside any transaction, and writing down what it says."""

from __future__ import annotations

from contextlib import suppress

import structlog

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.ports import PortFailed, PortUncertain, port
from gonghui.notices.ports import refusals
from gonghui.payments import errors
from gonghui.payments.actions.identities import note_identity
from gonghui.payments.actions.payments import close_payment, mark_paying, note_result
from gonghui.payments.actions.refunds import note_refund
from gonghui.payments.models import PayerIdentity, Payment, Refund
from gonghui.payments.models.payments import PAYMENT_VERBS
from gonghui.payments.ports.wechat import Charge, Invitation, NotThere
from gonghui.payments.ports.wechat_identity import CodeRefused
from gonghui.payments.queries import openid_to_pay, payment_for

log = structlog.get_logger("gonghui.payments")


def start_payment(
    actor: Actor, *, payment_id: int, identity_id: int | None = None, words: str = "工会普惠"
) -> Invitation:
    """How the member pays it; again is harmless. Never inside a transaction.

    WeChat takes money only from the WeChat the page is open in: `identity_id` of the session names it, whosever it
    is; without one it is the payer's own.
    """
    payment = payment_for(actor, payment_id)
    is_open = payment.state in PAYMENT_VERBS["start"] and payment.expires_at > clock.now()
    require(is_open, errors.NOT_PAYABLE, state=payment.get_state_display())
    adapter = provider()
    openid = openid_to_pay(adapter.appid, person_id=payment.person_id, identity_id=identity_id)
    require(openid, errors.OPENID_NEEDED)
    charge = Charge(payment.out_trade_no, payment.amount_fen, words, payment.expires_at, openid)
    try:
        invitation = adapter.prepay(charge)
    except PortFailed as failed:
        log.warning("prepay_failed", payment=payment.pk, reason=str(failed))
        raise why_not_asked(actor, payment, failed) from None
    mark_paying(actor, payment_id=payment.pk)
    return invitation


def why_not_asked(actor: Actor, payment: Payment, failed: PortFailed) -> DomainError:
    """Where the provider refused, it may be paid or closed there and we have not heard: nobody is told that nothing was taken."""
    if not isinstance(failed, PortUncertain):
        with suppress(PortFailed):
            ask_result(actor, payment)
        payment.refresh_from_db(from_queryset=Payment.objects.unscoped("just asked"))
    if payment.state in PAYMENT_VERBS["start"]:
        return DomainError(errors.PROVIDER_DOWN)
    return DomainError(errors.NOT_PAYABLE, state=payment.get_state_display())


def learn_identity(actor: Actor, *, code: str) -> PayerIdentity:
    """Asks WeChat who came back with this code, and notes it. Never inside a transaction."""
    try:
        adapter = port("wechat_identity")
        openid = adapter.openid(code)
    except CodeRefused as refused:
        log.info("identity_code_refused", reason=str(refused))
        raise DomainError(errors.CODE_REFUSED) from None
    except PortFailed as failed:
        log.warning("identity_not_learnt", reason=str(failed))
        raise DomainError(errors.IDENTITY_DOWN) from None
    return note_identity(actor, appid=adapter.appid, openid=openid)


def learn_login(actor: Actor, *, code: str) -> PayerIdentity:
    """Whose WeChat a mini-program's `wx.login` was in: messages go there. Never inside a transaction."""
    try:
        adapter = port("wechat_messages")
        openid = adapter.openid(code)
    except refusals.CodeRefused as refused:
        log.info("login_code_refused", reason=str(refused))
        raise DomainError(errors.LOGIN_REFUSED) from None
    except PortFailed as failed:
        log.warning("login_not_learnt", reason=str(failed))
        raise DomainError(errors.LOGIN_DOWN) from None
    return note_identity(actor, appid=adapter.appid, openid=openid)


def provider():
    """The adapter, or the refusal members read when none is set up."""
    try:
        return port("payment")
    except PortFailed:
        raise DomainError(errors.PROVIDER_DOWN) from None


def ask_result(actor: Actor, payment: Payment) -> str:
    """Asks and notes. Unknown there: nothing was ever paid."""
    try:
        return note_result(actor, fact=port("payment").trade(payment.out_trade_no))
    except NotThere:
        return "not_there"


def watch_payment(actor: Actor, payment: Payment) -> None:
    """For one that still waits: what became of it; past its time it is given up."""
    ask_result(actor, payment)
    payment.refresh_from_db(from_queryset=Payment.objects.unscoped("just asked"))
    if payment.state in PAYMENT_VERBS["close"] and payment.expires_at <= clock.now():
        close_payment(actor, payment_id=payment.pk)


def end_at_provider(actor: Actor, payment: Payment) -> None:
    """So that nobody can still pay what we gave up; if somebody did, the money is noted and goes back."""
    try:
        port("payment").close(payment.out_trade_no)
    except (NotThere, PortUncertain):
        pass
    except PortFailed as refused:
        log.info("close_refused", payment=payment.pk, reason=str(refused))
    ask_result(actor, payment)


def ask_refund(actor: Actor, refund: Refund) -> str:
    """Orders it (again: the same number is the same refund) and notes what the provider says."""
    payment = refund.payment
    fact = port("payment").refund(
        out_trade_no=payment.out_trade_no,
        out_refund_no=refund.out_refund_no,
        refund_fen=refund.amount_fen,
        total_fen=payment.amount_fen,
    )
    return note_refund(actor, fact=fact)
