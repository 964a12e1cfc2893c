"""Tills, members, the clock and the provider at once, on connections of their own; and a till that dies."""

import subprocess
import sys
import threading
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection, transaction

from gonghui.benefits.tests.servers import environment
from gonghui.bills.actions import writing
from gonghui.bills.actions.selling import cancel_bill, end_waiting, sell, settle_bill
from gonghui.bills.models import Bill, BillRefund, WindowUse
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import (
    SYSTEM,
    balances,
    by_payer,
    fresh,
    moved,
    pay_code,
    pay_online,
    refunded,
    sale,
    sold,
    with_points,
)
from gonghui.funds.points import balance_of
from gonghui.funds.tests.granting import is_backed
from gonghui.funds.tests.stage import trial
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import WAITING, WRITING, wait_for
from gonghui.ledger import engine
from gonghui.ledger.models import LedgerAccount
from gonghui.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 60
WORKERS = ("mei", "lan", "qiang")


def at_once(*works) -> list:
    """Each in a thread of its own, all let go together; what each returned, or the code of its refusal."""
    said: list = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(n, work):
        try:
            connection.ensure_connection()
            start.wait(PATIENCE_S)
            said[n] = work()
        except DomainError as error:
            said[n] = error.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, work)) for n, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return said


def tills(shop, sales) -> list:
    clerk = shop.actor("clerk")
    return at_once(*[lambda one=one: sell(clerk, sale=one) for one in sales])


def bills() -> list[Bill]:
    return list(Bill.objects.unscoped("test").order_by("id"))


def pending() -> int:
    return sum(a.debits_pending for a in LedgerAccount.objects.unscoped("test"))


def test_one_voucher_at_four_tills_is_used_once(money, shop):
    terms = published(shop, needs_voucher=True, shares=[union_share(money.city, 500), MERCHANT])
    voucher = given_voucher(released(terms), shop.people["mei"].pk)
    said = tills(shop, [sale(shop, customer=voucher.code) for _ in range(4)])
    assert sum(isinstance(one, Bill) for one in said) == 1
    assert {one for one in said if isinstance(one, str)} <= {
        "already_used",
        "bill_voucher_gone",
        "offer_no_voucher",
    }
    assert [bill.due_fen for bill in bills()] == [8_000]
    assert trial() == 0


def test_same_tap_from_four_sides_is_one_bill(shop):
    published(shop)
    asked = sale(shop)
    said = tills(shop, [asked] * 4)
    assert len({bill.pk for bill in said}) == 1
    assert len(bills()) == 1


def test_last_place_of_a_window_is_given_once(shop):
    published(shop, windows=[{"capacity": 1}])
    asked = [sale(shop, customer=pay_code(shop, who), shown_due_fen=8_000) for who in WORKERS]
    said = tills(shop, asked)
    assert sorted(one for one in said if isinstance(one, str)) == ["bill_price_changed"] * 2
    assert WindowUse.objects.unscoped("test").get().used == 1
    assert [bill.due_fen for bill in bills()] == [8_000]
    # Told the new price, they buy at it.
    again = [
        replace(one, shown_due_fen=10_000, key=uuid4())
        for one, heard in zip(asked, said, strict=True)
        if isinstance(heard, str)
    ]
    assert [bill.due_fen for bill in tills(shop, again)] == [10_000] * 2


@pytest.mark.parametrize(
    ("policy", "dues", "union", "merchant"),
    [
        ("refuse", [8_000, 10_000, 10_000], 1_000, 1_000),
        ("shrink", [8_000, 8_500, 9_000], 1_500, 3_000),
        ("next", [8_000, 8_000, 8_000], 1_500, 4_500),
    ],
)
def test_last_fen_of_a_commitment_goes_as_its_share_says(money, shop, policy, dues, union, merchant):
    share = union_share(money.city, 500, set_aside_fen=1_500, when_empty=policy)
    published(shop, shares=[share, MERCHANT])
    said = tills(shop, [sale(shop, customer=pay_code(shop, who)) for who in WORKERS])
    assert sorted(bill.due_fen for bill in said) == dues
    given = [by_payer(bill) for bill in said]
    assert sum(one.get("union", 0) for one in given) == union
    assert sum(one.get("merchant", 0) for one in given) == merchant
    assert trial() == 0


def test_two_bills_never_spend_the_same_points(money, shop):
    with_points(money)
    asked = [
        sale(shop, customer=pay_code(shop, ahead=ahead), points=60, shown_due_fen=4_000) for ahead in (0, 1)
    ]
    said = tills(shop, asked)
    assert [one for one in said if isinstance(one, str)] == ["bill_price_changed"]
    assert balance_of(shop.people["mei"].pk) == 40
    assert is_backed()
    assert trial() == 0


