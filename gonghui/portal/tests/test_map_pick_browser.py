"""A store's place chosen on the small map: by a tap, by the phone's own place, by typing; for the merchant and in the console."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, axe_findings
from gonghui.partners.tests.stage import new_owner, new_partner, new_store
from gonghui.portal.tests.till import opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOWER = {"latitude": 23.1065, "longitude": 113.3245}


@pytest.fixture
def store(cast):
    opened(cast)
    return new_store(new_partner(cast, "邻里食堂"), "江口店")


@pytest.fixture
def owner(open_page, live_server, store):
    """The owner's phone, in the shop."""

    def opened(path: str, **options):
        page = open_page("about:blank", geolocation=TOWER, permissions=["geolocation"], **options)
        client = Client()
        client.force_login(user)
        key = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": key.key, "value": key.value, "url": live_server.url}])
        page.goto(path)
        return page

    user = new_owner(store.partner, "13800000051")
    return opened


def typed(page) -> list[str]:
    return [page.locator(f"input[name={name}]").input_value() for name in ("latitude", "longitude")]


@pytest.mark.parametrize("elder", [False, True], ids=["normal", "elder"])
def test_merchant_in_the_shop_taps_once_and_saves(owner, store, elder):
    page = owner(f"/merchant/stores/{store.pk}/place", elder=elder)
    page.wait_for_selector(".map-line", state="attached")
    assert axe_findings(page, enhanced=elder) == []
    page.click("[data-pick-here]")
    page.wait_for_selector(".map-mark.chosen")
    assert typed(page) == ["23.106500", "113.324500"]
    assert axe_findings(page, enhanced=elder) == []
    page.click("text=保存位置")
    page.wait_for_selector("text=位置已保存")
    store.refresh_from_db()
    assert (float(store.latitude), float(store.longitude)) == (23.1065, 113.3245)
    assert page.complaints == []


def test_tap_and_drag_write_the_numbers_and_numbers_move_the_mark(owner, store):
    page = owner(f"/merchant/stores/{store.pk}/place")
    page.fill("input[name=latitude]", "23.1065")
    page.fill("input[name=longitude]", "113.3245")
    page.keyboard.press("Tab")
    page.wait_for_selector(".map-mark.chosen")
    box = page.locator("[data-map-ground]").bounding_box()
    page.mouse.click(box["x"] + 60, box["y"] + 60)
    west, north = typed(page)[1], typed(page)[0]
    assert float(west) < 113.3245 and float(north) > 23.1065
    pin = page.locator(".map-mark.chosen").bounding_box()
    page.mouse.move(pin["x"] + 20, pin["y"] + 20)
    page.mouse.down()
    page.mouse.move(pin["x"] + 120, pin["y"] + 20, steps=5)
    page.mouse.up()
    assert float(typed(page)[1]) > float(west)
    expect(page.locator("[data-pick-says]")).to_have_text("已标在图上，保存后生效。")


def test_tiles_of_another_datum_shift_what_is_drawn_and_nothing_that_is_written(owner, store, settings):
    settings.GONGHUI_MAP_TILES, settings.GONGHUI_MAP_DATUM = "http://tiles.invalid/{z}/{x}/{y}", "gcj02"
    page = owner(f"/merchant/stores/{store.pk}/place")
    page.click("[data-pick-here]")
    page.wait_for_selector(".map-mark.chosen")
    assert typed(page) == ["23.106500", "113.324500"]
    shifted, back = page.evaluate(
        "() => { const { board } = document.querySelector('[data-map]'); const at = board.at([31.1774276, 121.5272106]);"
        " return [[at.lat, at.lng], board.from(at)]; }"
    )
    assert [round(one, 6) for one in shifted] == [31.175304, 121.531542], "as others publish this point"
    assert [round(one, 6) for one in back] == [31.177428, 121.527211]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["390", "1440"])
def test_union_chooses_it_in_the_console(visit, store, size):
    page = visit("city_admin", f"/console/partners/store/{store.pk}/change/", size=size)
    page.wait_for_selector(".gh-map .map-line", state="attached")
    assert axe_findings(page, within=".gh-map") == []
    box = page.locator("[data-map-ground]").bounding_box()
    page.mouse.click(box["x"] + 100, box["y"] + 100)
    page.wait_for_selector(".map-mark.chosen")
    latitude, longitude = typed(page)
    page.locator("[name=_save]").first.click()
    page.wait_for_url("**/console/partners/store/")
    store.refresh_from_db()
    assert (str(store.latitude), str(store.longitude)) == (latitude, longitude)
    assert page.complaints == []
