"""惠工地图 in a real browser: clean for axe and the console, pins by keyboard, the sheet, rings, tiles, a thousand stores."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from gonghui.bills.models import OfferTerms
from gonghui.bills.tests.priced import published
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, axe_findings, wrong_with
from gonghui.partners.models import Partner, Store
from gonghui.partners.tests.stage import new_partner, new_store
from gonghui.portal.tests.till import opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "“百年湾区·工运同行”新就业形态劳动者错峰用餐七折优惠（每月二十日工惠日加码）"
TOWER = (23.1065, 113.3245)
AT_TOWER = {"geolocation": {"latitude": TOWER[0], "longitude": TOWER[1]}, "permissions": ["geolocation"]}
PLACES = {"甲店": (0.0003, 0.001), "乙店": (0.004, -0.003), "丙店": (-0.006, 0.004), "丁店": (0.0001, -0.009)}


@pytest.fixture
def shops(cast):
    opened(cast, title=LONG)
    partner = new_partner(cast, "邻里食堂")
    for name, (north, east) in PLACES.items():
        store = new_store(partner, f"{name}{LONG if name == '丁店' else ''}"[:96])
        store.latitude, store.longitude, store.address = TOWER[0] + north, TOWER[1] + east, "阅江西路 1 号"
        store.save()
        price = {
            "form": "percent",
            "threshold_fen": 0,
            "off_fen": 0,
            "rate_permille": 700,
            "family": name == "乙店",
        }
        published(cast, title=f"{name}优惠", stores=[store], **price)
    return cast


def drawn(page):
    page.wait_for_selector(".map-mark")
    page.wait_for_timeout(400)
    return page


@pytest.mark.parametrize("elder", [False, True], ids=["normal", "elder"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["390", "1440"])
def test_pages_are_clean_for_axe_and_the_console_and_fit(open_page, shops, size, elder):
    offer = OfferTerms.objects.unscoped("test").get(offer__title="甲店优惠").offer_id
    store = Store.objects.unscoped("test").get(name="甲店").pk
    page = open_page("/map", size=size, elder=elder, **AT_TOWER)
    for address in ("/map", f"/map/stores/{store}", f"/offers/{offer}"):
        page.goto(address)
        drawn(page)
        if address == "/map":
            page.click("[data-near]")
            page.wait_for_selector(".map-here")
            page.wait_for_timeout(400)
        assert wrong_with(page, enhanced=elder) == []


def test_phone_says_where_it_is_and_the_map_draws_rings_around_it(open_page, shops):
    page = open_page("/map", **AT_TOWER)
    asked = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("x-near"))))
    drawn(page)
    assert page.locator(".map-here").count() == 0
    page.click("[data-map-locate]")
    page.wait_for_selector(".map-here")
    assert page.locator(".map-ring").count() == 3
    assert page.locator("[data-store-row] h2").first.inner_text() == "甲店"
    assert [near for _url, near in asked if near] == ["23.107,113.325"] * 2 and not any(
        "23.1" in url for url, _ in asked
    )
    page.click("[data-near]")
    page.wait_for_selector(".map-here", state="detached")


def test_filter_narrows_list_and_map_together(open_page, shops):
    page = drawn(open_page("/map", **AT_TOWER))
    page.click("[data-near]")
    page.wait_for_selector(".map-here")
    page.click(".stores-switches a:has-text('家属可用')")
    page.wait_for_url("**/map?family=1")
    expect(page.locator("[data-store-row]")).to_have_count(1)
    expect(page.locator(".map-mark")).to_have_count(1)
    assert page.locator(".map-mark").get_attribute("aria-label") == "乙店，七折，现在可用"


def test_pins_are_reached_and_opened_by_keyboard(open_page, shops):
    page = drawn(open_page("/map"))
    page.locator("[data-map-ground]").focus()
    names = []
    for _n in range(4):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert sorted(name[:2] for name in names) == sorted(PLACES)
    page.keyboard.press("Enter")
    sheet = page.locator("#store-sheet")
    expect(sheet).to_be_visible()
    assert sheet.locator("h2").inner_text()[:2] == names[-1][:2]
    assert axe_findings(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == names[-1]


def test_stores_that_stand_close_are_one_number_that_opens(open_page, shops):
    rest = Store.objects.unscoped("test").exclude(name="甲店").filter(latitude__isnull=False)
    for n, store in enumerate(rest, 1):
        store.latitude, store.longitude = TOWER[0] + 0.0003 + 0.0002 * n, TOWER[1] + 0.001
        store.save()
    page = drawn(open_page("/map"))
    page.locator("[data-map-zoom='-1']").click()
    page.wait_for_timeout(500)
    page.locator("[data-map-zoom='-1']").click()
    page.wait_for_timeout(500)
    assert page.locator(".map-bunch").inner_text() == "4"
    page.locator(".map-mark").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".map-mark[data-pin]")
    page.wait_for_timeout(400)
    assert page.evaluate("document.activeElement.className").startswith("leaflet-marker-icon map-mark")


def test_stores_in_one_house_are_listed(open_page, shops):
    Store.objects.unscoped("test").filter(latitude__isnull=False).update(
        latitude=TOWER[0], longitude=TOWER[1]
    )
    page = drawn(open_page("/map"))
    page.locator(".map-mark").click()
    rows = page.locator("dialog[open] .map-list a")
    expect(rows).to_have_count(4)
    rows.first.click()
    expect(page.locator("#store-sheet")).to_be_visible()


def test_address_is_copied(open_page, shops):
    page = open_page("/map", permissions=["clipboard-read", "clipboard-write"])
    page.locator("[data-store-row] [data-copy]").first.click()
    page.wait_for_selector("text=地址已复制")
    assert page.evaluate("navigator.clipboard.readText()").endswith("阅江西路 1 号")


def test_list_is_whole_and_no_map_is_there_without_a_script(open_page, shops):
    page = open_page("/map", java_script_enabled=False)
    assert page.locator("[data-store-row]").count() == 5
    assert page.locator(".map").is_visible() is False
    page.click(".stores-switches a:has-text('家属可用')")
    assert page.locator("[data-store-row]").count() == 1
    page.click("[data-store-row] h2 a")
    assert page.locator(".given").count() == 1


def test_no_host_is_asked_unless_tiles_are_named_and_then_that_one_alone(
    open_page, shops, settings, live_server
):
    page = open_page("/map")
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.reload()
    drawn(page)
    assert hosts == {live_server.url.split("/")[2]}
    assert page.locator(".map-line").count() > 5
    settings.GONGHUI_MAP_TILES = "http://tiles.invalid/{z}/{x}/{y}.png"
    settings.GONGHUI_MAP_CREDIT = "© 某某图"
    page.reload()
    drawn(page)
    assert hosts == {live_server.url.split("/")[2], "tiles.invalid"}
    assert page.locator(".map-line").count() == 0 and page.locator(".map-credit").inner_text() == "© 某某图"
    assert not any("Content Security Policy" in said for said in page.complaints)


def test_map_of_a_thousand_stores_stays_usable(open_page, shops):
    partner = Partner.objects.unscoped("test").get(name="邻里食堂")
    stores = [
        Store(
            partner=partner,
            name=f"{n}号店",
            latitude=TOWER[0] + 0.0015 * (n // 40),
            longitude=TOWER[1] + 0.0015 * (n % 40),
        )
        for n in range(1000)
    ]
    Store.objects.bulk_create(stores)
    published(shops, title="到处都有", stores=stores)
    page = drawn(open_page("/map"))
    assert page.locator("[data-store-row]").count() == 20
    assert 10 < page.locator(".map-mark").count() <= 48
    answer = page.request.get(reverse("map_pins"))
    assert len(answer.json()["pins"]) == 1000 and len(answer.body()) < 100_000
