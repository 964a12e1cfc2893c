"""A payment from taking to refund, in one thread."""

import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from gonghui.kit.errors import DomainError
from gonghui.payments import collecting, tasks
from gonghui.payments.actions.payments import close_payment, mark_paying, note_result
from gonghui.payments.actions.refunds import note_refund, refund_payment
from gonghui.payments.models import Payment, Refund
from gonghui.payments.ports.wechat import RefundFact, TradeFact
from gonghui.payments.queries import paid_fen
from gonghui.payments.tests.conftest import SYSTEM
from gonghui.payments.tests.figures import again, balance, held, jobs, states

pytestmark = pytest.mark.django_db


def paid(payment, **facts) -> TradeFact:
    known = TradeFact(payment.out_trade_no, "paid", payment.amount_fen, "4200000001", timezone.now())
    return replace(known, **facts)


def refused(code, call, **facts):
    before = states()
    with pytest.raises(DomainError) as said, transaction.atomic():
        call(SYSTEM, **facts)
    assert (said.value.code, states()) == (code, before)
    assert len(str(said.value)) > 10


def test_payment_by_wechat_goes_from_asking_to_the_books(wechat, taken):
    payment = taken()
    invitation = collecting.start_payment(SYSTEM, payment_id=payment.pk)
    assert invitation.address == f"/pay/local/{payment.out_trade_no}"
    assert set(invitation.facts) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert again(payment).state == "paying"
    wechat.pay(payment.out_trade_no)
    assert wechat.deliver(tasks.take_notice) == 1
    assert again(payment).state == "succeeded"
    assert (balance("paid"), balance("prepaid"), jobs("close_at_provider")) == (-5000, 5000, 0)
    assert paid_fen("bill:203") == 5000


def test_same_key_is_the_same_payment_and_with_other_fields_is_refused(taken):
    payment = taken()
    assert taken(key=payment.key).pk == payment.pk
    with pytest.raises(DomainError) as said:
        taken(key=payment.key, amount_fen=1)
    assert (said.value.code, Payment.objects.unscoped("test").count()) == ("payment_key_taken", 1)


@pytest.mark.parametrize("amount", [0, -1, 100_000_001])
def test_amount_out_of_range_takes_nothing(taken, amount):
    with pytest.raises(DomainError) as said:
        taken(amount_fen=amount)
    assert (said.value.code, Payment.objects.unscoped("test").count()) == ("payment_bad_sum", 0)


def test_cash_succeeds_at_once_and_posts_nothing(taken):
    payment = taken(method="cash")
    assert (payment.state, balance("prepaid")) == ("succeeded", 0)
    refund = refund_payment(SYSTEM, payment_id=payment.pk, amount_fen=2000, key=uuid4())
    assert (refund.state, again(payment).refunded_fen, balance("paid")) == ("succeeded", 2000, 0)


def test_result_heard_twice_and_late_news_move_nothing(taken):
    payment = taken()
    said = [
        note_result(SYSTEM, fact=paid(payment)), note_result(SYSTEM, fact=paid(payment)),
        note_result(SYSTEM, fact=paid(payment, state="closed")), note_result(SYSTEM, fact=paid(payment, state="failed")),
        note_result(SYSTEM, fact=paid(payment, state="waiting")),
    ]  # fmt: skip
    assert said == ["moved", "known", "known", "known", "known"]
    assert (again(payment).state, balance("prepaid")) == ("succeeded", 5000)


def test_result_with_another_amount_or_number_moves_nothing(taken):
    payment = taken()
    assert note_result(SYSTEM, fact=paid(payment, amount_fen=4999)) == "different"
    assert note_result(SYSTEM, fact=paid(payment, out_trade_no="f" * 32)) == "unknown"
    assert (again(payment).state, balance("prepaid")) == ("created", 0)
    note_result(SYSTEM, fact=paid(payment))
    assert note_result(SYSTEM, fact=paid(payment, transaction_id="4200000002")) == "different"
    assert balance("prepaid") == 5000


