"""Payments: callbacks replayed, late, forged in number; refunds twice, beside callbacks, beside the statement; and killed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.kit import clock
from gonghui.kit.ports import port
from gonghui.payments import collecting, tasks
from gonghui.payments.actions.payments import close_payment, note_result, take_payment
from gonghui.payments.actions.refunds import note_refund, refund_payment
from gonghui.payments.actions.statements import import_statement
from gonghui.payments.models import LocalNotice, Notification, Payment, Refund, StatementFile, StatementRow
from gonghui.payments.ports.wechat import RefundFact, TradeFact
from gonghui.payments.tests.conftest import SYSTEM
from gonghui.payments.tests.figures import again, balance, held, jobs, transfers
from tests.races.stage import (
    Rival,
    codes,
    holding,
    in_turn,
    killed_at,
    killed_inside,
    last_bytes_at_once,
    lock_on,
    past_the_check,
    request_of,
    wait_for_waiting,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
HEARS = """
from gonghui.payments.actions.payments import note_result
from gonghui.payments.ports.wechat import TradeFact
note_result(SYSTEM, fact=TradeFact(out_trade_no, "paid", 5000, transaction_id))
"""


@pytest.fixture
def paying(wechat, taken):
    """Shown to the payer, and paid there; we have not heard yet."""
    payment = taken()
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.pay(payment.out_trade_no)
    return payment


@pytest.fixture
def succeeded(wechat, paying):
    wechat.deliver(tasks.take_notice)
    return again(paying)


def callback(wechat) -> tuple[dict[str, str], bytes]:
    """Of the one notice there is, sealed and signed."""
    return wechat.envelope(LocalNotice.objects.unscoped("test").get())


def paid(payment, **facts) -> TradeFact:
    return replace(port("payment").trade(payment.out_trade_no), **facts)


def refunding(payment, amount_fen: int, **facts):
    asked = {"payment_id": payment.pk, "amount_fen": amount_fen, "key": uuid4()} | facts
    return partial(refund_payment, SYSTEM, **asked)


def verdicts(answers) -> Counter:
    return Counter(str(each) for each in answers)


# --- Callbacks ------------------------------------------------------------------------------------------------


def test_callback_replayed_in_one_breath_moves_it_once(wechat, served, paying):
    """Shopware #11245 (the single-packet attack), at the provider's door, as our server can be asked: 24 copies of one genuine
    callback on 24 connections, their last bytes at once. Here: all are thanked for, the money is in the books once."""
    headers, body = callback(wechat)
    replay = [request_of("POST", "/payments/wechat/notify", body, **headers)] * 24
    assert Counter(each.status for each in last_bytes_at_once(served.port, replay)) == {200: 24}
    assert (again(paying).state, transfers(), balance("prepaid")) == ("succeeded", 1, 5000)
    assert Notification.objects.unscoped("test").count() == 1


def test_callback_that_passed_the_check_many_times_moves_it_once(wechat, paying):
    """Medusa #16012, over-capture: what was captured so far was summed up, judged and written, so two captures both fitted.
    Here: a callback and five answers to our own question all stand before the payment; one moves it."""
    calls = [partial(tasks.take_notice, *callback(wechat))] + [
        partial(collecting.ask_result, SYSTEM, paying)
    ] * 5
    answers = past_the_check(lock_on(paying), *calls)
    assert answers[0] == 200
    assert (again(paying).state, transfers(), balance("prepaid")) == ("succeeded", 1, 5000)
    assert jobs("send_refund") == 0


def test_two_captures_of_one_payment_take_it_once(wechat, paying):
    """Medusa #16012, over-capture, with two different trades of the provider for one payment of ours. Here: one is in the
    books, the other is kept as different and moves nothing."""
    facts = [paid(paying), paid(paying, transaction_id="4200000099")]
    answers = past_the_check(lock_on(paying), *[partial(note_result, SYSTEM, fact=fact) for fact in facts])
    assert verdicts(answers) == {"moved": 1, "different": 1}
    assert (transfers(), balance("prepaid")) == (1, 5000)


@pytest.mark.parametrize("first", ["close", "callback"])
def test_money_that_comes_as_we_give_up_is_kept_or_goes_back_once(wechat, paying, first):
    """Saleor PR #15855: one thread gave the payment back, the other went on with the order. Here: giving up and the provider's
    callback meet, in both orders: the payment holds, or the money goes straight back, once; never both, never neither."""
    close = partial(close_payment, SYSTEM, payment_id=paying.pk)
    hear = partial(tasks.take_notice, *callback(wechat))
    answers = in_turn(lock_on(paying), *((close, hear) if first == "close" else (hear, close)))
    now = again(paying)
    if first == "callback":
        assert (answers[0], codes(answers[1:])) == (200, ["payment_not_payable"])
        assert (now.state, now.is_late, held("prepaid"), jobs("send_refund")) == ("succeeded", False, 0, 0)
    else:
        assert (codes(answers[:1]), answers[1]) == (["Payment"], 200)
        assert (now.state, now.is_late, held("prepaid"), now.refunded_fen) == ("succeeded", True, 5000, 5000)
        assert jobs("send_refund") == 1


def test_late_success_heard_from_all_sides_goes_back_once(wechat, paying):
    """Saleor PR #15855 and Blnk PR #315 (a refund twice at once): after we gave up, callback, watch and closing job all bring
    the same late success. Here: it is taken in once, set aside once, given back once."""
    close_payment(SYSTEM, payment_id=paying.pk)
    sides = [partial(tasks.take_notice, *callback(wechat))] * 2
    sides += [
        partial(collecting.ask_result, SYSTEM, paying),
        partial(collecting.end_at_provider, SYSTEM, paying),
    ] * 2
    past_the_check(lock_on(paying), *sides)
    refund = Refund.objects.unscoped("test").get()
    assert (refund.amount_fen, held("prepaid"), jobs("send_refund")) == (5000, 5000, 1)
    tasks.send_refund(refund_id=refund.pk)
    wechat.deliver(tasks.take_notice)
    assert (again(refund).state, balance("prepaid"), balance("paid"), held("prepaid")) == (
        "succeeded",
        0,
        0,
        0,
    )


def test_listener_killed_in_the_middle_hears_it_again(wechat, paying):
    """Saleor PR #15855: half a completion on file. Here: the process that hears the callback is killed with -9 once all but the
    commit is written, and once more while it stands before the books; the same callback again moves it, once."""
    known = paid(paying)
    facts = {"out_trade_no": paying.out_trade_no, "transaction_id": known.transaction_id}
    killed_inside(HEARS, **facts)
    killed_at(("LOCK TABLE ledger_transfer IN SHARE MODE",), HEARS, **facts)
    assert (again(paying).state, transfers(), ProcrastinateJob.objects.count()) == ("paying", 0, 0)
    assert tasks.take_notice(*callback(wechat)) == 200
    assert (again(paying).state, transfers(), balance("prepaid")) == ("succeeded", 1, 5000)


def test_payment_taken_twice_at_once_is_one(wechat, cast):
    """Formance stack #1633, CiviCRM PR #33002 (peers §5): the same key at the same moment made two, or a crash. Here: eight
    takes of one key are one payment."""
    facts = {"key": uuid4(), "person_id": cast.people["mei"].pk, "union_id": cast.unions["city"].pk}
    facts |= {"amount_fen": 100, "purpose": "bill:1", "method": "wechat"}
    lock = ("SELECT pg_advisory_xact_lock(%s)", advisory("payment", str(facts["key"])))
    answers = past_the_check(lock, *[partial(take_payment, SYSTEM, **facts)] * 8)
    assert {payment.pk for payment in answers} == {Payment.objects.unscoped("test").get().pk}


def advisory(kind: str, value: str) -> int:
    """The number that kit.locks.lock_name makes of a name."""
    import hashlib

    digest = hashlib.sha256(kind.encode() + b"\x00" + value.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


# --- Refunds --------------------------------------------------------------------------------------------------


def test_refund_from_eight_sides_goes_once(succeeded):
    """Medusa #16012, over-refund, and Blnk PR #315, double refund: what had gone back was summed up, judged and written. Here:
    eight want the whole back and stand before the payment; one has it, seven hear that nothing is left."""
    answers = past_the_check(lock_on(succeeded), *[refunding(succeeded, 5000) for _n in range(8)])
    assert codes(answers) == ["Refund"] + ["payment_over_refund"] * 7
    assert (again(succeeded).refunded_fen, held("prepaid"), jobs("send_refund")) == (5000, 5000, 1)


def test_parts_given_back_at_once_never_exceed_the_whole(succeeded):
    """Medusa #16012 in parts; Solidus #512 (what had gone back before was left out of account). Here: nine thirds at once of
    50.00; three fit, and what is left is 0.02."""
    answers = past_the_check(lock_on(succeeded), *[refunding(succeeded, 1666) for _n in range(9)])
    assert codes(answers) == ["Refund"] * 3 + ["payment_over_refund"] * 6
    assert (again(succeeded).refundable_fen, held("prepaid")) == (2, 4998)


def test_same_refund_ordered_twice_at_once_is_one(wechat, succeeded):
    """Blnk PR #315, double refund of one order. Here: one key from six sides is one refund; sent four times at once and heard
    from callback and answer, it goes back once."""
    order = refunding(succeeded, 2000)
    answers = past_the_check(lock_on(succeeded), *[order] * 6)
    refund = Refund.objects.unscoped("test").get()
    assert {each.pk for each in answers} == {refund.pk}
    tasks.send_refund(refund_id=refund.pk)
    notice = LocalNotice.objects.unscoped("test").get(envelope__event_type="REFUND.SUCCESS")
    sides = [partial(tasks.take_notice, *wechat.envelope(notice))] * 3
    sides += [partial(collecting.ask_refund, SYSTEM, refund)] * 3
    past_the_check(lock_on(refund), *sides)
    assert (again(refund).state, balance("prepaid"), balance("paid"), held("prepaid")) == (
        "succeeded",
        3000,
        -3000,
        0,
    )


@pytest.mark.parametrize("first", ["failure", "another"])
def test_refund_that_fails_beside_another_frees_its_part_once(succeeded, first):
    """Medusa #16595, PR #16596: the way back wrote a total read before the lock, so a use beside it was lost. Here: a refund of
    40 is refused by the provider, told from three sides, while another of 30 is asked for; what is free is right in both
    orders."""
    failing = refunding(succeeded, 4000)()
    fact = RefundFact(failing.out_refund_no, "failed", 4000, "50001")
    fail, other = partial(note_refund, SYSTEM, fact=fact), refunding(succeeded, 3000)
    calls = (fail, fail, fail, other) if first == "failure" else (other, fail, fail, fail)
    answers = in_turn(lock_on(succeeded), *calls)
    asked = codes([answers[3] if first == "failure" else answers[0]])
    told = verdicts(answers[:3] if first == "failure" else answers[1:])
    assert told == {"moved": 1, "known": 2}
    back = 3000 if first == "failure" else 0
    assert asked == (["Refund"] if first == "failure" else ["payment_over_refund"])
    assert (again(succeeded).refunded_fen, held("prepaid"), balance("prepaid")) == (back, back, 5000)


def test_refund_and_replayed_callback_at_once_agree(wechat, succeeded):
    """Saleor PR #15855: a payment refunded by one thread, and completed by another. Here: the whole goes back while the
    callback of its payment comes again, from three sides each; it was paid once and went back once."""
    replay = partial(tasks.take_notice, *callback(wechat))
    again_asked = partial(note_result, SYSTEM, fact=paid(succeeded))
    sides = [refunding(succeeded, 5000) for _n in range(3)] + [again_asked] * 3
    answers = past_the_check(lock_on(succeeded), *sides)
    assert replay() == 200
    assert codes(answers[:3]) == ["Refund"] + ["payment_over_refund"] * 2
    assert verdicts(answers[3:]) == {"known": 3}
    assert (balance("prepaid"), held("prepaid"), again(succeeded).refunded_fen) == (5000, 5000, 5000)


# --- The statement ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["statement", "callback"])
def test_statement_beside_a_callback_moves_nothing_and_says_what_it_saw(wechat, paying, first):
    """django-hordak PR #142, in reconciliation: a cut-off that leaves out who commits late. Here: the provider's file is taken
    in while its callback is on the way; the file itself never moves money, its line is matched, or stands open for somebody."""
    content = port("payment").statement(clock.today())
    take = partial(import_statement, SYSTEM, day=clock.today(), content=content)
    hear = partial(tasks.take_notice, *callback(wechat))
    if first == "callback":
        assert hear() == 200
        files = past_the_check(("LOCK TABLE payments_statementfile IN SHARE MODE",), take, take)
    else:
        with holding(("LOCK TABLE payments_statementrow IN SHARE MODE",)):
            rival = Rival(take)
            wait_for_waiting(1)  # it has compared, and stands before writing its lines
            assert hear() == 200
        files = [rival.answer()]
    row = StatementRow.objects.unscoped("test").get()
    assert (row.verdict, row.state) == (
        ("matched", "settled") if first == "callback" else ("surplus", "open")
    )
    assert {each.pk for each in files} == {StatementFile.objects.unscoped("test").get().pk}
    assert (again(paying).state, transfers(), balance("prepaid")) == ("succeeded", 1, 5000)


def test_statement_taken_in_from_four_sides_is_one_file(wechat, succeeded):
    """Tendenci #584 (peers §5), and Formance stack #1633: the same import again. Here: four take in one file at once; it is one
    file with its lines once."""
    content = port("payment").statement(clock.today())
    take = partial(import_statement, SYSTEM, day=clock.today(), content=content)
    files = past_the_check(("LOCK TABLE payments_statementfile IN SHARE MODE",), *[take] * 4)
    assert {each.pk for each in files} == {StatementFile.objects.unscoped("test").get().pk}
    assert StatementRow.objects.unscoped("test").count() == 1
