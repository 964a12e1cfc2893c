"""A provider's coupons in a real browser: drafted by one, approved by another, with long names, with nothing, refused."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.urls import reverse

from gonghui.bills.actions.external import draft_funded_stock
from gonghui.bills.tests.test_bills_console_browser import seen
from gonghui.funds.tests.stage import approved, build_money
from gonghui.kit import clock
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, session_of
from gonghui.payments.ports.coupons import StockOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "东江市总工会“工会进万家”服务职工六大品牌之新就业形态劳动者消费帮扶专项预算（第三批，含家属）"


@pytest.fixture
def opened(open_page, live_server, cast):
    """opened(who, path, size)"""

    def page_of(who: str, path: str, size=DESKTOP):
        return open_page(path, size, session=session_of(cast, who))

    return page_of


def drafted(cast, budget, total: int):
    now = clock.now()
    order = StockOrder(
        uuid4().hex,
        "骑手友好商圈工作日午市满一百减三十元券",
        30_00,
        100_00,
        total,
        now,
        now + dt.timedelta(days=30),
    )
    return draft_funded_stock(cast.actor("city_finance"), budget_id=budget.pk, order=order)


def refused(page, says: str) -> None:
    """The browser itself complains of an answer that is no success."""
    page.get_by_text(says).first.wait_for()
    page.complaints.clear()


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_stock_is_drafted_by_one_and_approved_by_another_on_its_pages(opened, cast, size):
    money = build_money(cast)
    budget = approved(cast, "city", parent=money.province, yuan=30_000, name=LONG)
    page = opened("city_finance", reverse("admin:bills_stockfunding_changelist"), size)
    seen(page, "stocks-none")
    page.goto(reverse("admin:funded_stock_new"))
    page.get_by_label("券名").fill("骑手午市满减券")
    page.get_by_role("button", name="订外部券").click()
    refused(page, "没有办成")
    seen(page, "stock-wrong")
    short, good = drafted(cast, budget, 1_000_000), drafted(cast, budget, 1_000)
    address = reverse("admin:bills_stockfunding_change", args=[good.pk])
    page.goto(address)
    assert page.get_by_text("批准下单").count() == 0
    seen(page, "stock-maker")
    page = opened("city_admin", reverse("admin:bills_stockfunding_approve", args=[short.pk]), size)
    page.get_by_role("button", name="批准下单").click()
    refused(page, "30,000,000")
    seen(page, "stock-short")
    page.goto(address)
    assert page.get_by_text("draft").count() == 0
    seen(page, "stock-draft")
    page.goto(reverse("admin:bills_stockfunding_approve", args=[good.pk]))
    seen(page, "stock-approve")
    page.get_by_role("button", name="批准下单").click()
    page.get_by_text("等待渠道").first.wait_for()
    seen(page, "stock-ordered")
    page.goto(reverse("admin:bills_stockfunding_changelist"))
    seen(page, "stocks-list")
