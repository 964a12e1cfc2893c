"""What goes back to the worker: set aside at once, given back by the provider, then posted."""

from __future__ import annotations

from uuid import UUID

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger.engine import transfer_all
from gonghui.payments import errors
from gonghui.payments.accounts import resolved, set_aside
from gonghui.payments.events import RefundFailed, RefundSucceeded
from gonghui.payments.models import Notification, Payment, Refund
from gonghui.payments.models.payments import REFUND_VERBS
from gonghui.payments.ports.wechat import RefundFact

Verdict = Notification.Verdict


@action
def refund_payment(actor: Actor, *, payment_id: int, amount_fen: int, key: UUID) -> Refund:
    """All or part of it. The same key again is the same refund. Cash is handed over the counter and posts nothing."""
    payment = Payment.objects.unscoped("its own verb").select_for_update().get(pk=payment_id)
    lock_name("payment-refund", str(key))  # two payments may be asked at once with one key
    known = Refund.objects.unscoped("the same key again").filter(key=key).first()
    if known:
        same = (known.payment_id, known.amount_fen) == (payment_id, amount_fen)
        require(same, errors.KEY_TAKEN)
        return known
    require(payment.state == Payment.State.SUCCEEDED, errors.NOT_REFUNDABLE)
    left = payment.refundable_fen
    require(isinstance(amount_fen, int) and amount_fen > 0, errors.BAD_SUM)
    require(amount_fen <= left, errors.OVER_REFUND, left=yuan(left), asked=yuan(amount_fen))
    if payment.method == Payment.Method.CASH:
        return hand_back(payment, amount_fen, key)
    refund = Refund.objects.create(payment=payment, key=key, amount_fen=amount_fen, out_refund_no=key.hex)
    transfer_all([set_aside(refund)])
    from gonghui.payments.tasks import send_refund

    send_refund.defer(refund_id=refund.pk)
    return refund


def hand_back(payment: Payment, amount_fen: int, key: UUID) -> Refund:
    refund = Refund.objects.create(
        payment=payment,
        key=key,
        amount_fen=amount_fen,
        out_refund_no=key.hex,
        state=Refund.State.SUCCEEDED,
        settled_at=clock.now(),
    )
    emit(RefundSucceeded(refund_id=refund.pk))
    return refund


@action
def note_refund(actor: Actor, *, fact: RefundFact) -> str:
    """What the provider says of a refund; answers what came of it."""
    found = Refund.objects.unscoped("its own verb").select_related("payment")
    refund = found.select_for_update(of=("self",)).filter(out_refund_no=fact.out_refund_no).first()
    if refund is None:
        return Verdict.UNKNOWN
    if fact.amount_fen != refund.amount_fen or is_of_another(refund, fact.refund_id):
        return Verdict.DIFFERENT
    if refund.state != Refund.State.REQUESTED:
        return Verdict.KNOWN
    if fact.state == "waiting":
        note_acceptance(refund, fact)
        return Verdict.KNOWN
    settle(refund, fact)
    return Verdict.MOVED


def is_of_another(refund: Refund, refund_id: str) -> bool:
    """The provider's number already stands on another refund of ours."""
    others = Refund.objects.unscoped("one number of the provider's is one refund").exclude(pk=refund.pk)
    return others.filter(refund_id=refund_id).exists()


def note_acceptance(refund: Refund, fact: RefundFact) -> None:
    refund.refund_id = fact.refund_id
    refund.accepted_at = refund.accepted_at or fact.accepted_at
    refund.save(update_fields=["refund_id", "accepted_at", "updated_at"])


def settle(refund: Refund, fact: RefundFact) -> None:
    is_done = fact.state == "done"
    move(
        refund,
        REFUND_VERBS,
        "succeed" if is_done else "fail",
        refund_id=fact.refund_id,
        accepted_at=refund.accepted_at or fact.accepted_at or fact.settled_at or clock.now(),
        settled_at=fact.settled_at or clock.now(),
    )
    transfer_all([resolved(refund, given_back=is_done)])
    emit((RefundSucceeded if is_done else RefundFailed)(refund_id=refund.pk))
