"""A payment's verbs. What may be taken for what was decided by the caller; nothing here asks the provider."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.ledger.engine import id_of, transfer_all
from gonghui.payments import errors
from gonghui.payments.accounts import taken
from gonghui.payments.actions.refunds import refund_payment
from gonghui.payments.events import PaymentFailed, PaymentSucceeded
from gonghui.payments.models import Notification, Payment
from gonghui.payments.models.payments import AMOUNT_FEN_MAX, PAYMENT_VERBS
from gonghui.payments.ports.wechat import TradeFact

OPEN_MINUTES = 15
FIXED = ("person_id", "union_id", "amount_fen", "purpose", "method")
Verdict = Notification.Verdict


@action
def take_payment(
    actor: Actor, *, key: UUID, person_id: int, union_id: int, amount_fen: int, purpose: str, method: str
) -> Payment:
    """`cash` is taken at once and posts nothing: the bill does. The same key again is the same payment."""
    require(
        isinstance(amount_fen, int) and 0 < amount_fen <= AMOUNT_FEN_MAX and method in Payment.Method.values,
        errors.BAD_SUM,
    )
    asked = dict(zip(FIXED, (person_id, union_id, amount_fen, purpose, method), strict=True))
    lock_name("payment", str(key))
    known = Payment.objects.unscoped("the same key again").filter(key=key).first()
    if known:
        require(all(getattr(known, name) == value for name, value in asked.items()), errors.KEY_TAKEN)
        return known
    is_cash = method == Payment.Method.CASH
    now = clock.now()
    payment = Payment.objects.create(
        key=key,
        out_trade_no=key.hex,
        state=Payment.State.SUCCEEDED if is_cash else Payment.State.CREATED,
        paid_at=now if is_cash else None,
        expires_at=None if is_cash else now + timedelta(minutes=OPEN_MINUTES),
        **asked,
    )
    if is_cash:
        emit(PaymentSucceeded(payment_id=payment.pk))
    return payment


@action
def mark_paying(actor: Actor, *, payment_id: int) -> Payment:
    """The member has been shown the provider's page; whoever was faster is not undone."""
    payment = locked(pk=payment_id)
    if payment.state in PAYMENT_VERBS["start"]:
        move(payment, PAYMENT_VERBS, "start")
    return payment


@action
def note_result(actor: Actor, *, fact: TradeFact) -> str:
    """What the provider says, whoever heard it and however often; answers what came of it."""
    payment = locked(out_trade_no=fact.out_trade_no)
    if payment is None:
        return Verdict.UNKNOWN
    if fact.state == "waiting":
        return Verdict.KNOWN
    if fact.state != "paid":
        return give_up(payment, "close" if fact.state == "closed" else "fail")
    if fact.amount_fen != payment.amount_fen:
        return Verdict.DIFFERENT
    if payment.state == Payment.State.SUCCEEDED:
        return Verdict.KNOWN if payment.transaction_id == fact.transaction_id else Verdict.DIFFERENT
    others = Payment.objects.unscoped("one trade of the provider's pays one thing").exclude(pk=payment.pk)
    if others.filter(transaction_id=fact.transaction_id).exists():
        return Verdict.DIFFERENT
    receive(actor, payment, fact.transaction_id, fact.paid_at or clock.now())
    return Verdict.MOVED


def receive(actor: Actor, payment: Payment, transaction_id: str, paid_at: datetime) -> None:
    """Posts it; money that comes after we gave up is taken in and goes straight back."""
    is_late = payment.state in PAYMENT_VERBS["succeed_late"]
    verb = "succeed_late" if is_late else "succeed"
    move(payment, PAYMENT_VERBS, verb, transaction_id=transaction_id, paid_at=paid_at, is_late=is_late)
    transfer_all([taken(payment)])
    if is_late:
        refund_payment(
            actor, payment_id=payment.pk, amount_fen=payment.amount_fen, key=id_of(payment.key, "late")
        )
    else:
        emit(PaymentSucceeded(payment_id=payment.pk))


def give_up(payment: Payment, verb: str) -> str:
    if payment.state not in PAYMENT_VERBS[verb]:
        return Verdict.KNOWN
    move(payment, PAYMENT_VERBS, verb)
    emit(PaymentFailed(payment_id=payment.pk))
    return Verdict.MOVED


@action
def close_payment(actor: Actor, *, payment_id: int) -> Payment:
    """Given up on our side; a job tells the provider. Already closed or failed: as it is."""
    payment = locked(pk=payment_id)
    if payment.state == Payment.State.SUCCEEDED:
        raise DomainError(errors.NOT_PAYABLE, state=payment.get_state_display())
    if give_up(payment, "close") == Verdict.MOVED:
        from gonghui.payments.tasks import close_at_provider

        close_at_provider.defer(payment_id=payment.pk)
    return payment


def locked(**which: object) -> Payment | None:
    return Payment.objects.unscoped("its own verb").select_for_update().filter(**which).first()
