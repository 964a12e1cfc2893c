"""每一分钱从哪里来: the member's own page, from the source of the money down to the day the merchant was paid."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine

from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stage import YUAN, refunded, sold, with_points
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.kit.templatetags.kit import cn_day
from gonghui.partners.tests.stage import new_owner, standing_agreement
from gonghui.portal.tests.till import text
from gonghui.settlement.tests.stage import PAYOUT, Shop, period, statement_of
from gonghui.settlement.tests.test_payouts import approved, batched, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(cast) -> Shop:
    """珠岛游船公司: the city gives half of 20 off 100; its members hold 福豆."""
    partner = cast.store.partner
    agreement = standing_agreement(partner, payout_account=PAYOUT, payout_shown="珠岛游船 尾号 0018")
    cast.users["owner of 好味食堂"] = new_owner(partner, "13800000071")
    money = build_money(cast)
    with_points(money)
    published(cast, shares=[union_share(money.city, 500), MERCHANT])
    return Shop(cast, money, partner, [cast.store], agreement, 0)


def ways(client, bill) -> dict[str, tuple[str, list[str]]]:
    """By payer: how much, and each step as it stands on the page."""
    found = {}
    page = text(client.get(f"/me/bills/{bill.pk}/ways"))
    for card in page.split('<section class="card stack-s">')[1:]:
        who, fen = re.search(r"<h2>(.*?)</h2>", card)[1], re.search(r"¥([\d.,]+)", card)[1]
        steps = re.findall(r"<li>(.*?)</li>", card.split("</section>")[0])
        found[who] = (fen, [" · ".join(re.findall(r">([^<]+)</span>", step)) for step in steps])
    return found


def first_of_next_month() -> dt.datetime:
    first = (clock.today().replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return dt.datetime.combine(first, dt.time(10), clock.CHINA)


def test_way_of_each_fen_stands_on_the_members_page_from_its_source_to_the_paid_merchant(client, cast, shop):
    bill = sold(cast, 100 * YUAN, points=30)
    above = [
        f"{shop.money.source.name} · 南粤省总工会",
        "普惠预算 · 南粤省总工会",
        "普惠预算 · 东江市总工会",
    ]
    here = f"这张账单（单号 {bill.pk}） · 珠岛游船公司"
    waits = "已记到商户账上，等下次结算"
    assert ways(cast.sign_in(client, "mei"), bill) == {
        "工会补贴": ("10", [*above, "专款预留", here, waits]),
        "商家让利": ("10", ["珠岛游船公司", here]),
        "福豆": ("30", [*above, "国庆慰问", here, waits]),
        "职工支付": ("50", ["本人支付", here, "在柜台当面付给商户"]),
    }
    month = clock.today().replace(day=1)
    with time_machine.travel(first_of_next_month(), tick=False):
        of = period(cast, month, clock.today())
        approved(shop, of)
        payout = paid(shop, batched(shop).payouts.get())
        number = f"商户结算单 {statement_of(shop, of).number} · 东江市总工会"
        arrived = [number, f"{cn_day(payout.ended_at)}已付给商户"]
        found = ways(cast.sign_in(client, "mei"), bill)
    assert found["工会补贴"] == ("10", [*above, "专款预留", here, *arrived])
    assert found["福豆"] == ("30", [*above, "国庆慰问", here, *arrived])
    assert found["职工支付"][1][-1] == "在柜台当面付给商户"
    assert found["商家让利"][1] == ["珠岛游船公司", here]


def test_page_of_ways_says_what_went_back(client, cast, shop):
    bill = sold(cast, ("茶", 50 * YUAN, 2))
    refunded(cast, bill, (1, 1))
    page = text(cast.sign_in(client, "mei").get(f"/me/bills/{bill.pk}/ways"))
    assert page.count("已按原路退回 5 元") == 2 and page.count("已按原路退回 40 元") == 1


@pytest.mark.parametrize("who", ["hua", "lan", "stranger", "clerk", "city_admin", "province_admin"])
def test_ways_of_another_are_not_there(client, cast, shop, who):
    bill = sold(cast, 100 * YUAN, points=30)
    answer = cast.sign_in(client, who).get(f"/me/bills/{bill.pk}/ways")
    assert answer.status_code == 404
    assert shop.money.source.name not in text(answer)


def test_ways_are_for_those_who_signed_in(client, cast, shop):
    bill = sold(cast, 100 * YUAN)
    answer = client.get(f"/me/bills/{bill.pk}/ways")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/sign-in")
