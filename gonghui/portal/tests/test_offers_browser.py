"""Offers, bills and what comes after them in a real browser: clean for axe with long names, and sorted by how far they are."""

from __future__ import annotations

import pytest

from gonghui.bills.tests.priced import published
from gonghui.bills.tests.stage import refunded, sold, with_points
from gonghui.funds.tests.stage import build_money
from gonghui.kit.tests.browser import chromium, device, listening, session_of, wrong_with  # noqa: F401
from gonghui.partners.tests.stage import new_partner, new_store
from gonghui.portal.tests.till import coupon_of, opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "“百年湾区·工运同行”新就业形态劳动者错峰观影七折优惠（每月二十日工惠日加码）"
TOWER, STATION = (23.1065, 113.3245), (23.1490, 113.2574)


@pytest.fixture
def world(cast):
    opened(cast, title=LONG)
    with_points(build_money(cast))
    partner = new_partner(cast, LONG[:96])
    for name, place in (("甲店", STATION), ("乙店", TOWER)):
        store = new_store(partner, f"{name}{LONG[:40]}")
        store.latitude, store.longitude = place
        store.save()
        published(cast, title=f"{name}优惠", stores=[store])
    bill = sold(cast, *((f"商品{n}：{LONG}", 1999, 2) for n in range(7)), points=10)
    refunded(cast, bill, (1, 1))
    return {"store": cast.store.pk, "bill": bill.pk, "offer": coupon_of(cast).release.offer_id}


@pytest.fixture
def phone(chromium, live_server, cast):  # noqa: F811
    contexts = []

    def opened(who: str, *, elder: bool = False, **options):
        context = device(chromium, live_server.url, session=session_of(cast, who), elder=elder, **options)
        contexts.append(context)
        return listening(context.new_page())

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("elder", [False, True])
def test_pages_are_clean_for_axe_and_fit(phone, world, elder):
    page = phone("mei", elder=elder)
    for address in (
        "/offers?view=all", "/offers/{offer}", "/offers/quote?store={store}&amount=150", "/me/pay", "/me/bills",
        "/me/bills/{bill}", "/me/bills/{bill}/ways", "/me/bills/{bill}/rate", "/",
    ):  # fmt: skip
        page.goto(address.format(**world), wait_until="load")
        assert wrong_with(page, enhanced=elder) == []


def titles(page) -> list[str]:
    return [title[:4] for title in page.locator(".offer-card h2").all_inner_texts()]


def test_nearest_come_first_until_one_taps_again_and_the_place_stands_in_no_address(phone, world):
    place = {"latitude": STATION[0], "longitude": STATION[1]}
    page = phone("mei", geolocation=place, permissions=["geolocation"])
    asked = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("x-near"))))
    page.goto("/offers?view=all")
    before = titles(page)
    page.click("[data-near]")
    page.wait_for_selector("text=已按离您的远近排好")
    assert titles(page)[:2] == ["甲店优惠", "乙店优惠"]
    page.click(".segments a:has-text('现在可用')")
    page.wait_for_url("**/offers?view=now")
    page.wait_for_selector("text=已按离您的远近排好")
    assert [near for _url, near in asked if near] == ["23.149,113.257"] * 2
    assert not [url for url, _near in asked if "23.149" in url]
    page.go_back()
    page.wait_for_selector(".segments [aria-current]:has-text('全部')")
    page.click("[data-near]")
    page.wait_for_selector("[data-near][aria-pressed=false]")
    assert titles(page) == before
    page.reload()
    assert page.locator("[data-near][aria-pressed=false]").count() == 1


def test_refused_place_is_told_and_the_list_stays(phone, world):
    page = phone("mei", permissions=[])
    page.goto("/offers?view=all")
    before = titles(page)
    page.click("[data-near]")
    page.wait_for_selector("text=没有取得位置")
    assert titles(page) == before