def test_trade_that_pays_another_payment_moves_nothing(taken):
    first, second = taken(), taken()
    note_result(SYSTEM, fact=paid(first))
    assert note_result(SYSTEM, fact=paid(second)) == "different"
    assert (again(second).state, balance("prepaid")) == ("created", 5000)
    assert note_result(SYSTEM, fact=paid(second, transaction_id="4200000002")) == "moved"


def test_paid_before_we_heard_the_answer_to_our_asking(wechat, taken):
    """The provider did what was asked, its answer was lost, its callback comes first."""
    payment = taken()
    wechat.faults = ["slow"]
    with pytest.raises(DomainError) as said:
        collecting.start_payment(SYSTEM, payment_id=payment.pk)
    assert said.value.code == "payment_provider_down"
    wechat.pay(payment.out_trade_no)
    wechat.deliver(tasks.take_notice)
    assert (again(payment).state, balance("prepaid")) == ("succeeded", 5000)
    assert mark_paying(SYSTEM, payment_id=payment.pk).state == "succeeded"
    refused("payment_not_payable", collecting.start_payment, payment_id=payment.pk)


def test_who_asks_to_pay_what_is_paid_there_already_is_not_told_that_nothing_was_taken(wechat, taken):
    """The callback is lost; the member taps again."""
    payment = taken()
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.notice_faults = ["lost"]
    wechat.pay(payment.out_trade_no)
    with pytest.raises(DomainError) as said:
        collecting.start_payment(SYSTEM, payment_id=payment.pk)
    assert (said.value.code, "已支付" in str(said.value)) == ("payment_not_payable", True)
    assert (again(payment).state, balance("prepaid")) == ("succeeded", 5000)


def test_money_after_close_goes_straight_back(wechat, taken):
    payment = taken()
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.pay(payment.out_trade_no)
    close_payment(SYSTEM, payment_id=payment.pk)
    assert (again(payment).state, jobs("close_at_provider")) == ("closed", 1)
    tasks.close_at_provider(payment_id=payment.pk)
    now = again(payment)
    assert (now.state, now.is_late, now.refunded_fen) == ("succeeded", True, 5000)
    assert (balance("prepaid"), held("prepaid")) == (5000, 5000)
    tasks.send_refund(refund_id=Refund.objects.unscoped("test").get().pk)
    wechat.deliver(tasks.take_notice)
    assert Refund.objects.unscoped("test").get().state == "succeeded"
    assert (balance("prepaid"), held("prepaid"), balance("paid")) == (0, 0, 0)


def test_payment_nobody_answers_is_asked_for_and_closed_in_its_time(wechat, taken, time_machine):
    heard, unheard = taken(), taken()
    for payment in (heard, unheard):
        collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.notice_faults = ["lost"]
    wechat.pay(heard.out_trade_no)
    assert wechat.deliver(tasks.take_notice) == 0
    later = timezone.now() + dt.timedelta(minutes=2)
    time_machine.move_to(later)
    tasks.watch_payments(0)
    assert (again(heard).state, again(unheard).state) == ("succeeded", "paying")
    time_machine.move_to(later + dt.timedelta(minutes=15))
    tasks.watch_payments(0)
    assert again(unheard).state == "closed"
    tasks.close_at_provider(payment_id=unheard.pk)
    wechat.pay(unheard.out_trade_no)
    assert (wechat.deliver(tasks.take_notice), again(unheard).state) == (0, "closed")


def test_provider_down_refuses_in_words_and_takes_nothing(wechat, taken):
    payment = taken()
    wechat.faults = ["down"]
    refused("payment_provider_down", collecting.start_payment, payment_id=payment.pk)
    wechat.faults = ["slow"]
    refused("payment_provider_down", collecting.start_payment, payment_id=payment.pk)
    wechat.faults = ["forged"]
    refused("payment_provider_down", collecting.start_payment, payment_id=payment.pk)
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    assert again(payment).state == "paying"


