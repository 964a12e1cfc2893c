"""One offer of five payers: merchant, two unions' budgets, employer, points and worker; sold, given back, stated, to the fen."""

from __future__ import annotations

import random

import pytest
import time_machine

from gonghui.bills.actions.terms import publish_terms
from gonghui.bills.models import Bill, BillPart, OfferTerms, Purse
from gonghui.bills.plans import SharePlan
from gonghui.bills.tests.stage import (
    balances,
    by_payer,
    fresh,
    line_parts,
    moved,
    pay_code,
    refunded,
    sold,
    with_points,
)
from gonghui.bills.tests.written import REST, by_union, reviewed
from gonghui.funds.points import balance_of
from gonghui.funds.tests.granting import is_backed
from gonghui.funds.tests.stage import trial
from gonghui.portal.tests.test_bill_ways import first_of_next_month
from gonghui.settlement import actions
from gonghui.settlement.models import Statement
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests.stage import SYSTEM, period

pytestmark = pytest.mark.django_db
# 250.03 in three lines of prices that halve badly; 30 off carries 9 of the city, 6 of the province, 7.50 of the employer.
BASKET = (("面", 1_999, 3), ("茶", 701, 7), ("礼盒", 14_099, 1))
LIST = 25_003
UNITS = [1] * 3 + [2] * 7 + [3]
CITY, PROVINCE, EMPLOYER = range(3)


@pytest.fixture
def purses(money, shop) -> list:
    """The accounts of city, province and employer behind 满 200 减 30, put up by the province; the city's holds 15 yuan."""
    with_points(money)
    made = reviewed(
        shop,
        by_union(money.city, permille=300, set_aside_fen=1_500, when_empty="next"),
        by_union(money.province, permille=200, set_aside_fen=50_000),
        SharePlan("employer", budget_id=money.factory.pk, permille=250, set_aside_fen=50_000),
        REST,
        needs_voucher=False,
    )
    publish_terms(shop.actor("province_admin"), terms_id=made.pk)
    return accounts_of(made)


def accounts_of(terms: OfferTerms) -> list:
    found = Purse.objects.unscoped("test").filter(share__terms=terms).order_by("share__nth")
    return [purse.commitment.account for purse in found.select_related("commitment__account")]


def gave(bill: Bill, purses: list) -> list[int]:
    """Of this bill, in the order of the purses."""
    found = BillPart.objects.unscoped("test").filter(line__bill=bill)
    parts = list(found.values_list("account_id", "fen"))
    return [sum(fen for account_id, fen in parts if account_id == purse.pk) for purse in purses]


def three_bills(shop) -> list[Bill]:
    """Mei twice and Lan between them."""
    who = (("mei", 0, 37), ("lan", 0, 20), ("mei", 1, 41))
    return [
        sold(shop, *BASKET, points=points, customer=pay_code(shop, name, ahead=ahead))
        for name, ahead, points in who
    ]


def test_bill_of_five_payers_moves_what_each_gave_and_every_line_adds_up(shop, purses):
    before, mei = balances(), shop.people["mei"].pk
    bill = sold(shop, *BASKET, points=37, shown_due_fen=LIST - 3_000 - 3_700)
    assert (bill.list_fen, bill.due_fen) == (LIST, 18_303)
    assert by_payer(bill) == {
        "union": 1_500, "employer": 750, "merchant": 750, "points": 3_700, "worker": 18_303,
    }  # fmt: skip
    assert gave(bill, purses) == [900, 600, 750]
    lists = [fen * quantity for _name, fen, quantity in BASKET]
    assert [sum(fen for _payer, fen in parts) for parts in line_parts(bill)] == lists
    partner = f"partner:{shop.store.partner_id}"
    change = moved(before, balances())
    assert [change.pop(("commitment", purse.name, None)) for purse in purses] == [-900, -600, -750]
    assert change.pop(("concession", partner, None)) == -750
    assert change.pop(("counter", partner, None)) == 750 + 18_303
    assert change.pop(("payable", partner, None)) == 900 + 600 + 750 + 3_700
    assert change.pop(("paid", "own", mei)) == -18_303
    assert sorted(change.values()) == [-3_700, -37, 37]  # backing, the lot, the points' issue
    assert (is_backed(), trial()) == (True, 0)


