"""永久追溯: every fen of a bill leads back to the source it came from."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gonghui.bills.origins import ways_of
from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stage import YUAN, open_shop, pay_code, refunded, sold, with_points
from gonghui.funds.tests.stage import build_money

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(cast):
    open_shop(cast)
    money = build_money(cast)
    with_points(money)
    published(cast, shares=[union_share(money.city, 500), MERCHANT])
    return money


def test_every_fen_leads_back_to_its_source(money):
    bill = sold(money.cast, 100 * YUAN, points=30)
    ways = {way.payer: way for way in ways_of(bill)}
    assert sum(way.fen for way in ways.values()) == bill.list_fen
    union = [(step.kind, step.union) for step in ways["union"].steps]
    assert union == [
        ("source", "南粤省总工会"),
        ("budget", "南粤省总工会"),
        ("budget", "东江市总工会"),
        ("commitment", ""),
    ]
    assert ways["union"].steps[0].name == money.source.name
    assert ways["points"].steps[:3] == ways["union"].steps[:3]
    assert ways["points"].steps[-1].kind == "grant"
    assert [step.name for step in ways["merchant"].steps] == [bill.partner.name]
    assert [step.kind for step in ways["worker"].steps] == ["worker"]


def test_what_went_back_is_told_of_each_way(money):
    bill = sold(money.cast, ("水饺", 50 * YUAN, 2), points=30)
    refunded(money.cast, bill)
    assert all(way.refunded_fen == way.fen for way in ways_of(bill))


def test_ways_of_a_long_bill_ask_as_little_as_those_of_a_short_one(money):
    short = sold(money.cast, 100 * YUAN, points=30)
    long = sold(
        money.cast,
        *[(f"菜{n}", 20 * YUAN, 1) for n in range(12)],
        points=30,
        customer=pay_code(money.cast, ahead=1),
    )
    counts = []
    for bill in (short, long):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ways_of(bill)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6
