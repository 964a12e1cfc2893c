"""What goes back of a bill: to whom, how much, once."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.models import BillPart, LimitUse, WindowUse
from gonghui.bills.selling import Back
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import (
    SYSTEM,
    balances,
    counted,
    fresh,
    moved,
    pay_code,
    refunded,
    sold,
    transfers,
    with_points,
)
from gonghui.funds.actions.commitments import release_commitment
from gonghui.funds.actions.points import expire_points
from gonghui.funds.points import balance_of
from gonghui.funds.tests.granting import capped, is_backed
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError


def funded(money, **facts):
    """满 100 减 20, half of it the city's, and points for everybody."""
    with_points(money)
    return published(money.cast, shares=[union_share(money.city, 500), MERCHANT], **facts)


BASKET = (("面", 1999, 3), ("茶", 701, 7), ("礼盒", 8800, 1))


def test_all_of_it_back_leaves_every_balance_as_it_was(money, shop):
    funded(money)
    before = balances()
    bill = sold(shop, *BASKET, points=37)
    refund = refunded(shop, bill)
    assert (refund.list_fen, refund.points, refund.worker_fen) == (bill.list_fen, 37, bill.due_fen)
    assert moved(before, balances()) == {}
    assert fresh(bill).state == "refunded"
    assert balance_of(shop.people["mei"].pk) == 100
    assert is_backed()
    assert trial() == 0


def test_part_of_it_back_reverses_the_postings_of_its_line(money, shop):
    funded(money)
    bill = sold(shop, ("面", 5_000, 2), ("茶", 2_500, 4))
    refund = refunded(shop, bill, (1, 1))
    said = transfers(f"bill_refund:{refund.pk}")
    # 20 off 200: each noodle carries 2.50 of the union, 2.50 of the merchant, 45 of Mei.
    assert said == [
        ("refund_concede", "posted", 250),
        ("refund_subsidise", "posted", 250),
        ("refund_pay_counter", "posted", 4_500),
    ]
    assert (refund.worker_fen, fresh(bill).state) == (4_500, "settled")
    assert trial() == 0


def test_line_typed_as_an_amount_goes_back_by_amount(money, shop):
    funded(money)
    before = balances()
    bill = sold(shop, 10_000)
    line = bill.lines.get()

    def back(fen):
        asked = [Back(line.pk, list_fen=fen)]
        return refund_bill(shop.actor("clerk"), bill_id=bill.pk, key=uuid4(), back=asked, reason="少退")

    assert back(3_333).worker_fen == 2_667
    assert refused(refunded, shop, bill, (1, 1)) == "bill_refund_other_way"
    assert refused(back, 6_668) == "bill_refund_too_much"
    assert back(6_667).worker_fen == 5_333
    assert fresh(bill).state == "refunded"
    assert moved(before, balances()) == {}


def test_several_units_go_back_by_the_unit_only(shop):
    bill = sold(shop, ("面", 5_000, 2))
    line = bill.lines.get()
    asked = {"bill_id": bill.pk, "key": uuid4(), "reason": "退"}
    clerk = shop.actor("clerk")
    assert refused(refund_bill, clerk, back=[Back(line.pk, list_fen=100)], **asked) == "bill_refund_other_way"
    assert counted()[3] == 0


def test_whole_refund_restores_voucher_window_limit_and_rule(money, shop):
    capped(15, category="coupon")
    terms = published(
        shop, needs_voucher=True, windows=[{"capacity": 1}], limits=[("person", 1)], category="coupon",
        shares=[union_share(money.city, 500), MERCHANT],
    )  # fmt: skip
    voucher = given_voucher(released(terms), shop.people["mei"].pk)
    for ahead in range(2):
        bill = sold(shop, ("面", 5_000, 2), customer=voucher.code)
        assert fresh(voucher).state == "redeemed"
        refunded(shop, bill, (1, 1))
        assert fresh(voucher).state == "redeemed"
        refunded(shop, bill, (1, 1))
        assert (fresh(voucher).state, fresh(bill).state) == ("confirmed", "refunded"), ahead
        assert WindowUse.objects.unscoped("test").get().used == 0
        assert LimitUse.objects.unscoped("test").get().used == 0
    assert trial() == 0


def test_voucher_past_its_time_stays_used(money, shop):
    terms = published(shop, needs_voucher=True)
    pool = released(terms, valid_until=clock.now() + timedelta(hours=1))
    voucher = given_voucher(pool, shop.people["mei"].pk)
    bill = sold(shop, customer=voucher.code)
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        refunded(shop, bill, by="city_admin")
    assert (fresh(voucher).state, fresh(bill).state) == ("redeemed", "refunded")


