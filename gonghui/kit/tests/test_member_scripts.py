"""clock.js, voucher.js and grab.js in a real browser, against their Python twins."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import zxingcpp
from PIL import Image

from gonghui.kit.gallery.samples import CODE
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import IS_FORGOTTEN, IS_KEPT_WHOLE, device, wait_until
from gonghui.kit.tokens import QrVerdict, check_qr, qr_text, voucher_secret

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("gonghui.kit.tests.gallery_urls"),
]
TITLES = {
    "won": "抢到了",
    "waiting": "已进入候补",
    "sold_out": "已经抢完",
    "already": "您已经有票了",
    "not_open": "还没有开始",
    "closed": "已经结束",
    "not_entitled": "这一场您暂时不能抢",
}
KEEPING = {"service_workers": "allow"}


def test_voucher_text_equals_that_of_python(open_page):
    page = open_page("/_gallery/page/ticket")
    secret = voucher_secret(CODE)
    for minute in (0, 1, 29_000_000, 31_415_926):
        drawn = page.evaluate(f"gonghui.voucherText('{secret.hex()}', '{CODE}', {minute * 60_000 + 59_999})")
        assert drawn == qr_text(secret, CODE, minute * 60)


def test_voucher_is_read_by_a_scanner_and_accepted(open_page, tmp_path):
    page = open_page("/_gallery/page/ticket")
    page.wait_for_selector("[data-qr-area] svg")
    page.locator(".qr").screenshot(path=tmp_path / "qr.png")
    found = zxingcpp.read_barcodes(Image.open(tmp_path / "qr.png"))
    assert [check_qr(code.text, voucher_secret(CODE)) for code in found] == [QrVerdict.OK]


def test_voucher_changes_each_minute_without_network(open_page):
    page = open_page("/_gallery/page/ticket")
    page.wait_for_selector("[data-qr-area] svg")
    page.context.set_offline(True)
    shown = "document.querySelector('[data-voucher]').dataset.shown.split('.')[2]"
    # Early in a minute, so that none ends meanwhile.
    minute = page.evaluate(
        "() => { const n = Math.floor(gonghui.clock.now() / 60000); gonghui.clock.set(n * 60000 + 5000); return n; }"
    )
    page.wait_for_function(f"(n) => {shown} === String(n)", arg=minute)
    page.evaluate("gonghui.clock.set(gonghui.clock.now() + 60000)")
    page.wait_for_function(f"(n) => {shown} === String(n)", arg=minute + 1)


def test_used_voucher_shows_no_qr(open_page):
    page = open_page("/_gallery/page/ticket?state=used")
    assert page.locator("[data-voucher]").count() == 0
    assert page.locator(".seal").inner_text() == "已使用"


def test_countdown_follows_the_server_where_the_phone_is_an_hour_off(chromium, live_server):
    context = device(chromium, live_server.url)
    page = context.new_page()
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=1))
    page.goto("/_gallery/page/grab?in=600")
    off_s = page.evaluate("(gonghui.clock.now() - Date.now()) / 1000")
    assert -3603 < off_s < -3597
    assert page.locator("[data-countdown] b").all_inner_texts()[:2] in (["00", "09"], ["00", "10"])
    context.close()


def test_button_opens_by_itself_at_the_second(open_page):
    page = open_page("/_gallery/page/grab?in=2")
    button = page.locator("[data-grab-button]")
    assert button.is_disabled() is True
    assert button.inner_text() == "等待开抢"
    page.wait_for_selector("[data-grab-button][data-state=ready]", timeout=4000)
    assert button.inner_text() == "立即抢票"


@pytest.mark.parametrize("answer", TITLES)
def test_every_answer_is_told_in_the_sheet(open_page, answer):
    page = open_page(f"/_gallery/page/grab?in=0&answer={answer}")
    page.locator("[data-grab-button][data-state=ready]").click()
    page.wait_for_selector("#grab-result[open]")
    assert page.locator("#grab-result-title").inner_text() == TITLES[answer]
    assert page.locator("#grab-result img:visible").count() == 1


def test_order_carries_the_pass_the_party_and_the_wish_to_wait(open_page):
    page = open_page("/_gallery/page/grab?in=0")
    page.get_by_role("button", name="增加").click()
    page.get_by_role("checkbox").uncheck()
    with page.expect_response("**/claim/won") as answered:
        page.locator("[data-grab-button][data-state=ready]").click()
    assert answered.value.json()["order"] == {"pass": "gallery", "seats": 2, "wait": False}


def test_broken_network_is_retried_with_the_same_pass(open_page):
    page = open_page("/_gallery/page/grab?in=0")
    orders = []

    def cut_twice(route):
        orders.append(json.loads(route.request.headers["x-grab"]))
        if len(orders) == 1:
            route.abort()
        elif len(orders) == 2:
            route.fulfill(status=503, body=json.dumps({"answer": "try_again"}))
        else:
            route.continue_()

    page.route("**/claim/won", cut_twice)
    page.locator("[data-grab-button][data-state=ready]").click()
    page.wait_for_selector("#grab-result[open]", timeout=8000)
    assert page.locator("#grab-result-title").inner_text() == "抢到了"
    assert [order["pass"] for order in orders] == ["gallery"] * 3


def test_refused_pass_says_why_and_leaves_the_button_shut(open_page, live_server):
    page = open_page("about:blank")
    words = {"title": "这一场您暂时不能抢。", "detail": "请先完成实名核验。", "code": "not_entitled"}
    page.route("**/_gallery/pass", lambda route: route.fulfill(status=403, body=json.dumps(words)))
    page.goto(f"{live_server.url}/_gallery/page/grab?in=1")
    page.wait_for_selector("[data-grab-button][data-state=refused]")
    assert page.locator("[data-grab-note]").inner_text() == "这一场您暂时不能抢。 请先完成实名核验。"
    assert page.locator("[data-grab-button]").is_disabled() is True


def test_another_pool_is_asked_at_its_own_addresses(open_page):
    page = open_page("/_gallery/page/grab?in=0&pools")
    page.get_by_role("radio", name="20:30 第二班").check()
    with page.expect_response("**/claim/waiting") as answered:
        page.locator("[data-grab-button][data-state=ready]").click()
    assert answered.value.json()["order"]["pass"] == "gallery"
    page.wait_for_selector("#grab-result[open]")
    assert page.locator("#grab-result-title").inner_text() == "已进入候补"


def test_live_count_is_shown(open_page):
    page = open_page("/_gallery/page/grab?in=600")
    page.wait_for_function("() => document.querySelector('[data-grab-left]').textContent === '126'")
    assert page.locator("[data-grab-bar]").evaluate("(bar) => [bar.value, bar.max]") == [126, 380]


def test_unanswered_order_ends_in_an_honest_try_again(open_page):
    page = open_page("/_gallery/page/grab?in=0")
    page.route("**/claim/won", lambda route: route.abort())
    page.clock.install()
    page.locator("[data-grab-button][data-state=ready]").click()
    for _ in range(9):
        page.clock.run_for(9000)
    page.wait_for_selector("#grab-result[open]")
    assert page.locator("#grab-result-title").inner_text() == "还没有得到结果"
    assert page.locator("[data-grab-button]").get_attribute("data-state") == "ready"


def test_ticket_opens_again_without_network_after_one_visit(open_page):
    page = open_page("/tickets/7KQ2M9XW", **KEEPING)
    wait_until(page, IS_KEPT_WHOLE)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("[data-qr-area] svg")
    shown = page.locator("[data-voucher]").get_attribute("data-shown")
    assert check_qr(shown, voucher_secret(CODE)) == QrVerdict.OK
    assert page.locator("#offline-note").is_visible() is True


def test_page_that_was_not_kept_shows_the_offline_page(open_page):
    page = open_page("/_gallery/page/home", **KEEPING)
    wait_until(page, "async () => !!navigator.serviceWorker.controller && !!(await caches.match('/offline'))")
    page.context.set_offline(True)
    page.goto("/_gallery/page/me")
    assert page.locator("h1").inner_text() == "没有找到这一页。"


def test_signing_out_forgets_the_kept_tickets(open_page):
    page = open_page("/tickets/7KQ2M9XW", **KEEPING)
    wait_until(page, "async () => !!(await caches.match('/tickets/7KQ2M9XW'))")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend',"
        ' \'<form data-sign-out action="/offline"><button id="out"></button></form>\')'
    )
    page.evaluate("document.getElementById('out').click()")
    page.wait_for_url("**/offline*")
    wait_until(page, IS_FORGOTTEN, "/tickets/7KQ2M9XW")
