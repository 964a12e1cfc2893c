"""What tills sell: every form with its money and a part of it back, and an hour for one group at one store."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from gonghui.accounts.models import User
from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions.selling import quote_sale
from gonghui.bills.models import Bill, WindowUse
from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stage import (
    SYSTEM,
    YUAN,
    balances,
    by_payer,
    counted,
    fresh,
    line_parts,
    moved,
    pay_code,
    refunded,
    sale,
    sold,
)
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.partners.models import Clerk, Store
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement
from gonghui.portal.tests.test_bill_ways import first_of_next_month
from gonghui.settlement.actions import make_statements
from gonghui.settlement.models import Statement
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests.stage import period

pytestmark = pytest.mark.django_db
MEAL = 20 * YUAN
ROOM = ("标准间", 299 * YUAN, 2)


# --- 骑手特惠时段 13:00–14:00 (S3-02, N32, I12) ---------------------------------------------------------------


def at(hour: int, minute: int = 0) -> time_machine.travel:
    today = clock.now().astimezone(clock.CHINA)
    return time_machine.travel(today.replace(hour=hour, minute=minute, second=0, microsecond=0), tick=False)


def riders_hour(shop, **facts):
    """七折 for riders from one to two at one canteen; the offer itself holds at the other canteen too."""
    other = new_store(shop.store.partner, "河西食堂")
    shop.users["河西店员"] = User.objects.create(phone="13800000058", display_name="河西店员")
    Clerk.objects.create(user=shop.users["河西店员"], store=other)
    hour = {
        "from_time": dt.time(13), "to_time": dt.time(14), "groups": ["food_rider"], "store_ids": [shop.store.pk],
    }  # fmt: skip
    terms = published(
        shop, title="骑手七折", form="percent", threshold_fen=0, off_fen=0, rate_permille=700,
        windows=[hour | facts], stores=[shop.store, other],
    )  # fmt: skip
    return terms, other


def asked(shop, who: str, *, ahead: int = 0, clerk: str = "clerk", fen: int = MEAL, **facts):
    """What the till answers before anybody pays: (due, why the offer is not given)."""
    quote = quote_sale(
        shop.actor(clerk), sale(shop, fen, customer=pay_code(shop, who, ahead=ahead), **facts)
    ).quote
    return quote.due_fen, [(row.reason.code, row.advice) for row in quote.refused]


def test_rider_at_half_past_one_pays_seven_tenths_and_nobody_else(shop):
    terms, other = riders_hour(shop)
    shop.people["lan"].groups = ["guard"]
    shop.people["lan"].save()
    with at(13, 30):
        bill = sold(shop, MEAL, customer=pay_code(shop, "qiang"))
        assert (bill.due_fen, by_payer(bill)) == (14 * YUAN, {"merchant": 6 * YUAN, "worker": 14 * YUAN})
        for who in ("lan", "mei"):  # a guard, and nobody's group
            assert asked(shop, who)[0] == MEAL
            full = sold(shop, MEAL, customer=pay_code(shop, who))
            assert by_payer(full) == {"worker": MEAL}
        elsewhere = {"clerk": "河西店员", "store_id": other.pk}
        assert asked(shop, "qiang", ahead=1, **elsewhere)[0] == MEAL
        assert sold(shop, MEAL, customer=pay_code(shop, "qiang", ahead=1), **elsewhere).due_fen == MEAL
    assert bill.offers_given.get().offer_id == terms.offer_id


@pytest.mark.parametrize(
    ("hour", "minute", "fen"), [(12, 59, 2000), (13, 0, 1400), (13, 59, 1400), (14, 0, 2000)]
)
def test_riders_hour_begins_at_one_and_is_over_at_two(shop, hour, minute, fen):
    riders_hour(shop)
    with at(hour, minute):
        due, why = asked(shop, "qiang")
        assert due == fen
        assert [code for code, _advice in why] == ([] if fen == 1400 else ["offer_window_closed"])
        if hour == 14:
            assert why[0][1] == "下次开始：明天 13:00。"
        assert sold(shop, MEAL, customer=pay_code(shop, "qiang")).due_fen == fen


def test_places_of_the_riders_hour_are_counted_by_day_and_come_back_with_a_refund(shop):
    riders_hour(shop, capacity=1)
    with at(13, 30):
        bill = sold(shop, MEAL, customer=pay_code(shop, "qiang"))
        due, why = asked(shop, "qiang", ahead=1)
        assert (due, why) == (MEAL, [("offer_window_full", "下次开始：明天 13:00。")])
        before = counted()
        assert refused(
            sold, shop, MEAL, customer=pay_code(shop, "qiang", ahead=1), shown_due_fen=14 * YUAN
        ) == ("bill_price_changed")
        assert counted() == before
        refunded(shop, bill)
        assert asked(shop, "qiang", ahead=1)[0] == 14 * YUAN
        sold(shop, MEAL, customer=pay_code(shop, "qiang", ahead=1))
        assert [(use.used, use.capacity) for use in WindowUse.objects.unscoped("test")] == [(1, 1)]


# --- One offer at the malls of a group (S0-07) -----------------------------------------------------------------


def in_two_malls(shop, group) -> list[Store]:
    """A brand's store in each, and a clerk at each."""
    found = []
    for nth, mall in enumerate(("江口广场", "河西广场"), 1):
        store = new_store(new_partner(shop, mall, parent=group), f"{mall}面馆")
        who = shop.users[mall] = User.objects.create(phone=f"1380000006{nth}", display_name=mall)
        Clerk.objects.create(user=who, store=store)
        found.append(store)
    return found