def test_refund_in_parts_never_exceeds_what_was_paid(wechat, taken):
    payment = taken()
    refused("payment_not_refundable", refund_payment, payment_id=payment.pk, amount_fen=1, key=uuid4())
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.pay(payment.out_trade_no)
    wechat.deliver(tasks.take_notice)
    first = refund_payment(SYSTEM, payment_id=payment.pk, amount_fen=3000, key=uuid4())
    assert refund_payment(SYSTEM, payment_id=payment.pk, amount_fen=3000, key=first.key).pk == first.pk
    refused("payment_over_refund", refund_payment, payment_id=payment.pk, amount_fen=2001, key=uuid4())
    refused("payment_bad_sum", refund_payment, payment_id=payment.pk, amount_fen=0, key=uuid4())
    refused("payment_key_taken", refund_payment, payment_id=payment.pk, amount_fen=1, key=first.key)
    assert (balance("prepaid"), held("prepaid"), balance("paid")) == (5000, 3000, -5000)
    tasks.send_refund(refund_id=first.pk)
    tasks.send_refund(refund_id=first.pk)
    wechat.deliver(tasks.take_notice)
    assert (again(first).state, balance("prepaid"), held("prepaid")) == ("succeeded", 2000, 0)
    assert again(payment).refunded_fen == 3000


def test_one_key_on_two_payments_is_refused(taken):
    payments = [taken(), taken()]
    for n, payment in enumerate(payments):
        note_result(SYSTEM, fact=paid(payment, transaction_id=f"420000000{n}"))
    first = refund_payment(SYSTEM, payment_id=payments[0].pk, amount_fen=5000, key=uuid4())
    asked = {"payment_id": payments[1].pk, "amount_fen": 5000, "key": first.key}
    refused("payment_key_taken", refund_payment, **asked)
    cash = taken(method="cash")
    refused("payment_key_taken", refund_payment, **(asked | {"payment_id": cash.pk}))


def test_refund_under_the_number_of_another_moves_nothing(taken):
    payment = taken()
    note_result(SYSTEM, fact=paid(payment))
    first, second = (
        refund_payment(SYSTEM, payment_id=payment.pk, amount_fen=2000, key=uuid4()) for _n in range(2)
    )
    fact = RefundFact(first.out_refund_no, "done", 2000, "5000000001")
    assert note_refund(SYSTEM, fact=fact) == "moved"
    for state in ("waiting", "done"):
        told = replace(fact, out_refund_no=second.out_refund_no, state=state)
        assert note_refund(SYSTEM, fact=told) == "different"
    assert (again(second).state, balance("prepaid"), held("prepaid")) == ("requested", 3000, 2000)


def test_refund_the_provider_refuses_leaves_the_money_with_us(taken):
    payment = taken()
    note_result(SYSTEM, fact=paid(payment))
    refund = refund_payment(SYSTEM, payment_id=payment.pk, amount_fen=5000, key=uuid4())
    fact = RefundFact(refund.out_refund_no, "failed", 5000, "5000000001")
    assert note_refund(SYSTEM, fact=replace(fact, amount_fen=1)) == "different"
    assert [note_refund(SYSTEM, fact=fact) for _n in range(2)] == ["moved", "known"]
    assert (again(payment).refunded_fen, balance("prepaid"), held("prepaid")) == (0, 5000, 0)
    assert note_refund(SYSTEM, fact=replace(fact, state="done")) == "known"
    assert balance("prepaid") == 5000


def test_database_refuses_what_no_action_does(taken):
    payment = taken()
    note_result(SYSTEM, fact=paid(payment))
    rows = Payment.objects.unscoped("test").filter(pk=payment.pk)
    waiting = taken()
    wrong = [
        lambda: rows.update(amount_fen=1),
        lambda: rows.update(state="closed", paid_at=None),
        lambda: rows.update(refunded_fen=5001),
        lambda: rows.update(transaction_id="another"),
        rows.delete,
        lambda: Refund.objects.create(payment=waiting, key=uuid4(), amount_fen=1, out_refund_no="a"),
        lambda: Refund.objects.create(payment=payment, key=uuid4(), amount_fen=5001, out_refund_no="b"),
    ]
    before = states()
    for attempt in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
    assert states() == before