def test_same_key_again_is_the_same_refund(shop):
    bill = sold(shop, ("面", 5_000, 3))
    key = uuid4()
    refund = refunded(shop, bill, (1, 1), key=key)
    before = counted()
    assert refunded(shop, bill, (1, 1), key=key).pk == refund.pk
    assert refused(refunded, shop, bill, (1, 2), key=key) == "bill_refund_key_taken"
    assert counted() == before


def test_who_may_refund_and_when(shop):
    bill = sold(shop)
    for who in ("mei", "lan", "stranger", "sister_admin", "judge"):
        assert refused(refunded, shop, bill, by=who) in ("not_allowed", "not_found")
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
        assert refused(refunded, shop, bill) == "bill_refund_another_day"
        assert refunded(shop, bill, by="finance_officer").worker_fen == 10_000


def test_what_cannot_go_back_is_refused_in_words_and_moves_nothing(shop):
    bill = sold(shop, ("面", 5_000, 2))
    other = sold(shop, ("茶", 500, 2), customer=pay_code(shop, ahead=1))
    line, foreign = bill.lines.get().pk, other.lines.get().pk
    before, seen = counted(), balances()
    for back, code in (
        ([], "bill_refund_nothing"),
        ([Back(line, 3)], "bill_refund_too_much"),
        ([Back(line, 0)], "bill_refund_too_much"),
        ([Back(line, -1)], "bill_refund_too_much"),
        ([Back(line, 10**12)], "bill_refund_too_much"),
        ([Back(line)], "bill_refund_too_much"),
        ([Back(line, 1, 100)], "bill_refund_nothing"),
        ([Back(line, 1), Back(line, 1)], "bill_refund_line_twice"),
        ([Back(foreign, 1)], "bill_refund_foreign_line"),
        ([Back(line, 1), Back(foreign, 1)], "bill_refund_foreign_line"),
    ):
        asked = {"bill_id": bill.pk, "key": uuid4(), "back": back, "reason": "退"}
        with pytest.raises(DomainError) as error:
            refund_bill(shop.actor("clerk"), **asked)
        assert error.value.code == code
        assert error.value.message
    assert refused(refunded, shop, bill, (1, 1), reason=" ") == "bill_refund_reason_missing"
    assert (counted(), balances()) == (before, seen)


def test_refund_into_a_released_commitment_goes_home_with_the_next_sweep(money, shop):
    terms = funded(money)
    bill = sold(shop)
    purse = terms.shares.get(payer="union").purses.get().commitment
    release_commitment(SYSTEM, purpose=purse.purpose)
    home = balance(money.city.account_id)
    refunded(shop, bill)
    assert balance(purse.account_id) == 1_000
    assert release_commitment(SYSTEM, purpose=purse.purpose) == 1_000
    assert balance(money.city.account_id) == home + 1_000
    assert trial() == 0


def test_points_that_come_back_too_late_end_in_the_budget(money, shop):
    with_points(money)
    bill = sold(shop, 10_000, points=40)
    with time_machine.travel(clock.now() + timedelta(days=90), tick=False):
        expire_points(SYSTEM)
        assert refunded(shop, bill, by="city_admin").points == 40
        assert balance_of(shop.people["mei"].pk) == 0
        expire_points(SYSTEM)
    assert is_backed()
    assert trial() == 0


units = st.lists(st.tuples(st.integers(100, 9_999), st.integers(1, 4)), min_size=1, max_size=3)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(basket=units, points=st.integers(0, 60), order=st.randoms(use_true_random=False))
def test_refunds_per_funder_are_what_was_funded_for_any_partition(money, shop, basket, points, order):
    if not balances_of_points(shop):
        funded(money, threshold_fen=1)
    before = balances()
    lines = [(f"第{n}样", fen, quantity) for n, (fen, quantity) in enumerate(basket)]
    bill = sold(shop, *lines, points=points, customer=next_code(shop))
    left = [(nth, 1) for nth, (_fen, quantity) in enumerate(basket, 1) for _ in range(quantity)]
    order.shuffle(left)
    for back in left:
        refunded(shop, bill, back)
    parts = BillPart.objects.unscoped("test").filter(line__bill=bill)
    assert all(part.refunded_fen == part.fen for part in parts)
    assert fresh(bill).state == "refunded"
    assert moved(before, balances()) == {}
    assert trial() == 0


def balances_of_points(shop) -> int:
    return balance_of(shop.people["mei"].pk)


def next_code(shop) -> str:
    """One that has not paid yet: each minute's pays once."""
    from gonghui.members.models import PayCodeUse

    PayCodeUse.objects.unscoped("test").delete()
    return pay_code(shop)
