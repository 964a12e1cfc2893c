"""Every component, looked at by axe, by the ruler and by the console of a real browser."""

from __future__ import annotations

import pytest

from gonghui.kit.gallery.views import PAGES
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, axe_findings, device, listening

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("gonghui.kit.tests.gallery_urls"),
]
ADDRESSES = [
    "/_gallery/",
    *(f"/_gallery/page/{name}" for name in PAGES if name != "components"),
    "/_gallery/page/grab?pools",
    "/_gallery/page/tickets?empty",
    "/_gallery/page/ticket?state=used",
    "/_gallery/page/clerk?show=ok",
    "/_gallery/page/clerk?show=used",
    "/_gallery/page/clerk?show=stale",
    "/_gallery/page/plain?bad",
    "/_gallery/page/error?status=409",
]
# Links inside a sentence are as high as their line (WCAG 2.5.8 excepts them).
TOO_SMALL = """() => [...document.querySelectorAll('a, button, select, input, summary')].filter((e) => {
  const box = (e.closest('label') || e).getBoundingClientRect();
  const inSentence = e.tagName === 'A' && getComputedStyle(e).display === 'inline';
  const shown = box.width && e.checkVisibility() && !inSentence && !e.matches('.skip');
  return shown && (box.height < 43.5 || box.width < 43.5);
}).map((e) => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def readers(chromium, live_server):
    """Two readers for all the pages that are only looked at, one in elder mode."""
    contexts = [device(chromium, live_server.url, elder=elder) for elder in (False, True)]
    yield [listening(context.new_page()) for context in contexts]
    for context in contexts:
        context.close()


@pytest.mark.parametrize("elder", [False, True], ids=["normal", "elder"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_page_has_nothing_axe_finds_and_fits(readers, address, elder):
    page = readers[elder]
    page.complaints.clear()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(address, wait_until="load")
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    assert page.evaluate(TOO_SMALL) == []
    assert axe_findings(page, enhanced=elder) == []
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") == DESKTOP[0]
    assert axe_findings(page, enhanced=elder) == []
    assert page.complaints == []


@pytest.mark.parametrize("name", ["home", "grab", "ticket", "tickets", "messages", "me"])
def test_member_page_weighs_less_than_100_kb_before_pictures(chromium, live_server, name):
    page = chromium.new_page()
    sizes: dict[str, int] = {}
    page.on(
        "response",
        lambda r: sizes.__setitem__(r.url, len(r.body())) if r.request.resource_type != "image" else None,
    )
    page.goto(f"{live_server.url}/_gallery/page/{name}", wait_until="networkidle")
    page.close()
    assert sum(sizes.values()) < 100_000, sizes


def test_tab_bar_and_skip_link_are_reached_by_keyboard(open_page):
    page = open_page("/_gallery/page/home")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_current_tab_is_in_sight_and_the_edges_with_more_behind_them_say_so(open_page):
    page = open_page("/_gallery/page/components")
    few, many = page.locator(".tabs").all()
    current = many.locator("[aria-current]").bounding_box()
    frame = many.bounding_box()
    assert frame["x"] <= current["x"] and current["x"] + current["width"] <= frame["x"] + frame["width"]
    assert (few.get_attribute("data-more"), many.get_attribute("data-more")) == ("", "both")
    many.evaluate("tabs => tabs.scrollTo(0, 0)")
    page.wait_for_function("tabs => tabs.dataset.more === 'end'", arg=many.element_handle())


def test_elder_mode_is_kept_by_its_cookie(open_page):
    page = open_page("/_gallery/page/me")
    page.get_by_role("switch", name="长辈模式").click()
    assert page.evaluate("document.documentElement.hasAttribute('data-elder')") is True
    page.reload()
    assert page.get_by_role("switch", name="长辈模式").is_checked() is True
    page.get_by_role("switch", name="长辈模式").click()
    page.reload()
    assert page.evaluate("document.documentElement.hasAttribute('data-elder')") is False


def test_dialog_opens_and_closes_by_button_and_escape(open_page):
    page = open_page("/_gallery/page/ticket")
    page.get_by_role("button", name="退票").click()
    assert page.get_by_role("dialog").is_visible() is True
    page.get_by_role("button", name="再想想").click()
    assert page.get_by_role("dialog").is_visible() is False
    page.get_by_role("button", name="退票").click()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").is_visible() is False


def test_stepper_stops_at_its_bounds_and_shows_companion_rows(open_page):
    page = open_page("/_gallery/")
    party = page.locator("form[data-party]")
    fewer, more = party.get_by_role("button", name="减少"), party.get_by_role("button", name="增加")
    assert more.is_disabled() is True
    fewer.click()
    assert party.locator("[data-companion]:visible").count() == 1
    fewer.click()
    assert fewer.is_disabled() is True
    assert party.locator("[data-companion]:visible").count() == 0
    assert party.locator("[name=seats]").input_value() == "1"


def test_offline_note_comes_and_goes(open_page):
    page = open_page("/_gallery/page/home")
    page.context.set_offline(True)
    page.wait_for_selector("#offline-note:visible")
    page.context.set_offline(False)
    page.wait_for_selector("#offline-note", state="hidden")


def test_upload_refuses_the_wrong_kind_at_once(open_page):
    page = open_page("/_gallery/page/desk", DESKTOP)
    page.set_input_files(
        "input[type=file]", {"name": "名册.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    )
    note = page.locator("[data-upload-note]")
    assert note.inner_text() == "只能上传 .xlsx .csv 文件，请另存为这种格式后再选。"
    page.set_input_files("input[type=file]", {"name": "名册.csv", "mimeType": "text/csv", "buffer": b"a,b"})
    assert note.inner_text() == "名册.csv · 1 KB"


def test_charts_are_drawn_and_have_a_table(open_page):
    page = open_page("/_gallery/page/desk", DESKTOP)
    page.wait_for_selector("[data-chart-area] svg")
    assert page.locator("[data-chart-area] svg").count() == 4
    page.locator("summary").first.click()
    row = page.locator("figure tbody tr").first
    assert row.inner_text().split() == ["9/25", "120张", "80张"]
