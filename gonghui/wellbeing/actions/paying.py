"""The co-pay: taken once for each place, given back by the plan's rule, never lost between two news."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.states import move
from gonghui.ledger.engine import Order, id_of, transfer_all
from gonghui.payments.accounts import accounts_of
from gonghui.payments.actions.payments import close_payment, take_payment
from gonghui.payments.actions.refunds import refund_payment
from gonghui.payments.models import Payment
from gonghui.wellbeing import errors
from gonghui.wellbeing.actions.locking import inform, locked_place, require_theirs
from gonghui.wellbeing.models import Enrolment
from gonghui.wellbeing.models.enrolments import ENROLMENT_VERBS

PURPOSE = "health:"
OPEN = ("created", "paying")


def purpose_of(row: Enrolment) -> str:
    return f"{PURPOSE}{row.pk}"


@action
def start_co_pay(actor: Actor, *, enrolment_id: int) -> Payment:
    """The payment to be shown to the member; one that still waits is shown again. The door asks the provider."""
    row = locked_place(enrolment_id)
    require_theirs(actor, row)
    note_if_paid(actor, row)
    require(row.state == Enrolment.State.CO_PAY_DUE, errors.NOTHING_DUE, state=row.get_state_display())
    require(row.pay_by > clock.now(), errors.PAID_TOO_LATE)
    if row.payment and row.payment.state in OPEN and row.payment.expires_at > clock.now():
        return row.payment
    row.tries += 1
    row.payment = take_payment(
        actor,
        key=id_of(row.key, "co-pay", row.tries),
        person_id=row.person_id,
        union_id=row.package.store.partner.union_id,
        amount_fen=row.package.co_pay_fen,
        purpose=purpose_of(row),
        method=Payment.Method.WECHAT,
    )
    row.save(update_fields=["tries", "payment", "updated_at"])
    return row.payment


@action
def note_co_pay(actor: Actor, *, payment_id: int) -> Enrolment:
    """News of a payment, however often it comes. Without a place any more the money goes straight back."""
    payment = Payment.objects.unscoped("news of it").get(pk=payment_id)
    row = locked_place(int(payment.purpose.removeprefix(PURPOSE)))
    payment.refresh_from_db(from_queryset=Payment.objects.unscoped("after the lock"))
    if payment.state != Payment.State.SUCCEEDED:
        return row
    if row.payment_id == payment.pk and (row.paid_fen or row.state == Enrolment.State.CO_PAY_DUE):
        note_if_paid(actor, row)
    elif payment.refundable_fen:
        key = id_of(payment.key, "no place")
        refund_payment(actor, payment_id=payment.pk, amount_fen=payment.refundable_fen, key=key)
        say = str(DomainError(errors.PAID_TOO_LATE))
        inform(actor, row, f"late:{payment.pk}", _("健康关爱：付款已原路退回"), say)
    return row


def note_if_paid(actor: Actor, row: Enrolment, *, gives_up: bool = False) -> None:
    """Counts a payment that succeeded; `gives_up` closes one that did not. The plan and the row are locked."""
    if row.state != Enrolment.State.CO_PAY_DUE or row.payment is None:
        return
    payment = row.payment
    if gives_up and payment.state in OPEN:
        payment = _closed(actor, payment)
    payment.refresh_from_db(from_queryset=Payment.objects.unscoped("as it stands"))
    if payment.state == Payment.State.SUCCEEDED and not payment.is_late:
        move(row, ENROLMENT_VERBS, "pay", paid_fen=payment.amount_fen, pay_by=None)
        inform(actor, row, "paid", _("健康关爱：付款成功"), _("名额是您的了。请选一个日期和时段。"))


def _closed(actor: Actor, payment: Payment) -> Payment:
    """Whoever was faster: closed, or paid after all."""
    try:
        return close_payment(actor, payment_id=payment.pk)
    except DomainError:
        return payment


def keep_and_refund(actor: Actor, row: Enrolment, back_fen: int) -> None:
    """What goes back by the rule; what is kept lowers what the union spends: it joins the money set aside for the plan."""
    kept = row.paid_fen - back_fen
    if back_fen:
        key = id_of(row.key, "refund")
        refund_payment(actor, payment_id=row.payment_id, amount_fen=back_fen, key=key)
    if kept:
        _paid, prepaid = accounts_of(row.payment)
        purse_id = row.plan.commitment.account_id
        subject = purpose_of(row)
        transfer_all(
            [Order(id_of(row.key, "kept"), "keep_co_pay", kept, prepaid.pk, purse_id, subject=subject)]
        )
