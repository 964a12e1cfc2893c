"""A till sells: what a bill is made of, who paid which fen, and what it refuses."""

from dataclasses import replace
from uuid import uuid4

import pytest
import time_machine

from gonghui.benefits.models import Redemption
from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions.selling import quote_sale, sell
from gonghui.bills.models import Bill, BillOffer, LimitUse, WindowUse
from gonghui.bills.pricing import Line
from gonghui.bills.queries import bill_for, bill_view, bills_of
from gonghui.bills.selling import Sale, typed_line
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import (
    YUAN,
    balances,
    by_payer,
    counted,
    fresh,
    moved,
    pay_code,
    sale,
    sold,
    transfers,
    with_points,
)
from gonghui.funds.points import balance_of
from gonghui.funds.tests.granting import capped
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.partners.models import Agreement, Partner


def test_cash_bill_moves_what_each_funder_gave(money, shop):
    with_points(money)
    terms = published(shop, shares=[union_share(money.city, 500), MERCHANT])
    before = balances()
    bill = sold(shop, 100 * YUAN, points=30)
    mei, partner = shop.people["mei"].pk, f"partner:{shop.store.partner_id}"
    assert (bill.state, bill.method, bill.list_fen, bill.due_fen, bill.points) == (
        "settled",
        "cash",
        10_000,
        5_000,
        30,
    )
    assert by_payer(bill) == {"union": 1_000, "merchant": 1_000, "points": 3_000, "worker": 5_000}
    purse = terms.shares.get(payer="union").purses.get().commitment
    change = moved(before, balances())
    assert change.pop(("commitment", purse.account.name, None)) == -1_000
    assert change.pop(("concession", partner, None)) == -1_000
    assert change.pop(("counter", partner, None)) == 1_000 + 5_000
    assert change.pop(("payable", partner, None)) == 1_000 + 3_000
    assert change.pop(("paid", "own", mei)) == -5_000
    assert sorted(change.values()) == [-3_000, -30, 30]  # backing, the lot, the points' issue
    assert balance_of(mei) == 70
    assert trial() == 0


def test_nothing_due_is_settled_without_a_payment(shop):
    published(shop, form="free", threshold_fen=0, off_fen=0)
    bill = sold(shop, 80 * YUAN, method="wechat")
    assert (bill.state, bill.method, bill.due_fen, bill.payment_id) == ("settled", "", 0, None)
    assert transfers(f"bill:{bill.pk}") == [("concede", "posted", 8_000)]


def test_same_tap_again_is_the_same_bill(shop):
    published(shop)
    asked, clerk = sale(shop), shop.actor("clerk")
    bill = sell(clerk, sale=asked)
    before = counted()
    assert sell(clerk, sale=asked).pk == bill.pk
    other = replace(asked, lines=(typed_line("合计", 5_000),))
    assert refused(sell, clerk, sale=other) == "bill_key_taken"
    assert counted() == before


def test_another_price_than_shown_is_refused_with_both_and_nothing_moves(shop):
    terms = published(shop)
    quoted = quote_sale(shop.actor("clerk"), sale(shop))
    assert quoted.quote.due_fen == 8_000
    assert quoted.person == "陈**"
    type(terms).objects.unscoped("test").filter(pk=terms.pk).update(state="paused")
    before, seen = counted(), balances()
    with pytest.raises(DomainError) as error:
        sold(shop, shown_due_fen=8_000)
    assert error.value.code == "bill_price_changed"
    assert "80 元" in error.value.message
    assert "100 元" in error.value.message
    assert (counted(), balances()) == (before, seen)


def test_voucher_that_is_shown_is_the_one_used_and_pays_from_its_own_release(money, shop):
    terms = published(shop, needs_voucher=True, shares=[union_share(money.city, 500), MERCHANT])
    early = released(terms, valid_until=clock.now().replace(year=2029))
    late = released(terms, valid_until=clock.now().replace(year=2030))
    mei = shop.people["mei"].pk
    first, second = given_voucher(early, mei), given_voucher(late, mei)
    bill = sold(shop, customer=second.code)
    assert (fresh(first).state, fresh(second).state) == ("confirmed", "redeemed")
    part = bill.lines.get().parts.get(payer="union")
    assert part.account.name.startswith(f"commitment:release:{late.release_id}:")
    redemption = Redemption.objects.unscoped("test").get(voucher=second)
    assert (redemption.kind, redemption.store_id) == ("bill", shop.store.pk)
    # Without showing one, the earliest to end is used.
    other = sold(shop)
    assert (fresh(first).state, other.due_fen) == ("redeemed", 8_000)
    before = counted()
    assert refused(sold, shop, customer=first.code) == "already_used"
    assert counted() == before


def test_voucher_shown_that_does_not_apply_says_why(shop):
    terms = published(shop, needs_voucher=True)
    voucher = given_voucher(released(terms), shop.people["mei"].pk)
    assert refused(sold, shop, 99 * YUAN, customer=voucher.code) == "offer_under_threshold"
    type(terms).objects.unscoped("test").filter(pk=terms.pk).update(state="paused")
    assert refused(sold, shop, customer=voucher.code) == "bill_offer_rests"
    assert fresh(voucher).state == "confirmed"
    assert counted()[0] == 0


