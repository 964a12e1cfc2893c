"""A bill that waits for WeChat: what it sets aside, and every way in which it ends."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from gonghui.benefits.actions import no_shows
from gonghui.benefits.actions.redemptions import Scan, redeem_voucher
from gonghui.benefits.packs import new_pack
from gonghui.benefits.tests.plans import refused
from gonghui.bills import tasks
from gonghui.bills.actions import selling, writing
from gonghui.bills.actions.selling import cancel_bill, sell, settle_bill
from gonghui.bills.models import Bill, LimitUse, WindowUse
from gonghui.bills.reactions import end_unpaid_bill, settle_paid_bill
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import (
    SYSTEM,
    balances,
    counted,
    fresh,
    moved,
    pay_online,
    refunded,
    sale,
    sold,
    transfers,
    with_points,
)
from gonghui.funds.actions.points import expire_points
from gonghui.funds.points import balance_of
from gonghui.funds.tests.granting import capped, is_backed
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.ledger import engine
from gonghui.ledger.models import LedgerAccount
from gonghui.payments.actions.payments import close_payment, give_up, locked
from gonghui.payments.events import PaymentFailed, PaymentSucceeded
from gonghui.payments.models import Payment, Refund


@pytest.fixture
def coupon(money):
    """Mei's coupon: 满 100 减 20, half of it the city's; one place in its window, once a person, under a rule."""
    capped(15, category="coupon")
    with_points(money)
    terms = published(
        money.cast, needs_voucher=True, windows=[{"capacity": 1}], limits=[("person", 1)], category="coupon",
        shares=[union_share(money.city, 500), MERCHANT],
    )  # fmt: skip
    return given_voucher(released(terms), money.cast.people["mei"].pk)


def held(shop, *lines, **facts) -> Bill:
    bill = sold(shop, *lines, method="wechat", **facts)
    assert (bill.state, bill.payment.state) == ("held", "created")
    return bill


def pending() -> int:
    return sum(a.debits_pending for a in LedgerAccount.objects.unscoped("test"))


def used() -> tuple[int, int]:
    return WindowUse.objects.unscoped("test").get().used, LimitUse.objects.unscoped("test").get().used


def test_hold_sets_aside_what_is_not_the_workers(coupon, shop):
    before = balances()
    bill = held(shop, 10_000, points=30)
    assert bill.payment.purpose == f"bill:{bill.pk}"
    assert (bill.payment.amount_fen, bill.due_fen) == (5_000, 5_000)
    assert moved(before, balances()) == {}
    assert [(code, fen) for code, _kind, fen in transfers(f"bill:{bill.pk}")] == [
        ("concede", 1_000), ("subsidise", 1_000), ("spend_points", 30), ("pay_points", 3_000),
    ]  # fmt: skip
    assert balance_of(shop.people["mei"].pk) == 70
    assert fresh(coupon).state == "redeemed"
    assert used() == (1, 1)


def test_payment_settles_it_and_the_money_is_the_merchants(coupon, shop):
    before = balances()
    bill = held(shop, 10_000, points=30)
    pay_online(bill)
    settle_paid_bill(PaymentSucceeded(bill.payment_id))
    settle_paid_bill(PaymentSucceeded(bill.payment_id))
    bill, partner = fresh(bill), f"partner:{shop.store.partner_id}"
    assert (bill.state, bill.settled_at is not None) == ("settled", True)
    change = moved(before, balances())
    assert change["payable", partner, None] == 1_000 + 3_000 + 5_000
    assert change["counter", partner, None] == 1_000
    assert change["paid", "own", shop.people["mei"].pk] == -5_000
    assert ("prepaid", "prepaid", None) not in change
    assert pending() == 0
    assert is_backed()
    assert trial() == 0


def test_settled_without_a_payment_is_refused(shop):
    bill = held(shop)
    assert refused(settle_bill, SYSTEM, bill_id=bill.pk) == "bill_not_paid_yet"


def test_cancelled_bill_gives_everything_back_and_the_voucher_too(coupon, shop):
    before = balances()
    bill = held(shop, 10_000, points=30, customer=None)
    cancel_bill(shop.actor("clerk"), bill_id=bill.pk, reason="不要了")
    assert cancel_bill(shop.actor("clerk"), bill_id=bill.pk, reason="不要了").state == "cancelled"
    assert (fresh(bill).payment.state, fresh(coupon).state, used()) == ("closed", "confirmed", (0, 0))
    assert (moved(before, balances()), pending()) == ({}, 0)
    # Free again, the rule's tally too.
    assert sold(shop, customer=coupon.code).due_fen == 8_000


def test_member_and_clerk_cancel_and_nobody_else(shop):
    bill = held(shop)
    for who in ("lan", "stranger", "city_admin"):
        assert refused(cancel_bill, shop.actor(who), bill_id=bill.pk, reason="x") in (
            "not_found",
            "not_allowed",
        )
    assert cancel_bill(shop.actor("mei"), bill_id=bill.pk, reason="不要了").state == "cancelled"


def test_sweep_ends_what_nobody_paid_in_time_and_only_that(coupon, shop):
    bill = held(shop, 10_000)
    tasks.end_waiting_bills(0)
    assert fresh(bill).state == "held"
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        tasks.end_waiting_bills(0)
    assert (fresh(bill).state, fresh(bill).payment.state, fresh(coupon).state) == (
        "cancelled",
        "closed",
        "confirmed",
    )


def test_sweep_settles_what_was_paid_though_nobody_heard(shop):
    bill = held(shop)
    pay_online(bill)
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        tasks.end_waiting_bills(0)
    assert fresh(bill).state == "settled"
    assert trial() == 0


def test_money_after_the_cancel_goes_back(shop):
    before = balances()
    bill = held(shop)
    cancel_bill(shop.actor("clerk"), bill_id=bill.pk, reason="不要了")
    pay_online(bill)
    settle_paid_bill(PaymentSucceeded(bill.payment_id))
    payment = fresh(bill).payment
    assert (payment.state, payment.is_late, payment.refunded_fen) == ("succeeded", True, 10_000)
    assert fresh(bill).state == "cancelled"
    assert moved(before, balances()) == {
        ("paid", "own", bill.person_id): -10_000,
        ("prepaid", "prepaid", None): 10_000,
    }
    assert Refund.objects.unscoped("test").get().state == "requested"


def test_payment_after_what_was_set_aside_ran_out_cancels_and_pays_back(coupon, shop, monkeypatch):
    monkeypatch.setattr(writing, "HOLD_GRACE", -writing.HOLD)
    bill = held(shop, 10_000, points=30)
    engine.void_expired()
    pay_online(bill)
    settle_paid_bill(PaymentSucceeded(bill.payment_id))
    settle_paid_bill(PaymentSucceeded(bill.payment_id))
    payment = fresh(bill).payment
    assert (fresh(bill).state, payment.refunded_fen, fresh(coupon).state) == ("cancelled", 5_000, "confirmed")
    assert (Refund.objects.unscoped("test").count(), balance_of(bill.person_id)) == (1, 100)
    assert trial() == 0


def test_refused_payment_cancels(coupon, shop):
    bill = held(shop, 10_000)
    give_up(locked(pk=bill.payment_id), "fail")
    end_unpaid_bill(PaymentFailed(bill.payment_id))
    assert (fresh(bill).state, fresh(coupon).state) == ("cancelled", "confirmed")


def test_paid_bill_is_not_cancelled(shop):
    bill = held(shop)
    pay_online(bill)
    assert refused(cancel_bill, shop.actor("clerk"), bill_id=bill.pk, reason="x") == "bill_paid_already"
    settle_bill(SYSTEM, bill_id=bill.pk)
    assert refused(cancel_bill, shop.actor("clerk"), bill_id=bill.pk, reason="x") == "bill_not_held"


def test_refund_of_a_bill_paid_online_goes_back_online(coupon, shop):
    bill = held(shop, ("面", 5_000, 2), points=30)
    pay_online(bill)
    settle_bill(SYSTEM, bill_id=bill.pk)
    one = refunded(shop, bill, (1, 1))
    assert one.payment_refund.amount_fen == one.worker_fen
    assert fresh(bill.payment).refunded_fen == one.worker_fen
    refunded(shop, bill, (1, 1))
    assert fresh(bill.payment).refundable_fen == 0
    assert (fresh(bill).state, balance_of(bill.person_id)) == ("refunded", 100)
    assert trial() == 0


def test_points_that_end_while_on_hold_are_spent_or_end(money, shop):
    with_points(money)
    paid, given_up = held(shop, 10_000, points=40), held(shop, 10_000, points=30, customer=next_minute(shop))
    with time_machine.travel(clock.now() + timedelta(days=90), tick=False):
        expire_points(SYSTEM)
    assert (
        sum(
            a.balance
            for a in LedgerAccount.objects.unscoped("test").filter(kind="points", person=paid.person)
        )
        == 70
    )
    pay_online(paid)
    settle_bill(SYSTEM, bill_id=paid.pk)
    cancel_bill(SYSTEM, bill_id=given_up.pk, reason="test")
    with time_machine.travel(clock.now() + timedelta(days=90), tick=False):
        expire_points(SYSTEM)
    assert balance_of(paid.person_id) == 0
    assert is_backed()
    assert trial() == 0


def next_minute(shop) -> str:
    from gonghui.bills.tests.stage import pay_code

    return pay_code(shop, ahead=1)


def test_held_bill_is_the_same_for_the_same_tap(shop):
    asked = sale(shop, method="wechat")
    clerk = shop.actor("clerk")
    assert sell(clerk, sale=asked).pk == sell(clerk, sale=asked).pk
    assert Payment.objects.unscoped("test").count() == 1


def test_retry_of_a_payment_that_was_closed_elsewhere_ends_the_bill(shop):
    bill = held(shop)
    close_payment(SYSTEM, payment_id=bill.payment_id)
    selling.end_waiting(SYSTEM, bill_id=bill.pk)
    assert fresh(bill).state == "cancelled"


# --- the gate -----------------------------------------------------------------------------------------------


def test_gate_sends_priced_vouchers_to_the_till(coupon, shop):
    clerk, before = shop.actor("clerk"), counted()
    scan = Scan(text=coupon.code, key=uuid4(), store_id=shop.store.pk)
    assert refused(redeem_voucher, clerk, scan=scan) == "used_on_a_bill"
    coupon.pool.store = shop.store
    coupon.pool.save()
    assert refused(redeem_voucher, clerk, scan=scan) == "used_on_a_bill"
    assert new_pack(clerk, store_id=shop.store.pk)["vouchers"] == {}
    assert (counted(), fresh(coupon).state) == (before, "confirmed")


def test_coupon_not_used_ends_without_a_no_show(coupon):
    with time_machine.travel(clock.now() + timedelta(days=30), tick=False):
        assert no_shows.mark_no_shows(SYSTEM) == 1
    assert fresh(coupon).state == "expired"
