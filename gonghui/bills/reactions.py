"""What happens to a bill when its payment does something, and what its owner is told."""

from __future__ import annotations

from gonghui.bills.actions.news import tell_refunded
from gonghui.bills.actions.selling import end_waiting, settle_bill
from gonghui.bills.events import BillRefunded
from gonghui.bills.models import Bill
from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.payments.events import PaymentFailed, PaymentSucceeded

FOLLOWING = Actor.system("news of a bill's payment")


@reacts_to(PaymentSucceeded)
def settle_paid_bill(event: PaymentSucceeded) -> None:
    for bill_id in bills_of_payment(event.payment_id):
        settle_bill(FOLLOWING, bill_id=bill_id)


@reacts_to(PaymentFailed)
def end_unpaid_bill(event: PaymentFailed) -> None:
    for bill_id in bills_of_payment(event.payment_id):
        end_waiting(FOLLOWING, bill_id=bill_id)


def bills_of_payment(payment_id: int) -> list[int]:
    found = Bill.objects.unscoped("the bill of a payment").filter(payment_id=payment_id)
    return list(found.values_list("id", flat=True))


@reacts_to(BillRefunded)
def tell_of_refund(event: BillRefunded) -> None:
    tell_refunded(FOLLOWING, refund_id=event.refund_id)
