"""The pages of money in a real browser, with long names, many rows and none: clean for axe, none wider than the screen."""

from __future__ import annotations

import pytest

from gonghui.funds.actions import rules
from gonghui.funds.actions.commitments import reserve
from gonghui.funds.tests.stage import YUAN, approved, build_money, submitted
from gonghui.kit.actors import Actor
from gonghui.kit.tests.browser import (  # noqa: F401
    DESKTOP,
    PHONE,
    chromium,
    device,
    listening,
    session_of,
    wrong_with,
)
from gonghui.partners.tests.stage import applied, new_owner, new_partner, new_store, standing_agreement

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "东江市“百年工运·情系职工”新就业形态劳动者夏送清凉冬送温暖节日慰问普惠服务专项经费（二〇二六年度第三批追加）"
CONSOLE = (
    "", "funds/budgets", "funds/budgets?show=closed", "funds/budgets?q=没有", "funds/budgets/{budget}",
    "funds/budget/", "funds/budgetchange/", "funds/fundsource/", "funds/sources/new",
    "funds/fundsource/{source}/change/", "funds/fundsource/{source}/verb/receive/", "funds/fundreceipt/", "funds/rules",
    "funds/rules/new", "points/liability", "funds/pointgrant/", "ledger/ledgeraccount/", "ledger/trial",
    "ledger/{account}", "payments/payment/", "payments/refund/", "payments/reconciliation", "payments/statementrow/",
    "payments/externalstock/", "payments/externalcoupon/", "partners/partner/", "partners/partner/{partner}/change/",
    "partners/partnerapplication/", "partners/partnerapplication/{application}/change/",
    "partners/agreement/", "partners/merchantrole/", "partners/payoutaccount/",
)  # fmt: skip
WRITTEN = (
    "points/new",
    "partners/applications/new",
    "funds/budgets/new",
    "funds/budget/{budget}/verb/propose/",
    "partners/hall/add/",
)
"""Asked of whoever writes; the rest is read by the finance officer, who may do neither."""
MERCHANT = (
    "/merchant", "/merchant/apply", "/merchant/stores", "/merchant/partners/{partner}/payout",
    "/merchant/partners/{partner}/leave", "/me",
)  # fmt: skip


@pytest.fixture
def world(cast):
    """Hundreds of budgets under one with a long name; an application; a merchant with shops."""
    money = build_money(cast)
    rules.load_rules(Actor.system("test"))
    wide = approved(cast, "city", parent=money.province, yuan=9_000, by="province_finance", name=LONG[:96])
    for n in range(45):
        approved(cast, "factory", parent=wide, yuan=1, by="city_finance", name=f"班组慰问 {n}")
    submitted(cast, "city", yuan=100, source=money.source, maker="city_admin")
    reserve(money.actor("city_admin"), budget_id=wide.pk, amount_fen=2_000 * YUAN, purpose="grant:1")
    partner = new_partner(cast, LONG[:96])
    standing_agreement(partner)
    for n in range(12):
        new_store(partner, f"{LONG[:40]} {n} 店")
    cast.users["merchant"] = new_owner(partner, "13800000051")
    application = applied(cast, cast.users["stranger"], company=LONG[:96])
    return {
        "budget": wide.pk, "source": money.source.pk, "partner": partner.pk, "application": application.pk,
        "account": wide.account_id,
    }  # fmt: skip


@pytest.fixture
def open_as(chromium, live_server, cast):  # noqa: F811
    contexts = []

    def opened(who: str, size, *, elder: bool = False):
        context = device(chromium, live_server.url, size, session=session_of(cast, who), elder=elder)
        contexts.append(context)
        return listening(context.new_page())

    yield opened
    for context in contexts:
        context.close()


def faults(page, addresses, **asked) -> list[str]:
    """Of each page behind these addresses, opened in this tab."""
    found = []
    for address in addresses:
        page.complaints.clear()
        answer = page.goto(address, wait_until="load")
        found += wrong_with(page, **asked) if answer.status == 200 else [f"{address} answers {answer.status}"]
    return found


def test_pages_of_money_are_clean_for_axe_and_fit(open_as, world):
    for who, addresses in (("province_finance", CONSOLE), ("city_admin", WRITTEN)):
        own = [f"/console/{address.format(**world)}" for address in addresses]
        for size in (PHONE, DESKTOP):
            assert faults(open_as(who, size), own, within="#content") == []


@pytest.mark.parametrize("elder", [False, True])
def test_merchants_pages_are_clean_for_axe_and_fit(open_as, world, elder):
    page = open_as("merchant", PHONE, elder=elder)
    assert faults(page, [address.format(**world) for address in MERCHANT], enhanced=elder) == []
    page = open_as("mei", PHONE, elder=elder)
    assert faults(page, ["/me/points", "/me/data"], enhanced=elder) == []
