"""Random sequences of what payers, the provider, time and our own people do, beside a plain model."""

import random
from contextlib import suppress
from uuid import uuid4

import pytest

from gonghui.kit.errors import DomainError
from gonghui.kit.ports import PortFailed
from gonghui.payments import collecting, tasks
from gonghui.payments.actions.payments import close_payment
from gonghui.payments.actions.refunds import refund_payment
from gonghui.payments.models import LocalTrade, Payment, Refund
from gonghui.payments.tests.conftest import SYSTEM
from gonghui.payments.tests.figures import again, balance, held

pytestmark = pytest.mark.django_db
STEPS = 60


class Play:
    """What the world did to some payments; `paid` and `back` are counted apart, from the provider's own memory."""

    def __init__(self, rng, wechat, payments):
        self.rng, self.wechat, self.payments = rng, wechat, payments

    def step(self):
        payment = again(self.rng.choice(self.payments))
        verb = self.rng.choice(
            (self.start, self.pay, self.hear, self.ask, self.close, self.refund, self.send, self.refuse)
        )
        if self.rng.random() < 0.2:
            self.wechat.faults[:] = [self.rng.choice(("down", "slow", "forged"))]
        self.wechat.notice_faults[:] = [self.rng.choice(("ok", "lost", "twice"))]
        with suppress(DomainError, PortFailed):
            verb(payment)
        self.wechat.faults.clear()

    def start(self, payment):
        collecting.start_payment(SYSTEM, payment_id=payment.pk)

    def pay(self, payment):
        if LocalTrade.objects.unscoped("test").filter(kind="trade", number=payment.out_trade_no):
            self.wechat.pay(payment.out_trade_no)

    def refuse(self, payment):
        self.wechat.refuse(payment.out_trade_no)

    def hear(self, payment):
        self.wechat.deliver(tasks.take_notice)

    def ask(self, payment):
        collecting.ask_result(SYSTEM, payment)

    def close(self, payment):
        close_payment(SYSTEM, payment_id=payment.pk)

    def refund(self, payment):
        refund_payment(SYSTEM, payment_id=payment.pk, amount_fen=self.rng.randint(1, 4000), key=uuid4())

    def send(self, payment):
        for refund in Refund.objects.unscoped("test").filter(payment=payment, state="requested"):
            collecting.ask_refund(SYSTEM, refund)

    def settle(self):
        """Everything comes to rest: every callback, every question, every refund."""
        for _n in range(3):
            self.wechat.deliver(tasks.take_notice)
            for payment in map(again, self.payments):
                collecting.end_at_provider(SYSTEM, payment) if payment.state == "closed" else self.ask(
                    payment
                )
                self.send(payment)


def theirs(kind, states, field) -> int:
    rows = LocalTrade.objects.unscoped("test").filter(kind=kind)
    state = "trade_state" if kind == "trade" else "status"
    return sum(r.facts["amount"][field] for r in rows if r.facts[state] in states)


@pytest.mark.parametrize("seed", range(6))
def test_random_sequences_agree_with_a_plain_model(wechat, taken, seed):
    rng = random.Random(seed)
    play = Play(rng, wechat, [taken(amount_fen=rng.randint(1000, 9000)) for _n in range(4)])
    for _n in range(STEPS):
        play.step()
        for payment in map(again, play.payments):
            live = payment.refunds.exclude(state="failed")
            assert sum(r.amount_fen for r in live) == payment.refunded_fen <= payment.amount_fen
    play.settle()
    paid = theirs("trade", ("SUCCESS", "REFUND"), "total")
    back = theirs("refund", ("SUCCESS",), "refund")
    ours = Payment.objects.unscoped("test").filter(state="succeeded")
    assert (sum(p.amount_fen for p in ours), sum(p.refunded_fen for p in ours)) == (paid, back)
    assert (balance("prepaid"), balance("paid"), held("prepaid")) == (paid - back, back - paid, 0)
    assert not Refund.objects.unscoped("test").filter(state="requested").exists()
