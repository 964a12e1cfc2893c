"""A sheet of offers in a real browser: chosen, checked line by line, mended or brought in; at 390 and 1440 px."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.bills.models import OfferTerms
from gonghui.bills.tests.test_bills_console_browser import LONG, console, seen, world  # noqa: F401
from gonghui.bills.tests.test_offer_sheets import HEAD, plain
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE
from gonghui.kit.tests.sheet_makers import xlsx_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_sheet_is_chosen_checked_and_brought_in(console, world, size):  # noqa: F811
    cast, _money = world
    rows = [
        ["东江市总工会优惠汇总表"],
        HEAD,
        plain(cast, 优惠名称=LONG),
        plain(cast, 编号="A-2", **{"减（元）": "三十", "适用门店": "没有这家"}),
    ]
    page = console(reverse("admin:bills_offerterms_changelist"), size)
    assert page.locator(f"a[href='{reverse('admin:offer_import')}']").count() > 0
    page.goto(reverse("admin:offer_import"))
    seen(page, "sheet-new")
    page.locator("input[type=file]").set_input_files(
        {"name": "优惠汇总.xlsx", "mimeType": "application/octet-stream", "buffer": xlsx_of(rows)}
    )
    page.get_by_text("优惠汇总.xlsx").wait_for()
    page.get_by_role("button", name="上传并检查").click()
    page.get_by_text("减（元）：“三十”不是数字。").wait_for()
    seen(page, "sheet-checked")
    page.get_by_role("button", name="导入 1 项草稿").click()
    page.get_by_text("新增 1 项、修改 0 项，都是草稿，请另一位同事复核。").wait_for()
    assert OfferTerms.objects.unscoped("test").get().offer.title == LONG
    seen(page, "sheet-done")
