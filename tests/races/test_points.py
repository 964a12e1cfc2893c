"""Points: two checkouts with one lot, ends beside uses and refunds, grants that die half-way; every fen in its place."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction

from gonghui.funds.actions import grants
from gonghui.funds.actions.points import expire_batch, expire_points, spend_orders
from gonghui.funds.models import PointGrant
from gonghui.funds.points import balance_of, lots_of
from gonghui.funds.tests.granting import (
    SYSTEM,
    capped,
    checked,
    fresh,
    granted,
    is_backed,
    outstanding,
    refund,
    spend,
    started,
    states,
    till,
)
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit import clock
from gonghui.ledger.engine import create_transfers
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.members.models import Membership, Person
from tests.races.stage import (
    Rival,
    codes,
    in_turn,
    killed_at,
    killed_inside,
    lock_on,
    past_the_check,
    wait_for_waiting,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
SPENDS = """
from gonghui.funds.tests.granting import spend
spend(SYSTEM, person_id=person_id, points=60, subject="bill:1", credit_id=credit_id)
"""
GIVES = """
from gonghui.funds.actions import grants
grants.BATCH = 10
grants.give_grant(SYSTEM, grant_id=grant_id)
"""


def days(number: int) -> dt.date:
    return clock.today() + dt.timedelta(days=number)


def lot_account(person_id: int) -> LedgerAccount:
    """Of a person with one lot."""
    return LedgerAccount.objects.unscoped("test").get(kind="points", person_id=person_id)


def crowd_of(money, size: int) -> None:
    people = Person.objects.bulk_create([Person(name=f"会员{n}") for n in range(size)])
    union = money.cast.unions["factory"]
    Membership.objects.bulk_create([Membership(person=person, union=union) for person in people])


@pytest.fixture
def mei(money) -> int:
    """With 100 points of one grant, good for 60 days."""
    granted(money)
    return money.cast.people["mei"].pk


@pytest.fixture
def shop(money) -> LedgerAccount:
    return till(money)


def spending(person_id: int, shop: LedgerAccount, number: int, subject: str):
    return partial(spend, SYSTEM, person_id=person_id, points=number, subject=subject, credit_id=shop.pk)


# --- Spent ----------------------------------------------------------------------------------------------------


def test_two_checkouts_spend_one_lot_once(money, mei, shop):
    """Saleor #544, django-oscar #2101: two checkouts at once spent what was there once. Here: four tills want 60 of 100 points
    and all stand before the lot; one has them, three hear what is left, and the shop is owed for one."""
    calls = [spending(mei, shop, 60, f"bill:{n}") for n in range(4)]
    answers = past_the_check(lock_on(lot_account(mei)), *calls)
    assert codes(answers) == ["NoneType"] + ["points_short"] * 3
    assert (balance_of(mei), balance(shop.pk), is_backed(), trial()) == (40, 6_000, True, 0)


def test_spending_that_did_not_wait_is_refused_by_the_accounts(money, mei, shop):
    """pretix PR #6396, Medusa #16012: what was read before the lock went into the sum. Here: two that read the lots before
    anybody locked them, as a careless caller would; the accounts themselves refuse the second, points and fen alike."""
    read = lots_of(mei)
    orders = [spend_orders(read, 60, credit_id=shop.pk, subject=f"bill:{n}", key=uuid4()) for n in range(2)]
    calls = [partial(create_transfers, [replace(order, chain=1) for order in one]) for one in orders]
    answers = past_the_check(lock_on(lot_account(mei)), *calls)
    assert sorted(answers) == [["ok", "ok"], ["overdrawn", "linked"]]
    assert (balance_of(mei), balance(shop.pk), is_backed()) == (40, 6_000, True)


def test_every_point_spent_at_once_is_of_one_lot_and_its_budget(money, shop):
    """Blnk PR #315: what money came from which fund was written down later, beside the posting: allotted twice, or lost. Here:
    two lots spent from two tills at once; every point taken of a lot stands beside its fen of the same lot's budget, in one
    write."""
    granted(money, expires_on=days(30))
    granted(money, "factory", budget=money.factory, expires_on=days(90))
    mei = money.cast.people["mei"].pk
    first = min(
        LedgerAccount.objects.unscoped("test").filter(kind="points", person_id=mei), key=lambda a: a.pk
    )
    calls = [spending(mei, shop, number, f"bill:{number}") for number in (130, 70)]
    assert codes(past_the_check(lock_on(first), *calls)) == ["NoneType"] * 2
    for bill, number in (("bill:130", 130), ("bill:70", 70)):
        rows = list(Transfer.objects.unscoped("test").filter(subject=bill).order_by("seq"))
        taken = [(row.credit.name, row.amount * 100) for row in rows if row.code == "spend_points"]
        paid = [(row.debit.name, row.amount) for row in rows if row.code == "pay_points"]
        assert taken == paid
        assert sum(fen for _budget, fen in paid) == number * 100
    assert (balance_of(mei), balance(shop.pk), is_backed(), trial()) == (0, 20_000, True, 0)


def test_till_killed_while_points_are_spent_took_none(money, mei, shop):
    """Saleor PR #15855, Blnk PR #315: half of a checkout was on file when the other half failed. Here: a process killed with -9
    after points and fen moved, and one killed between them and the shop, leave both where they were."""
    facts = {"person_id": mei, "credit_id": shop.pk}
    killed_inside(SPENDS, **facts)
    killed_at(lock_on(shop), SPENDS, **facts)
    assert (balance_of(mei), balance(shop.pk), is_backed()) == (100, 0, True)
    spending(mei, shop, 100, "bill:2")()
    assert (balance_of(mei), balance(shop.pk), trial()) == (0, 10_000, 0)


# --- Ended ----------------------------------------------------------------------------------------------------


def test_points_spent_as_they_end_are_spent_or_gone_never_both(money, mei, shop):
    """Medusa #16595, pretix PR #6067: what was given back beside a use was the use. Here: a till reads the lot while it lives
    and stands before it while the midnight sweep takes it; the till hears there is nothing, the budget has all of it back."""
    home = balance(money.city.account_id)
    with transaction.atomic():
        with time_machine.travel(clock.now() + dt.timedelta(days=61), tick=True):
            assert expire_batch(SYSTEM) == 300
        late = Rival(spending(mei, shop, 60, "bill:1"))
        wait_for_waiting(1)
    assert codes([late.answer()]) == ["points_short"]
    assert (outstanding(), balance(shop.pk), balance(money.city.account_id)) == (0, 0, home + 3 * 10_000)
    assert (is_backed(), trial()) == (True, 0)


def test_sweeps_that_come_while_a_till_spends_take_the_rest_once(money, mei, shop):
    """Medusa #16595 in the other order: four sweeps come while a till has 60 of a lot in hand. Here: they wait for it; what the
    till leaves, and what everybody else has, goes home once."""
    home = balance(money.city.account_id)
    with transaction.atomic():
        spending(mei, shop, 60, "bill:1")()
        with time_machine.travel(clock.now() + dt.timedelta(days=61), tick=True):
            sweeps = [Rival(partial(expire_batch, SYSTEM)) for _n in range(4)]
            wait_for_waiting(4)
    assert sorted(sweep.answer() for sweep in sweeps) == [0, 0, 0, 240]
    assert (outstanding(), balance(shop.pk), balance(money.city.account_id)) == (0, 6_000, home + 24_000)
    assert (is_backed(), trial()) == (True, 0)


@pytest.mark.parametrize("stands", ["backing", "issue"])
@pytest.mark.parametrize("first", ["refund", "sweep"])
def test_refund_into_a_lot_as_it_ends_is_swept_once(money, mei, shop, first, stands):
    """Medusa #16595, Blnk PR #315: a refund and an end of the same lot, each undoing the other. Here: 60 spent points come back
    while the sweep takes the lot; in both orders, wherever they meet, nobody waits in a circle, and they are back in their lot
    and then, once, in the budget."""
    home = balance(money.city.account_id)
    spending(mei, shop, 60, "bill:1")()
    back = partial(refund, SYSTEM, spent="bill:1", points=60, subject="refund:1", debit_id=shop.pk)
    account = LedgerAccount.objects.unscoped("test").get(kind=stands)
    with time_machine.travel(clock.now() + dt.timedelta(days=61), tick=True):
        sweep = partial(expire_batch, SYSTEM)
        answers = in_turn(lock_on(account), *((back, sweep) if first == "refund" else (sweep, back)))
        assert codes(answers) == ["NoneType", "int"]
        expire_points(SYSTEM)
    assert (outstanding(), balance(shop.pk), balance(money.city.account_id)) == (0, 0, home + 30_000)
    assert (is_backed(), trial()) == (True, 0)


@pytest.mark.parametrize("first", ["refund", "spend"])
def test_refund_and_spending_of_one_lot_at_once_both_happen(money, mei, shop, first):
    """Medusa #16595: a use that commits beside the way back of another. Here: one till gives 60 points back, another spends 40
    of the same lot; both happen, in both orders, and nobody waits in a circle."""
    spending(mei, shop, 60, "bill:1")()
    back = partial(refund, SYSTEM, spent="bill:1", points=60, subject="refund:1", debit_id=shop.pk)
    use = spending(mei, shop, 40, "bill:2")
    issue = LedgerAccount.objects.unscoped("test").get(kind="issue")
    answers = in_turn(lock_on(issue), *((back, use) if first == "refund" else (use, back)))
    assert codes(answers) == ["NoneType"] * 2
    assert (balance_of(mei), balance(shop.pk), is_backed(), trial()) == (60, 4_000, True, 0)


# --- Granted --------------------------------------------------------------------------------------------------


def test_grant_killed_half_way_and_run_again_gives_everybody_once(money, monkeypatch):
    """Formance stack #1633, Blnk PR #315: a crash in the middle, and the retry writes it again. Here: the worker is killed with
    -9 inside a batch whose points and fen are written; nothing of that batch is there, and another run gives to all, once."""
    monkeypatch.setattr(grants, "BATCH", 10)
    crowd_of(money, 40)
    grant = started(money)
    grants.give_batch(SYSTEM, grant_id=grant.pk)
    # Points and their backing are written; the batch's own count waits for this row until the worker is dead.
    killed_at(
        ("SELECT 1 FROM funds_pointgrant WHERE id = %s FOR NO KEY UPDATE", grant.pk), GIVES, grant_id=grant.pk
    )
    assert (fresh(grant).granted, outstanding(), is_backed()) == (10, 1_000, True)
    grants.give_grant(SYSTEM, grant_id=grant.pk)
    done = fresh(grant)
    assert (done.state, done.granted, outstanding()) == ("granted", done.people, done.people * 100)
    assert (is_backed(), trial()) == (True, 0)


def test_grant_given_by_three_workers_at_once_is_given_once(money, monkeypatch):
    """Saleor PR #15855: two threads completing one checkout. Here: three workers run one grant, all in its middle at once;
    every member has it once, and the money left over goes back once."""
    monkeypatch.setattr(grants, "BATCH", 7)
    crowd_of(money, 30)
    grant = started(money)
    budget = LedgerAccount.objects.unscoped("test").get(pk=money.city.account_id)
    in_turn_of = [partial(grants.give_grant, SYSTEM, grant_id=grant.pk)] * 3
    answers = past_the_check(lock_on(PointGrant.objects.unscoped("test").get(pk=grant.pk)), *in_turn_of)
    grants.give_grant(SYSTEM, grant_id=grant.pk)
    done = fresh(grant)
    assert [type(each) for each in answers] == [PointGrant] * 3
    assert (done.state, done.granted, outstanding()) == ("granted", done.people, done.people * 100)
    assert balance(budget.pk) == 30_000 * 100 - done.people * 10_000
    assert (is_backed(), trial()) == (True, 0)


def test_grants_of_two_unions_at_once_keep_within_the_cap(money, monkeypatch):
    """Medusa #16012, PR #16097: a limit per customer, passed by two at once. Here: two unions grant to the same people, each
    alone within the cap, together not; everybody has one of the two, and what was not given is back in its own budget."""
    monkeypatch.setattr(grants, "BATCH", 9)
    crowd_of(money, 30)
    capped(150)
    pair = [checked(money, "city"), checked(money, "factory", budget=money.factory)]
    for grant in pair:
        grants.run_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    rivals = [Rival(partial(grants.give_grant, SYSTEM, grant_id=grant.pk)) for grant in pair]
    one, two = (rival.answer() for rival in rivals)
    everybody = states(one).keys() | states(two).keys()
    assert (fresh(one).state, fresh(two).state) == ("granted", "granted")
    assert {balance_of(person) for person in everybody} == {100}
    left = balance(money.city.account_id) + balance(money.factory.account_id)
    assert left == 40_000 * 100 - len(everybody) * 10_000
    assert (is_backed(), trial()) == (True, 0)


def test_grant_cancelled_and_run_at_once_is_one_of_both(money):
    """Saleor PR #15855: refunded by one, completed by the other. Here: cancelling gives the reserved money back, running gives
    it to the members; from both sides at once only one of the two happens."""
    grant = checked(money)
    admin = money.actor("city_admin")
    calls = [
        partial(verb, admin, point_grant_id=grant.pk) for verb in (grants.cancel_grant, grants.run_grant)
    ]
    answers = past_the_check(lock_on(grant), *calls)
    assert codes(answers) == ["PointGrant", "illegal_move"]
    grants.give_grant(SYSTEM, grant_id=grant.pk)
    done = fresh(grant)
    given = done.people * 100 if done.state == "granted" else 0
    assert (done.state in ("granted", "cancelled"), outstanding()) == (True, given)
    assert balance(money.city.account_id) == 30_000 * 100 - given * 100
    assert (is_backed(), trial()) == (True, 0)
