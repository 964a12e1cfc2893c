"""A waiting page that is open while its release is paused and goes on: it says so by itself, and takes claims again by itself."""

from __future__ import annotations

import pytest

from gonghui.benefits.actions.releases import pause_release, resume_release
from gonghui.benefits.models import Voucher
from gonghui.kit.tests.browser import axe_findings, chromium, come_to_rest, keep_picture  # noqa: F401
from gonghui.portal.tests.programme import DAY, new_activity, new_release
from gonghui.portal.tests.test_pages_browser import phone, site  # noqa: F401
from gonghui.portal.waiting import render_waiting_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHY = "珠岛码头游船例行检修，预计10月2日上午恢复，给您添麻烦了"
PASS_REFUSED = "409 (Conflict)"
"""What the browser notes when the page asks for its pass in the very moment of the pause, which it may."""
WIDE = {"width": 1440, "height": 900}


@pytest.fixture
def cruise(cast):
    made = new_release(
        new_activity(cast.unions["city"]), store=cast.store, party_max=3, starts=[2 * DAY, 3 * DAY]
    )
    render_waiting_page(made.release.pk)
    return made


def test_open_page_hears_of_the_pause_and_of_its_end(phone, cast, cruise):  # noqa: F811
    pk, officer = cruise.release.pk, cast.actor("city_admin")
    page = phone("mei")
    page.goto(f"/r/{pk}")
    page.wait_for_selector("[data-grab-button][data-state=ready]")
    pause_release(officer, release_id=pk, reason=WHY)
    page.wait_for_selector("[data-grab-button][data-state=paused]")
    page.get_by_text(WHY).wait_for()
    assert page.locator("[data-grab-button]").is_disabled() is True
    assert page.locator("[data-grab-label]").inner_text() == "发放暂停中"
    come_to_rest(page)
    assert axe_findings(page) == []
    keep_picture(page, "waiting-paused")
    resume_release(officer, release_id=pk)
    page.wait_for_selector("[data-grab-button][data-state=ready]")
    assert page.get_by_text(WHY).is_visible() is False
    page.locator("[data-grab-button]").click()
    page.wait_for_selector("#grab-result[open]")
    assert page.locator("#grab-result-title").inner_text() == "抢到了"
    assert Voucher.objects.unscoped("test").count() == 1
    assert [said for said in page.complaints if PASS_REFUSED not in said] == []


def test_click_that_comes_behind_the_pause_is_told_why(phone, cast, cruise):  # noqa: F811
    page = phone("mei")
    page.goto(f"/r/{cruise.release.pk}")
    page.wait_for_selector("[data-grab-button][data-state=ready]")
    page.route("**/live", lambda route: route.abort())  # it has not heard yet
    page.wait_for_timeout(1500)
    pause_release(cast.actor("city_admin"), release_id=cruise.release.pk, reason=WHY)
    page.locator("[data-grab-button]").click()
    page.wait_for_selector("#grab-result[open]")
    assert page.locator("#grab-result-title").inner_text() == "发放暂停了"
    assert WHY in page.locator("[data-result-text]").inner_text()
    come_to_rest(page)
    assert axe_findings(page) == []
    keep_picture(page, "answer-paused")
    assert Voucher.objects.unscoped("test").count() == 0


@pytest.mark.parametrize("elder", [False, True])
def test_pages_of_a_paused_release_are_clean_for_axe_and_fit(phone, cast, cruise, elder):  # noqa: F811
    pause_release(cast.actor("city_admin"), release_id=cruise.release.pk, reason=WHY)
    render_waiting_page(cruise.release.pk)
    page = phone("mei", elder=elder)
    paths = {
        "home": "/",
        "activity": f"/activities/{cruise.activity.pk}",
        "waiting": f"/r/{cruise.release.pk}",
    }
    for name, path in paths.items():
        page.goto(path, wait_until="networkidle")
        come_to_rest(page)
        assert axe_findings(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True, name
        if not elder:
            keep_picture(page, f"paused-{name}")
            page.set_viewport_size(WIDE)
            come_to_rest(page)
            keep_picture(page, f"paused-{name}")
            page.set_viewport_size({"width": 390, "height": 844})
    assert page.complaints == []