def test_two_refunds_with_two_keys_give_back_once(money, shop):
    with_points(money)
    published(shop, shares=[union_share(money.city, 500), MERCHANT])
    before = balances()
    bill = sold(shop, ("面", 5_000, 2), points=30)
    said = at_once(*[lambda: refunded(shop, bill, (1, 2))] * 4)
    assert sorted(one for one in said if isinstance(one, str)) == ["bill_not_settled"] * 3
    assert BillRefund.objects.unscoped("test").count() == 1
    assert moved(before, balances()) == {}


def test_units_refunded_from_many_sides_are_counted_once_each(shop):
    bill = sold(shop, ("面", 5_000, 3))
    said = at_once(*[lambda: refunded(shop, bill, (1, 1))] * 5)
    assert sorted(one for one in said if isinstance(one, str)) in (
        ["bill_not_settled"] * 2,
        ["bill_refund_too_much"] * 2,
    )
    assert (BillRefund.objects.unscoped("test").count(), fresh(bill).state) == (3, "refunded")


@pytest.mark.parametrize("is_late", [False, True])
def test_payment_clock_clerk_and_expiry_at_once_end_it_one_way(money, shop, monkeypatch, is_late):
    """`is_late`: what was set aside is past its time when the payment comes."""
    if is_late:
        monkeypatch.setattr(writing, "HOLD_GRACE", -writing.HOLD)
    with_points(money)
    published(shop, shares=[union_share(money.city, 500), MERCHANT])
    before, clerk = balances(), shop.actor("clerk")
    bill = sold(shop, method="wechat", points=30)
    said = at_once(
        lambda: pay_online(bill),
        lambda: settle_bill(SYSTEM, bill_id=bill.pk),
        lambda: end_waiting(SYSTEM, bill_id=bill.pk),
        lambda: cancel_bill(clerk, bill_id=bill.pk, reason="不要了"),
        engine.void_expired,
    )
    settle_late(bill)
    bill = fresh(bill)
    assert bill.state in ("settled", "cancelled"), said
    if bill.state == "cancelled":
        sent = Refund.objects.unscoped("test").filter(payment=bill.payment)
        assert fresh(bill.payment).state == "closed" or sent.get().amount_fen == bill.due_fen
        assert balance_of(bill.person_id) == 100
    else:
        assert moved(before, balances())["payable", f"partner:{bill.partner_id}", None] == 9_000
    assert not LedgerAccount.objects.unscoped("test").exclude(kind="prepaid").filter(debits_pending__gt=0)
    assert is_backed()
    assert trial() == 0


def settle_late(bill) -> None:
    """The news that is still under way arrives."""
    try:
        end_waiting(SYSTEM, bill_id=bill.pk)
    except DomainError:
        settle_bill(SYSTEM, bill_id=bill.pk)


CHILD = """
import django; django.setup()
from uuid import UUID
from gonghui.kit.actors import Actor
from gonghui.bills.actions.selling import sell, settle_bill
from gonghui.bills.selling import Sale, typed_line
clerk = Actor(user_id={user}, keys={{"store": frozenset([{store}])}})
sale = Sale(UUID("{key}"), {store}, "{code}", (typed_line("合计", 10000),), method="wechat")
{verb}
"""


def killed_while_waiting_for(account: LedgerAccount, code: str) -> None:
    """A process of its own is stopped by kill -9 in the middle of moving value out of or into this account."""
    with transaction.atomic():
        LedgerAccount.objects.unscoped("test").select_for_update().get(pk=account.pk)
        till = subprocess.Popen([sys.executable, "-c", code], env=environment())
        try:
            wait_for(WAITING, 1)
        finally:
            till.kill()
            till.wait(PATIENCE_S)
    wait_for(WRITING, 0)


@pytest.mark.faults
def test_till_killed_while_it_holds_and_while_it_settles_leaves_what_was(money, shop):
    terms = published(shop, needs_voucher=True, shares=[union_share(money.city, 500), MERCHANT])
    voucher = given_voucher(released(terms), shop.people["mei"].pk)
    purse = terms.shares.get(payer="union").purses.get().commitment.account
    asked = sale(shop, customer=voucher.code, method="wechat")
    names = {"user": shop.users["clerk"].pk, "store": shop.store.pk, "key": asked.key, "code": voucher.code}
    killed_while_waiting_for(purse, CHILD.format(verb="sell(clerk, sale=sale)", **names))
    assert (bills(), fresh(voucher).state, pending()) == ([], "confirmed", 0)
    bill = sell(shop.actor("clerk"), sale=asked)
    pay_online(bill)
    verb = f'settle_bill(Actor.system("test"), bill_id={bill.pk})'
    killed_while_waiting_for(purse, CHILD.format(verb=verb, **names))
    assert (fresh(bill).state, pending()) == ("held", 2_000)
    assert settle_bill(SYSTEM, bill_id=bill.pk).state == "settled"
    assert pending() == 0
    assert trial() == 0
