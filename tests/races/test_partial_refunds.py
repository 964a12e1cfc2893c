"""Wrong sums of partial refunds, each by the arithmetic of its own report: bills in the database, two refunds at once.

Every one of these priced the order again, or the part that went back, when it went back. Here each line's parts stand since the
sale; the way back reads them under the bill's lock.
"""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest

from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import settle_bill
from gonghui.bills.models import Bill, BillPart, BillRefund, RefundPart
from gonghui.bills.selling import Back
from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stage import SYSTEM, balances, by_payer, fresh, line_parts, moved, open_shop, sold
from gonghui.funds.tests.stage import trial
from gonghui.payments import collecting, tasks
from gonghui.payments.models import Refund
from gonghui.payments.tests.figures import identified
from tests.races.stage import codes, in_turn, lock_on, past_the_check

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]


@pytest.fixture
def shop(money):
    return open_shop(money.cast)


def put_up(money, **facts):
    """Half of it the city's, half the merchant's; a sum off, whatever the bill, unless a rate is told."""
    price = {"form": "percent", "off_fen": 0} if "rate_permille" in facts else {}
    shares = [union_share(money.city), MERCHANT]
    return published(money.cast, shares=shares, **({"threshold_fen": 0} | price | facts))


def giving_back(shop, bill: Bill, *back: tuple[int, int]):
    """(line, units), not yet handed in."""
    lines = list(bill.lines.order_by("nth"))
    asked = [Back(lines[nth - 1].pk, quantity) for nth, quantity in back]
    facts = {"bill_id": bill.pk, "key": uuid4(), "back": asked, "reason": "退货"}
    return partial(refund_bill, shop.actor("clerk"), **facts)


def at_once(bill: Bill, *calls) -> list:
    """Each has come as far as the bill, and stands before it."""
    return past_the_check(lock_on(bill), *calls)


def given_back(refund: BillRefund) -> dict[str, int]:
    found = RefundPart.objects.unscoped("test").filter(refund_line__refund=refund)
    return dict(found.values_list("part__payer", "fen"))


def kept(bill: Bill) -> dict[str, int]:
    """What each payer still gives of it."""
    found: dict[str, int] = {}
    for part in BillPart.objects.unscoped("test").filter(line__bill=bill):
        found[part.payer] = found.get(part.payer, 0) + part.fen - part.refunded_fen
    return found


def test_discount_of_a_line_that_goes_back_is_not_spread_over_those_that_stay(money, shop):
    """Vendure #4811: the discount of a whole order was shared out again over the lines that stayed, so it stayed whole, or grew
    where what is in the order says how much it is. Here: 30 off three lines of 100; two go back at once, while an offer that
    would take off more has begun; each takes its own 10 of the discount along, and the last line is as dear as it was."""
    put_up(money, off_fen=3_000)
    bill = sold(shop, ("甲", 10_000, 1), ("乙", 10_000, 1), ("丙", 10_000, 1))
    each = [("union", 500), ("merchant", 500), ("worker", 9_000)]
    assert line_parts(bill) == [each] * 3
    put_up(money, off_fen=9_000, title="更大的优惠")
    answers = at_once(bill, giving_back(shop, bill, (1, 1)), giving_back(shop, bill, (2, 1)))
    assert [refund.worker_fen for refund in answers] == [9_000, 9_000]
    assert (kept(bill), line_parts(bill)) == ({"union": 500, "merchant": 500, "worker": 9_000}, [each] * 3)
    assert trial() == 0


def test_discount_that_counts_units_never_grows_as_units_go_back(money, shop):
    """Vendure #4811, its worst case: one of the units is free, whichever are left. Here: one of four cups free; two tills give
    back one each at once, then the rest goes; every cup takes a quarter of the free one along, and nobody is paid more than
    was paid."""
    put_up(money, form="free", off_fen=0, units_max=1)
    before = balances()
    bill = sold(shop, ("茶", 1_000, 4))
    assert by_payer(bill) == {"union": 500, "merchant": 500, "worker": 3_000}
    at_once(bill, *(giving_back(shop, bill, (1, 1)) for _till in range(2)))
    assert kept(bill) == {"union": 250, "merchant": 250, "worker": 1_500}
    giving_back(shop, bill, (1, 2))()
    assert (moved(before, balances()), fresh(bill).state, trial()) == ({}, "refunded", 0)


def test_refund_asks_the_provider_for_what_was_paid_and_not_for_the_list_price(money, shop, wechat):
    """Vendure #2393: the refund was reckoned without the promotion, passed what the payment held, and failed half-way: the money
    had gone back, the order knew nothing of it. Here: 80 paid by WeChat for 100; two halves go back at once, 40 each; the
    provider gives both, and payment and bill are both at the end."""
    put_up(money, off_fen=2_000)
    before = balances()
    bill = sold(shop, ("面", 5_000, 2), method="wechat")
    identified(bill.person_id)
    collecting.start_payment(SYSTEM, payment_id=bill.payment_id)
    wechat.pay(bill.payment.out_trade_no)
    hear(wechat)
    assert fresh(bill).state == "settled"
    answers = at_once(bill, *(giving_back(shop, bill, (1, 1)) for _till in range(2)))
    assert [given_back(refund) for refund in answers] == [
        {"union": 500, "merchant": 500, "worker": 4_000}
    ] * 2
    for refund in Refund.objects.unscoped("test"):
        tasks.send_refund(refund_id=refund.pk)
    hear(wechat)
    sent = Refund.objects.unscoped("test").values_list("state", "amount_fen")
    assert sorted(sent) == [("succeeded", 4_000)] * 2
    payment = fresh(bill).payment
    assert (payment.amount_fen, payment.refunded_fen, fresh(bill).state) == (8_000, 8_000, "refunded")
    assert (moved(before, balances()), trial()) == ({}, 0)