def test_offer_of_a_group_is_given_to_verified_members_at_each_of_its_malls_and_settled_with_the_group(
    money, shop
):
    group = new_partner(shop, "东江商业集团")
    standing_agreement(group)
    stores = in_two_malls(shop, group)
    published(shop, title="商圈满减", shares=[union_share(money.city, 500), MERCHANT], stores=stores)
    bills = []
    for nth, (mall, store) in enumerate(zip(("江口广场", "河西广场"), stores, strict=True)):
        there = {"clerk": mall, "store_id": store.pk}
        code = pay_code(shop, "mei", ahead=nth)
        bill = sold(shop, 100 * YUAN, customer=code, shown_due_fen=80 * YUAN, **there)
        assert by_payer(bill) == {"union": 1_000, "merchant": 1_000, "worker": 80 * YUAN}
        due, why = asked(shop, "hua", ahead=nth, fen=100 * YUAN, **there)
        assert (due, why) == (100 * YUAN, [("not_verified", "请先完成实名认证，通过后再来。")])
        before = counted()
        priced = {"customer": pay_code(shop, "hua", ahead=nth), "shown_due_fen": 80 * YUAN} | there
        assert refused(sold, shop, 100 * YUAN, **priced) == "bill_price_changed"
        assert counted() == before
        bills += [bill, sold(shop, 100 * YUAN, **(priced | {"shown_due_fen": 100 * YUAN}))]
    assert [by_payer(bill) for bill in bills[1::2]] == [{"worker": 100 * YUAN}] * 2
    outside = asked(shop, "lan", fen=100 * YUAN)  # at the pier, which is none of the group's
    assert outside == (100 * YUAN, [])
    first = first_of_next_month()
    with time_machine.travel(first, tick=False):
        of = period(shop, bills[0].at.astimezone(first.tzinfo).date().replace(day=1), first.date())
        assert make_statements(SYSTEM, period_id=of.pk) == 1
    row = Statement.objects.unscoped("test").get()
    assert (row.partner_id, row.bill_count, row.union_fen, row.owed_fen) == (group.pk, 4, 2_000, 2_000)
    assert reconcile(row).is_equal
    assert trial() == 0


# --- Each form, sold for cash and half of it back --------------------------------------------------------------

FORMS = {
    "threshold_off": ({"threshold_fen": 10_000, "off_fen": 2_000}, 1_000),
    "percent": ({"rate_permille": 700}, 8_970),
    "fixed_price": ({"price_fen": 99 * YUAN}, 10_000),
    "agreement_price": ({"price_fen": 199 * YUAN, "units_max": 0, "family": True}, 10_000),
    "free": ({}, 14_950),
}


def put_up(money, form: str, **facts):
    shares = [union_share(money.city, 500), MERCHANT]
    return published(money.cast, form=form, shares=shares, **({"threshold_fen": 0, "off_fen": 0} | facts))