def test_points_are_spent_with_a_pay_code_only(money, shop):
    with_points(money)
    terms = published(shop, needs_voucher=True)
    voucher = given_voucher(released(terms), shop.people["mei"].pk)
    before = counted()
    assert refused(sold, shop, customer=voucher.code, points=10) == "bill_points_need_pay_code"
    shown = quote_sale(shop.actor("clerk"), sale(shop, customer=voucher.code))
    assert shown.quote.points_most == 0
    assert counted() == before
    assert sold(shop, points=10).points == 10


def test_pay_code_pays_once(shop):
    code = pay_code(shop)
    sold(shop, customer=code)
    before = counted()
    assert refused(sold, shop, customer=code) == "pay_code_used"
    assert counted() == before


def test_family_uses_what_is_for_family(shop):
    published(shop, title="家属", family=True)
    published(shop, title="本人", off_fen=5_000)
    assert sold(shop).due_fen == 5_000
    assert sold(shop, customer=pay_code(shop, ahead=1), is_family=True).due_fen == 8_000


def test_only_the_offers_that_were_chosen(shop):
    one = published(shop, off_fen=1_000)
    published(shop, off_fen=5_000)
    assert sold(shop, offer_ids=frozenset({one.offer_id})).due_fen == 9_000
    assert sold(shop, customer=pay_code(shop, ahead=1), offer_ids=frozenset()).due_fen == 10_000


def test_offers_left_out_are_not_given_and_a_shown_voucher_cannot_be(shop):
    one = published(shop, off_fen=5_000)
    published(shop, off_fen=1_000)
    assert sold(shop, without=frozenset({one.offer_id})).due_fen == 9_000
    coupon = published(shop, needs_voucher=True)
    voucher = given_voucher(released(coupon), shop.people["mei"].pk)
    before = counted()
    with pytest.raises(DomainError) as error:
        sold(shop, customer=voucher.code, without=frozenset({coupon.offer_id}))
    assert (error.value.code, counted()) == ("bill_shown_left_out", before)


def test_gift_that_went_between_the_quote_and_the_sale_is_refused_and_nothing_moves(shop):
    terms = published(shop, title="送毛巾", form="gift", gift="毛巾", off_fen=0, windows=[{"capacity": 1}])
    asked = sale(shop, shown_due_fen=10_000, shown_gifts=frozenset({terms.offer_id}))
    sold(shop, customer=pay_code(shop, "lan"))  # the last one
    before = counted()
    with pytest.raises(DomainError) as error:
        sell(shop.actor("clerk"), sale=asked)
    assert (error.value.code, counted()) == ("bill_gift_gone", before)
    assert "“送毛巾”" in error.value.message and "现在应收 100 元" in error.value.message
    bill = sell(shop.actor("clerk"), sale=replace(asked, shown_gifts=frozenset()))
    assert (bill.due_fen, bill.offers_given.count()) == (10_000, 0)


def test_windows_and_limits_are_counted(shop):
    published(shop, windows=[{"capacity": 1}], limits=[("person", 2), ("day", 5)])
    bill = sold(shop)
    use = WindowUse.objects.unscoped("test").get()
    assert (use.used, use.capacity, use.day) == (1, 1, clock.today())
    assert sorted(LimitUse.objects.unscoped("test").values_list("used", "most")) == [(1, 2), (1, 5)]
    offer = BillOffer.objects.unscoped("test").get(bill=bill)
    assert (offer.window_id, offer.window_day, offer.discount_fen) == (use.window_id, use.day, 2_000)
    assert sold(shop, customer=pay_code(shop, ahead=1)).due_fen == 10_000


def test_rule_refuses_with_its_clause_and_counts_what_is_given(money, shop):
    rule = capped(15, category="coupon")
    terms = published(
        shop, title="工会补贴", category="coupon", shares=[union_share(money.city, 500), MERCHANT]
    )
    sold(shop)
    before = counted()
    with pytest.raises(DomainError) as error:
        sold(shop, customer=pay_code(shop, ahead=1))
    assert rule.clause in error.value.clause
    assert "“工会补贴”不能给这位会员" in error.value.message
    assert error.value.facts["offer_id"] == terms.offer_id
    assert counted() == before
    assert trial() == 0
    assert sold(shop, customer=pay_code(shop, ahead=1), without=frozenset({terms.offer_id})).due_fen == 10_000


@pytest.mark.parametrize("category", ["", "general"])
def test_union_money_is_asked_about_whatever_its_maker_left_out(money, shop, category):
    """Nobody gets around 八不准 by leaving a field empty."""
    rule = capped(15, category="coupon")
    published(shop, category=category, shares=[union_share(money.city, 500), MERCHANT])
    sold(shop)
    before = counted()
    with pytest.raises(DomainError) as error:
        sold(shop, customer=pay_code(shop, ahead=1))
    assert (error.value.clause, counted()) == (rule.clause, before)