def hear(wechat) -> None:
    """All that the provider has to tell, and what follows it here."""
    wechat.deliver(tasks.take_notice)
    for bill in Bill.objects.unscoped("test").filter(state="held", payment__state="succeeded"):
        settle_bill(SYSTEM, bill_id=bill.pk)


def test_units_that_went_back_keep_their_share_of_the_discount(money, shop):
    """Vendure #1795: whether a fixed discount lies on the units that are left or on all that were bought; either way somebody
    was given too much. Here: three of 12, 10 off, which three does not divide, nor the 5 of each funder; two go back at once,
    the third after them. Whatever has gone back so far is within a fen of its share, and at the end it is all."""
    put_up(money, off_fen=1_000)
    before = balances()
    bill = sold(shop, ("部件", 1_200, 3))
    assert by_payer(bill) == {"union": 500, "merchant": 500, "worker": 2_600}
    at_once(bill, *(giving_back(shop, bill, (1, 1)) for _till in range(2)))
    giving_back(shop, bill, (1, 1))()
    refunds = [given_back(row) for row in BillRefund.objects.unscoped("test").order_by("pk")]
    assert refunds == [
        {"union": 167, "merchant": 167, "worker": 866},
        {"union": 166, "merchant": 166, "worker": 868},
        {"union": 167, "merchant": 167, "worker": 866},
    ]
    assert (moved(before, balances()), fresh(bill).state, trial()) == ({}, "refunded", 0)


def test_item_that_goes_back_alone_brings_its_price_less_its_own_discount(money, shop):
    """Solidus #512: £6 and £4 with 10 % off; one alone brought back another sum than was paid for it, for the reckoning looked
    at adjustments and never at earlier refunds. Here: both go back at once, and one of them twice; 5.40 and 3.60, which is the
    9 that was paid, and the second time is refused."""
    put_up(money, rate_permille=900)
    before = balances()
    bill = sold(shop, ("甲", 600, 1), ("乙", 400, 1))
    assert bill.due_fen == 900
    first = giving_back(shop, bill, (1, 1))
    again, other = giving_back(shop, bill, (1, 1)), giving_back(shop, bill, (2, 1))
    *back, refused = codes(in_turn(lock_on(bill), first, again, other))
    # PostgreSQL keeps the order of the first alone; who comes again last finds all of it given back.
    assert back == ["BillRefund"] * 2 and refused in ("bill_refund_too_much", "bill_not_settled")
    refunds = BillRefund.objects.unscoped("test").filter(bill=bill)
    assert sorted(refund.worker_fen for refund in refunds) == [360, 540]
    assert (moved(before, balances()), fresh(bill).state, trial()) == ({}, "refunded", 0)


def test_part_of_a_great_bill_takes_its_ratio_of_the_discount_and_not_all_of_it(money, shop):
    """Odoo PR #286433: one product of a large order went back, and with it the whole discount of the order. Here: ten of 50 with
    10 % off, the discount as large as one of them; one and three go back at once: 45 and 135, and each funder has back one
    tenth and three."""
    put_up(money, rate_permille=900)
    bill = sold(shop, ("箱", 5_000, 10))
    assert by_payer(bill) == {"union": 2_500, "merchant": 2_500, "worker": 45_000}
    answers = at_once(bill, giving_back(shop, bill, (1, 1)), giving_back(shop, bill, (1, 3)))
    assert [given_back(refund) for refund in answers] == [
        {"union": 250, "merchant": 250, "worker": 4_500},
        {"union": 750, "merchant": 750, "worker": 13_500},
    ]
    assert kept(bill) == {"union": 1_500, "merchant": 1_500, "worker": 27_000}
    assert trial() == 0


def test_partial_refund_is_apportioned_to_what_goes_back(money, shop):
    """PrestaShop PR #42502 (#18319): 150 and 60 with 20 % off; for the 150 alone came 108, all 42 of the discount taken from
    it. Here: 120 for it and 48 for the other, at once and in either order; 168 in all, as was paid."""
    put_up(money, rate_permille=800)
    before = balances()
    bill = sold(shop, ("大", 15_000, 1), ("小", 6_000, 1))
    assert bill.due_fen == 16_800
    large, small = at_once(bill, giving_back(shop, bill, (1, 1)), giving_back(shop, bill, (2, 1)))
    assert given_back(large) == {"union": 1_500, "merchant": 1_500, "worker": 12_000}
    assert given_back(small) == {"union": 600, "merchant": 600, "worker": 4_800}
    assert (moved(before, balances()), fresh(bill).refunded_fen, trial()) == ({}, 21_000, 0)
