"""The console's side bar: folded but for where one is, and found by name, pinyin or initials."""

from __future__ import annotations

import pytest

from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP

LINKS = ".gh-nav-list li:not([hidden]) a:visible"


@pytest.mark.django_db(transaction=True)
def test_side_bar_folds_and_finds(visit):
    page = visit("city_admin", "/console/members/person/", size=DESKTOP)
    assert page.locator(".gh-nav[open]").count() == 1
    assert page.locator("[aria-current=page]:visible").inner_text() == "group\n职工"
    page.focus(".gh-nav:not([open]) summary")
    page.keyboard.press("Enter")
    assert page.locator(".gh-nav[open]").count() == 2
    page.reload()
    assert page.locator(".gh-nav[open]").count() == 2
    for asked in ("会籍", "huijibiandong", "hjbd"):
        page.fill("#nav-find", asked)
        assert any("会籍变动" in said for said in page.locator(LINKS).all_inner_texts())
    page.fill("#nav-find", "没有的东西")
    assert (page.locator(LINKS).count(), page.locator("[data-nav-none]").is_visible()) == (0, True)
    page.fill("#nav-find", "")
    assert page.locator(".gh-nav[open]").count() == 2
    page.fill("#nav-find", "hjbd")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/members/membershipchange/**")
