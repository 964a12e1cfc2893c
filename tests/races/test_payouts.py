"""Payouts: a statement is paid once and answered in one way; what a bank gives back is owed once, whoever comes at one moment."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

from gonghui.funds.tests.stage import balance, trial
from gonghui.kit import clock
from gonghui.settlement import actions
from gonghui.settlement.models import Dispute, Payout, PayoutBatch, Statement
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests.stage import SYSTEM, build_shop, period, sold, statement_of
from tests.races.stage import codes, in_turn, killed_at, killed_inside, lock_on, past_the_check

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
OWNER = "owner of 好味食堂"
MAKES = """
from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.settlement import actions
clerk = actor_of(User.objects.unscoped("test").get(pk=clerk_id))
actions.make_payout_batch(clerk, union_id=union_id)
"""
RECORDS = """
from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.settlement import actions
clerk = actor_of(User.objects.unscoped("test").get(pk=clerk_id))
actions.record_payout(clerk, payout_id=payout_id, result="paid", bank_number="NX1")
"""


@pytest.fixture
def shop(money):
    """0.6 % of 10,000 is kept: what is paid is 9,940."""
    return build_shop(money.cast, money, fee_bp=60)


@pytest.fixture
def stated(shop):
    """October of 2024, sent to the merchant; November follows."""
    days = [dt.date(2024, month, 1) for month in (10, 11, 12)]
    october, shop.extra["november"] = period(shop.cast, *days[:2]), period(shop.cast, *days[1:])
    sold(shop, ("union", 10_000), at=dt.datetime(2024, 10, 9, 12, tzinfo=clock.CHINA))
    actions.make_statements(SYSTEM, period_id=october.pk)
    row = statement_of(shop, october)
    return actions.send_statement(shop.actor("finance_officer"), statement_id=row.pk)


@pytest.fixture
def approved(shop, stated):
    confirming(shop, stated)()
    return actions.approve_statement(shop.actor("city_admin"), statement_id=stated.pk)


@pytest.fixture
def at_the_bank(shop, approved):
    """Its payout, in the file the bank has."""
    batch = batching(shop)()
    actions.approve_batch(shop.actor("city_admin"), batch_id=batch.pk)
    return batch.payouts.get()


def confirming(shop, row: Statement):
    return partial(actions.confirm_statement, shop.actor(OWNER), statement_id=row.pk, total_fen=9_940)


def batching(shop):
    return partial(actions.make_payout_batch, shop.actor("finance_officer"), union_id=shop.partner.union_id)


def hearing(shop, payout: Payout, result: str):
    facts = {"bank_number": "NX1"} if result == "paid" else {"note": "户名与账号不符"}
    finance = shop.actor("finance_officer")
    return partial(actions.record_payout, finance, payout_id=payout.pk, result=result, **facts)


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def owed(shop) -> tuple[int, int]:
    """To the merchant by the ledger, and what the whole ledger is out by."""
    return balance(shop.payable.pk), trial()


# --- Paid once ------------------------------------------------------------------------------------------------


def test_statement_in_batches_made_at_once_is_paid_by_one(shop, approved):
    """Saleor PR #15855, Medusa #16012: what two had found payable, both paid. Here: four make a batch of one approved statement,
    all of them before the union; one batch has it, three hear that there is nothing to pay."""
    answers = past_the_check(lock_on(shop.partner.union), *[batching(shop)] * 4)
    assert codes(answers) == ["PayoutBatch"] + ["batch_nothing_to_pay"] * 3
    payout = Payout.objects.unscoped("test").get()
    assert (payout.amount_fen, PayoutBatch.objects.unscoped("test").count()) == (9_940, 1)


@pytest.mark.parametrize("first", ["approve", "cancel"])
def test_batch_approved_and_cancelled_at_once_is_one_of_both(shop, approved, first):
    """Saleor PR #15855: completed by one, called off by another, and both came true. Here: either the file goes to the bank and
    the statement is in no other batch, or it does not go and the statement waits for the next."""
    batch = batching(shop)()
    approve = partial(actions.approve_batch, shop.actor("city_admin"), batch_id=batch.pk)
    cancel = partial(actions.cancel_batch, shop.actor("finance_officer"), batch_id=batch.pk)
    answers = in_turn(lock_on(batch), *((approve, cancel) if first == "approve" else (cancel, approve)))
    assert codes(answers) == ["PayoutBatch", "illegal_move"]
    again = codes([_tried(batching(shop))])
    if first == "approve":
        assert (now(batch).state, now(batch.payouts.get()).state, again) == (
            "approved",
            "sent",
            ["batch_nothing_to_pay"],
        )
    else:
        assert (now(batch).state, batch.payouts.get().state, again) == (
            "cancelled",
            "cancelled",
            ["PayoutBatch"],
        )


def _tried(call):
    try:
        return call()
    except Exception as error:
        return error


def test_result_heard_from_six_sides_is_posted_once(shop, at_the_bank):
    """Formance stack #1633, Medusa #16012: one capture heard twice was taken twice. Here: six clerks note the same payment as
    paid, all of them before its batch; it is posted once and five hear that it was noted."""
    answers = past_the_check(lock_on(at_the_bank.batch), *[hearing(shop, at_the_bank, "paid")] * 6)
    assert codes(answers) == ["Payout"] + ["illegal_move"] * 5
    assert (owed(shop), now(at_the_bank.statement).state) == ((0, 0), "paid")


@pytest.mark.parametrize("first", ["paid", "bounced"])
def test_payment_heard_as_paid_and_as_bounced_at_once_is_owed_or_paid(shop, at_the_bank, first):
    """Medusa #16595, both orders: the way back beside the way there, each with what it had read before. Here: paid and then
    given back is owed again; given back first cannot be paid any more; either way it is paid by the next batch, once."""
    order = ("paid", "bounced") if first == "paid" else ("bounced", "paid")
    answers = in_turn(lock_on(at_the_bank.batch), *[hearing(shop, at_the_bank, result) for result in order])
    assert codes(answers) == (["Payout", "Payout"] if first == "paid" else ["Payout", "illegal_move"])
    assert (now(at_the_bank).state, now(at_the_bank.statement).state) == ("bounced", "approved")
    assert owed(shop) == (9_940, 0)
    batch = batching(shop)()
    actions.approve_batch(shop.actor("city_admin"), batch_id=batch.pk)
    hearing(shop, batch.payouts.get(), "paid")()
    assert (owed(shop), reconcile(now(at_the_bank.statement)).is_equal) == ((0, 0), True)


def test_money_that_came_back_after_the_close_is_carried_once(shop, at_the_bank):
    """Medusa #16595, PR #16596: a way back that ran twice freed twice. Here: the period is closed, four clerks note that the
    bank gave the money back, then three make the statements of the next period; it is owed once and stated once."""
    hearing(shop, at_the_bank, "paid")()
    finance, november = shop.actor("finance_officer"), shop.extra["november"]
    actions.close_period(finance, period_id=at_the_bank.statement.period_id)
    answers = past_the_check(lock_on(at_the_bank.batch), *[hearing(shop, at_the_bank, "bounced")] * 4)
    assert codes(answers) == ["Payout"] + ["illegal_move"] * 3
    assert owed(shop) == (9_940, 0)
    making = partial(actions.make_statements, SYSTEM, period_id=november.pk)
    assert sorted(past_the_check(lock_on(november), *[making] * 3)) == [0, 0, 1]
    second = statement_of(shop, november)
    assert (second.carried_fen, second.total_fen, reconcile(second).is_equal) == (9_940, 9_940, True)
    assert now(at_the_bank.statement).carried_into_id == second.pk


# --- Answered in one way ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["confirm", "dispute"])
def test_statement_confirmed_and_disputed_at_once_is_one_of_both(shop, stated, first):
    """cal.com #10789: two answers to one question both passed. Here: the owner confirms on one phone while a line is disputed on
    another; whichever is first holds, the other hears that the statement asks nothing any more."""
    line = stated.lines.get()
    dispute = partial(actions.dispute_line, shop.actor(OWNER), line_id=line.pk, reason="少补了一元")
    confirm = confirming(shop, stated)
    answers = in_turn(lock_on(stated), *((confirm, dispute) if first == "confirm" else (dispute, confirm)))
    assert codes(answers[1:]) == ["statement_not_asked"]
    disputes = Dispute.objects.unscoped("test").count()
    assert (now(stated).state, disputes) == (("confirmed", 0) if first == "confirm" else ("disputed", 1))


# --- Killed with -9 --------------------------------------------------------------------------------------------


def test_clerk_killed_while_making_a_batch_took_nothing(shop, approved):
    """Saleor PR #15855: half of it on file. Here: one process is killed once all but the commit is written, another between the
    batch and its payouts; neither left a batch, and the statement is paid by the next, once."""
    facts = {"clerk_id": shop.cast.users["finance_officer"].pk, "union_id": shop.partner.union_id}
    killed_inside(MAKES, **facts)
    killed_at(("LOCK TABLE settlement_payout IN SHARE MODE",), MAKES, **facts)
    assert not PayoutBatch.objects.unscoped("test").exists()
    batch = batching(shop)()
    actions.approve_batch(shop.actor("city_admin"), batch_id=batch.pk)
    hearing(shop, batch.payouts.get(), "paid")()
    assert (batch.count, batch.amount_fen, owed(shop)) == (1, 9_940, (0, 0))


def test_clerk_killed_while_noting_a_payment_posted_nothing(shop, at_the_bank):
    """Saleor PR #15855: here, killed once everything but the commit is written, and again before the ledger's account; nothing is
    posted, and noting it again posts it once."""
    facts = {"clerk_id": shop.cast.users["finance_officer"].pk, "payout_id": at_the_bank.pk}
    killed_inside(RECORDS, **facts)
    killed_at(lock_on(shop.payable), RECORDS, **facts)
    assert (now(at_the_bank).state, owed(shop)) == ("sent", (9_940, 0))
    hearing(shop, at_the_bank, "paid")()
    assert (owed(shop), now(at_the_bank.statement).state) == ((0, 0), "paid")
