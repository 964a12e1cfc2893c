"""News of payments, and of what was paid out; imported by `tasks`."""

from __future__ import annotations

from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.payments.events import PaymentSucceeded
from gonghui.payments.models import Payment
from gonghui.wellbeing.actions.paying import PURPOSE, note_co_pay

LISTENER = Actor.system("news of a co-pay")


@reacts_to(PaymentSucceeded)
def count_co_pay(event: PaymentSucceeded) -> None:
    payment = Payment.objects.unscoped("news of it").only("pk", "purpose").get(pk=event.payment_id)
    if payment.purpose.startswith(PURPOSE):
        note_co_pay(LISTENER, payment_id=payment.pk)