def test_purse_that_runs_dry_is_followed_by_the_next_funder_and_no_price_changes(shop, purses):
    """15 yuan of the city last for one bill and two thirds of the next; the province gives what it cannot."""
    bills = three_bills(shop)
    assert [gave(bill, purses) for bill in bills] == [[900, 600, 750], [600, 900, 750], [0, 1_500, 750]]
    assert [by_payer(bill)["merchant"] for bill in bills] == [750] * 3
    assert [bill.list_fen - bill.due_fen - 100 * bill.points for bill in bills] == [3_000] * 3
    assert fresh(purses[CITY]).balance == 0
    assert trial() == 0


def unit_by_unit(bill: Bill):
    return [[(line, 1)] for line in UNITS]


def backwards_in_handfuls(bill: Bill):
    return [[(3, 1), (2, 5)], [(2, 2), (1, 1)], [(1, 2)]]


def all_of_it(bill: Bill):
    return [[]]


def at_random(bill: Bill):
    order = random.Random(f"five payers {bill.points}").sample(UNITS, len(UNITS))
    return [[(line, 1)] for line in order]


@pytest.mark.parametrize("partition", [unit_by_unit, backwards_in_handfuls, all_of_it, at_random])
def test_each_funder_has_back_what_it_gave_however_the_bill_is_cut(shop, purses, partition):
    """The city's dry purse fills again with its own fen and with nobody else's."""
    before, mei = balances(), shop.people["mei"].pk
    bills = three_bills(shop)
    for bill in reversed(bills):
        for back in partition(bill):
            refunded(shop, bill, *back)
            assert is_backed()
    parts = BillPart.objects.unscoped("test").filter(line__bill__in=bills)
    assert all(part.refunded_fen == part.fen for part in parts)
    assert {fresh(bill).state for bill in bills} == {"refunded"}
    assert moved(before, balances()) == {}
    assert (balance_of(mei), trial()) == (100, 0)


def test_half_of_a_line_takes_half_of_each_funder_and_leaves_the_other_half(shop, purses):
    """Two units of four: exactly half of what each gave, the points whole."""
    bill = sold(shop, ("票", 10_000, 4), points=40)
    refund = refunded(shop, bill, (1, 2))
    assert (refund.points, refund.worker_fen, refund.list_fen) == (20, (40_000 - 3_000 - 4_000) // 2, 20_000)
    found = BillPart.objects.unscoped("test").filter(line__bill=bill)
    assert [2 * part.refunded_fen - part.fen for part in found] == [0] * 6
    assert fresh(purses[CITY]).balance == 1_500 - 450
    assert trial() == 0


def test_statement_names_each_budget_with_what_it_gave_and_what_came_back(money, shop, purses):
    bills = three_bills(shop)
    refunded(shop, bills[0])
    refunded(shop, bills[1], (2, 7), (1, 1))
    back = BillPart.objects.unscoped("test").filter(line__bill__in=bills)
    returned = [sum(p.refunded_fen for p in back if p.account_id == purse.pk) for purse in purses]
    first = first_of_next_month()
    day = bills[0].at.astimezone(first.tzinfo).date().replace(day=1)
    with time_machine.travel(first, tick=False):
        of = period(shop, day, first.date())
        assert actions.make_statements(SYSTEM, period_id=of.pk) == 1
        row = Statement.objects.unscoped("test").get()
        funders = {(f.payer, f.budget_id): (f.fen, f.returned_fen) for f in row.funders.all()}
        points = {key: pair for key, pair in funders.items() if key[0] == "points"}
        assert {key: pair for key, pair in funders.items() if key not in points} == {
            ("union", money.city.pk): (1_500, returned[CITY]),
            ("union", money.province.pk): (3_000, returned[PROVINCE]),
            ("employer", money.factory.pk): (2_250, returned[EMPLOYER]),
        }
        assert sum(fen for fen, _back in points.values()) == 9_800
        assert row.owed_fen == sum(fen - back for fen, back in funders.values())
        assert (row.bill_count, row.refund_count) == (3, 2)
        assert row.returned_fen == sum(back for _fen, back in funders.values())
        found = reconcile(row)
        assert (found.is_equal, found.moved_fen) == (True, row.owed_fen)
    assert returned[CITY] > 900
    assert trial() == 0