def funders(bill: Bill) -> dict[str, int]:
    return {payer: fen for payer, fen in by_payer(bill).items() if fen}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_sold_for_cash_and_half_of_it_comes_back_to_each_funder(money, shop, form):
    facts, each = FORMS[form]
    terms = put_up(money, form, **facts)
    before, worker = balances(), 598 * YUAN - 2 * each
    bill = sold(shop, ROOM, shown_due_fen=worker)
    assert line_parts(bill) == [[("union", each), ("merchant", each), ("worker", worker)]]
    partner, mei = f"partner:{shop.store.partner_id}", shop.people["mei"].pk
    purse = terms.shares.get(payer="union").purses.get().commitment.account
    wanted = {
        ("commitment", purse.name, None): -each,
        ("concession", partner, None): -each,
        ("counter", partner, None): each + worker,
        ("payable", partner, None): each,
        ("paid", "own", mei): -worker,
    }
    assert moved(before, balances()) == wanted
    refund = refunded(shop, bill, (1, 1))
    assert (refund.list_fen, refund.worker_fen) == (299 * YUAN, worker // 2)
    assert moved(before, balances()) == {account: fen // 2 for account, fen in wanted.items()}
    refunded(shop, bill, (1, 1))
    assert (moved(before, balances()), fresh(bill).state, trial()) == ({}, "refunded", 0)


def test_gift_is_sold_as_a_line_of_its_own_and_stays_when_a_part_comes_back(money, shop):
    put_up(money, "gift", gift="毛巾", price_fen=15 * YUAN)
    before = balances()
    bill = sold(shop, ROOM)
    assert (bill.list_fen, bill.due_fen) == (613 * YUAN, 598 * YUAN)
    assert [[part for part in parts if part[1]] for parts in line_parts(bill)] == [
        [("worker", 598 * YUAN)],
        [("union", 750), ("merchant", 750)],
    ]
    assert refunded(shop, bill, (1, 1)).worker_fen == 299 * YUAN
    assert funders(bill) == {"worker": 598 * YUAN, "union": 750, "merchant": 750}
    refunded(shop, bill)
    assert (moved(before, balances()), fresh(bill).state, trial()) == ({}, "refunded", 0)


@pytest.mark.parametrize("form", FORMS)
def test_family_gets_the_agreement_price_and_no_price_that_is_the_members_own(money, shop, form):
    """S3-04: the hotel's 299 is 199 for the family that visits; whatever is not said to be for family stays the member's."""
    facts, each = FORMS[form]
    put_up(money, form, **facts)
    code = pay_code(shop)
    quote = quote_sale(shop.actor("clerk"), sale(shop, ROOM, customer=code, is_family=True)).quote
    bill = sold(shop, ROOM, customer=code, is_family=True)
    if form == "agreement_price":
        assert (bill.due_fen, quote.refused) == (2 * 199 * YUAN, ())
        assert funders(bill) == {"union": each, "merchant": each, "worker": 2 * 199 * YUAN}
    else:
        assert [row.reason.code for row in quote.refused] == ["offer_not_for_family"]
        assert funders(bill) == {"worker": 598 * YUAN}


@pytest.mark.parametrize(
    ("form", "due"), [("fixed_price", 99 * YUAN), ("agreement_price", 99 * YUAN), ("free", 0)]
)
def test_price_of_a_unit_is_for_as_many_units_as_it_says(money, shop, form, due):
    put_up(money, form, price_fen=99 * YUAN if due else 0, units_max=2)
    bill = sold(shop, ("标准间", 299 * YUAN, 1), ("家庭间", 399 * YUAN, 2), method="cash")
    assert bill.due_fen == 299 * YUAN + 2 * due  # the dearest first
    assert [sum(fen for payer, fen in parts if payer == "worker") for parts in line_parts(bill)] == [
        299 * YUAN,
        2 * due,
    ]


def test_price_that_is_no_bargain_takes_nothing_off(money, shop):
    put_up(money, "agreement_price", price_fen=199 * YUAN, units_max=0)
    quote = quote_sale(shop.actor("clerk"), sale(shop, ("钟点房", 120 * YUAN, 1))).quote
    assert (quote.due_fen, [row.reason.code for row in quote.refused]) == (120 * YUAN, ["offer_nothing_off"])
    assert funders(sold(shop, ("钟点房", 120 * YUAN, 1))) == {"worker": 120 * YUAN}
