"""永久追溯 in the console: of a real grant, bill, statement and payout, up to the source and down to the bank."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stage import YUAN, refunded, sold, with_points
from gonghui.funds.tests.stage import build_money
from gonghui.ledger.models import Transfer
from gonghui.partners.tests.stage import new_owner, standing_agreement
from gonghui.portal.tests.test_bill_ways import first_of_next_month
from gonghui.settlement.tests.stage import PAYOUT, Shop, period
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


def written(code: str) -> Transfer:
    return Transfer.objects.unscoped("test").filter(code=code).order_by("seq").last()


def shown(client, code: str):
    """The page of the last transfer written for that reason."""
    page = client.get(reverse("admin:ledger_transfer", args=[written(code).pk]))
    assert page.status_code == 200
    return page


def way(page) -> list[tuple[str, str]]:
    return [(step["part"], step["name"]) for step in page.context["way"]]


def leads(page) -> list[tuple[str, str]]:
    return [(lead.label, lead.name) for lead in page.context["leads"]]


def above(shop) -> list[tuple[str, str]]:
    names = (shop.money.source.name, "普惠预算", "普惠预算", "普惠预算")
    return [("资金来自", name) for name in names]


def test_points_lead_up_through_every_budget_to_the_source_and_down_to_the_merchant(cast, client, shop):
    bill = sold(cast, 100 * YUAN, points=30)
    cast.sign_in(client, "city_admin")
    granted, spent = shown(client, "grant_points"), shown(client, "spend_points")
    assert [step["kind"] for step in granted.context["way"]] == [
        "经费来源", "预算", "预算", "福豆备付", "福豆发行", "会员福豆",
    ]  # fmt: skip
    assert way(granted)[:4] == above(shop)
    assert leads(granted) == [("发放福豆", "国庆慰问"), ("预算", "普惠预算 · 东江市总工会")]
    assert way(spent)[:4] == above(shop)
    assert [step["kind"] for step in spent.context["way"]][4:] == [
        "福豆发行",
        "会员福豆",
        "福豆发行",
        "应付商家",
    ]
    assert way(spent)[-1] == ("由此付给", "珠岛游船公司")
    assert leads(spent) == [("账单", f"B{bill.pk}")]
    lot = Transfer.objects.unscoped("test").get(
        code="grant_points", credit_id=written("spend_points").debit_id
    )
    onward = client.get(reverse("admin:ledger_transfer", args=[lot.pk])).context["onward"]
    assert [(one["name"], one["word"], one["count"], one["amount"]) for one in onward] == [
        ("珠岛游船公司", "使用福豆", 1, "30")
    ]
    assert onward[0]["link"] == reverse("admin:ledger_transfer", args=[written("spend_points").pk])


def test_what_comes_back_leads_up_to_where_it_belongs(cast, client, shop):
    refunded(cast, sold(cast, 100 * YUAN, points=30))
    cast.sign_in(client, "city_admin")
    back = shown(client, "refund_pay_points")
    assert [step["kind"] for step in back.context["way"]] == [
        "应付商家",
        "福豆备付",
        "预算",
        "预算",
        "经费来源",
    ]
    assert [part for part, _name in way(back)] == ["这一笔付出", "这一笔收入", *["归还到"] * 3]
    assert way(shown(client, "refund_points"))[:4] == above(shop)


def test_payout_names_its_statement_and_leads_to_its_bills_and_budgets(cast, client, shop):
    bill = sold(cast, 100 * YUAN, points=30)
    first = first_of_next_month()
    with time_machine.travel(first, tick=False):
        of = period(cast, bill.at.astimezone(first.tzinfo).date().replace(day=1), first.date())
        row = approved(shop, of)
        paid(shop, batched(shop).payouts.get())
        cast.sign_in(client, "city_admin")
        page = shown(client, "pay_out")
        statement = client.get(reverse("admin:statement", args=[row.pk])).content.decode()
        resold = shown(client, "subsidise")
    assert [step["kind"] for step in page.context["way"]] == ["应付商家", "银行付款"]
    text = page.content.decode()
    budget = ("出资预算", "普惠预算 · 东江市总工会")
    assert leads(page)[0] == ("结算单", row.number)
    assert leads(page)[1:3] == [budget, budget]
    source = f"{shop.money.source.name} → 普惠预算 → 普惠预算"
    assert {lead.detail for lead in page.context["leads"][1:3]} == {f"30 元 · {source}", f"10 元 · {source}"}
    assert reverse("admin:statement", args=[row.pk]) in text
    assert reverse("admin:budget", args=[shop.money.city.pk]) in text
    assert reverse("admin:bill", args=[bill.pk]) in statement
    assert leads(resold) == [("账单", f"B{bill.pk}"), ("结算单", row.number)]
    assert [(one["name"], one["word"]) for one in resold.context["onward"]] == [("银行付款", "付款给商家")]


def test_pages_it_leads_to_are_links_only_for_who_may_open_them(cast, client, shop):
    """Who reads the ledger of the whole province sees names; the sister city nothing at all."""
    sold(cast, 100 * YUAN, points=30)
    at = reverse("admin:ledger_transfer", args=[written("pay_points").pk])
    cast.sign_in(client, "sister_admin")
    assert client.get(at).status_code == 404
    cast.sign_in(client, "city_admin")
    stations = client.get(at).context["way"]
    assert [bool(step["link"]) for step in stations] == [False, False, True, True, True]
