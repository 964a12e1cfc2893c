"""Raised prices in a real browser: the reviewer reads the figures, writes why, and the merchant sees the same prices."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from gonghui.bills import pricing
from gonghui.bills.tests.stage import fresh, pay_code, sold
from gonghui.bills.tests.test_bills_console_browser import (  # noqa: F401 - fixtures
    _cookie,
    console,
    seen,
    world,
)
from gonghui.bills.tests.written import drafted
from gonghui.kit import clock
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE
from gonghui.partners.tests.stage import new_owner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CODE = "6901234567892"
SEVEN = pricing.Terms(pricing.Form.PERCENT, rate_permille=700, cap_fen=5_000)


@pytest.fixture
def raised(world):  # noqa: F811
    """The ticket of a boat was 80 yuan, and is 100 since three days; written by another than who is signed in."""
    cast, _money = world
    for fen, days_ago in ((8_000, 20), (10_000, 3)):
        with time_machine.travel(clock.now() - dt.timedelta(days=days_ago), tick=False):
            sold(cast, ("珠岛夜游观光船成人往返票（含讲解）", fen, 2, "", CODE), customer=pay_code(cast))
    return drafted(cast, by="province_admin", price=SEVEN, codes=(CODE,), title="夜游七折")


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_reviewer_reads_the_figures_and_says_why_it_goes_on(console, raised, size):  # noqa: F811
    page = console(reverse("admin:offer", args=[raised.pk]), size)
    page.get_by_text("涨过价").wait_for()
    seen(page, "prices")
    page.get_by_role("link", name="复核通过").click()
    page.get_by_text("现在原价 100 元，之前 30 天最低 80 元").wait_for()
    seen(page, "prices-review")
    page.get_by_role("button", name="复核通过").click()
    page.get_by_label("价格说明").fill("旺季票价，已看过物价部门的批复。")
    page.complaints.clear()  # a 422 stands in every browser's log
    page.get_by_role("button", name="复核通过").click()
    page.get_by_text("旺季票价，已看过物价部门的批复。").wait_for()
    assert fresh(raised).state == "reviewed"
    seen(page, "prices-reviewed")


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_merchant_reads_the_prices_the_union_sees(open_page, live_server, raised, client, world, size):  # noqa: F811
    cast, _money = world
    client.force_login(new_owner(cast.store.partner, "13800000061"))
    page = open_page("/sign-in", size=size)
    page.context.add_cookies(
        [{"name": _cookie(), "value": client.cookies[_cookie()].value, "url": live_server.url}]
    )
    page.complaints.clear()
    page.goto("/merchant/panels/prices", wait_until="load")
    page.get_by_text("最低 80 元").wait_for()
    seen(page, "prices-merchant")
