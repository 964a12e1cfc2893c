"""The code of an SMS in a real browser."""

from __future__ import annotations

import pytest

from gonghui.kit.tests.browser import chromium, open_page  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_code_typed_before_its_script_came_is_sent_all_the_same(open_page, settings):  # noqa: F811
    settings.GONGHUI_SHOW_CODES = True
    page = open_page("/sign-in")
    late = []
    page.route("**/js/account*.js", lambda route: late.append(route))  # noqa: PLW0108  Playwright marks what it is given
    page.fill("[name=phone]", "13800001111")
    page.check("[name=agree]")
    page.get_by_role("button", name="获取验证码").click(no_wait_after=True)
    page.fill("[name=code]", page.inner_text("[data-demo-code]").strip())
    while not late:
        page.wait_for_timeout(50)
    assert page.locator("[name=code]").input_value() != ""
    late.pop().continue_()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    assert page.complaints == []


def test_code_put_back_by_a_reload_is_not_sent_again(open_page, settings):  # noqa: F811
    settings.GONGHUI_SHOW_CODES = True
    page = open_page("/sign-in")
    page.fill("[name=phone]", "13800001111")
    page.check("[name=agree]")
    page.get_by_role("button", name="获取验证码").click()
    page.fill("[name=code]", "12345")
    page.reload(wait_until="load")
    assert page.locator("[name=code]").is_visible() and "验证码不对" not in page.content()