def test_gift_with_a_worth_is_a_line_of_its_own(money, shop):
    shares = [union_share(money.city, takes_rest=True, permille=0)]
    published(shop, form="gift", gift="毛巾", price_fen=1_500, off_fen=0, shares=shares)
    bill = sold(shop)
    gift = bill.lines.get(nth=2)
    assert (gift.name, gift.list_fen, gift.gift_of_id is not None) == ("毛巾", 1_500, True)
    assert (bill.list_fen, bill.due_fen) == (11_500, 10_000)
    assert by_payer(bill) == {"union": 1_500, "worker": 10_000}


def test_bill_is_seen_by_who_it_concerns(shop):
    bill = sold(shop, ("面", 20 * YUAN, 2), ("茶", 5 * YUAN, 1))
    for who in ("mei", "clerk", "city_admin", "finance_officer", "province_admin"):
        assert bill_for(shop.actor(who), bill.pk).pk == bill.pk
    for who in ("lan", "sister_admin", "stranger"):
        assert not bills_of(shop.actor(who)).exists()
    view = bill_view(bill)
    assert [(line.name, line.quantity, line.list_fen) for line in view.lines] == [
        ("面", 2, 4_000),
        ("茶", 1, 500),
    ]
    assert [(one.payer, one.fen) for one in view.funders] == [("worker", 4_500)]


BAD = {
    "no line": {"lines": ()},
    "zero": {"lines": (Line("合计", 0),)},
    "huge": {"lines": (Line("合计", 10**12),)},
    "huge number of units": {"lines": (Line("合计", 1, 10_000),)},
    "huge together": {"lines": (Line("合计", 60_000_000), Line("合计", 60_000_000))},
    "no name": {"lines": (Line("", 100),)},
    "long name": {"lines": (Line("长" * 121, 100),)},
    "fractions": {"lines": (Line("合计", 1.5),)},
    "too many lines": {"lines": (Line("合计", 1),) * 101},
    "negative points": {"points": -1},
    "half a point": {"points": 0.5},
    "huge points": {"points": 10**9},
    "method": {"method": "alipay"},
    "unknown store": {"store_id": 999_999},
    "nobody": {"customer": ""},
    "no code": {"customer": "你好"},
    "unknown code": {"customer": "23456789"},
}


@pytest.mark.parametrize("facts", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_words_and_moves_nothing(shop, facts):
    published(shop)
    good = Sale(uuid4(), shop.store.pk, pay_code(shop), (typed_line("合计", 10_000),))
    before, seen = counted(), balances()
    with pytest.raises(DomainError) as error:
        sell(shop.actor("clerk"), sale=replace(good, **facts))
    assert error.value.message
    assert error.value.advice
    assert (counted(), balances()) == (before, seen)


@pytest.mark.parametrize("bad", [-1, 0, 10**9, True, 1.0, "5"])
def test_line_typed_wrong_is_refused_in_words(bad):
    assert refused(typed_line, "合计", bad) == "bill_bad_line"
    assert refused(typed_line, "合计", 100, bad) == "bill_bad_line"


def test_other_stores_clerks_and_members_do_not_sell(shop):
    for who in ("mei", "stranger", "city_admin", "anonymous"):
        assert refused(sell, shop.actor(who), sale=sale(shop)) == "not_a_clerk"
    assert counted()[0] == 0


def test_suspended_and_exited_partners_and_those_without_agreement_sell_nothing(shop):
    terms = published(shop, needs_voucher=True)
    voucher = given_voucher(released(terms), shop.people["mei"].pk)
    partner = Partner.objects.unscoped("test").filter(pk=shop.store.partner_id)
    asked, clerk = sale(shop, customer=voucher.code), shop.actor("clerk")
    partner.update(state="suspended")
    assert refused(sell, clerk, sale=asked) == "partner_suspended"
    assert refused(sold, shop) == "not_a_clerk"  # who signs in now is no clerk any more
    partner.update(state="exited", honours_until=clock.today().replace(year=2020))
    assert refused(sell, clerk, sale=asked) == "partner_exited"
    partner.update(state="active", honours_until=None)
    Agreement.objects.unscoped("test").update(state="terminated")
    assert refused(sell, clerk, sale=asked) == "no_agreement_in_force"
    assert counted()[0] == 0
    assert fresh(voucher).state == "confirmed"


def test_after_an_exit_held_vouchers_are_honoured_for_a_time_and_nothing_else(shop):
    published(shop)
    terms = published(shop, needs_voucher=True, off_fen=3_000)
    voucher = given_voucher(released(terms), shop.people["mei"].pk)
    partner = Partner.objects.unscoped("test").filter(pk=shop.store.partner_id)
    partner.update(state="exited", honours_until=clock.today())
    assert sold(shop, customer=voucher.code).due_fen == 7_000
    assert refused(sold, shop) == "bill_only_vouchers"


def test_screenshot_of_a_voucher_and_of_a_pay_code_is_refused(shop):
    code = pay_code(shop)
    with time_machine.travel(clock.now().timestamp() + 180):
        assert refused(sold, shop, customer=code) == "pay_code_stale"
    assert counted()[0] == 0
    assert not Bill.objects.unscoped("test").exists()
