"""A real Chromium for tests: `from gonghui.kit.tests.browser import *  # noqa: F403` brings the fixtures."""

from __future__ import annotations

import os
import shutil
import time
from functools import cache, wraps
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Locator, Page

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
AXE = Path(settings.BASE_DIR) / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# The open page and every file it names; the worker promises no order among them.
IS_KEPT_WHOLE = """async () => {
  const named = [...document.querySelectorAll('script[src], link[rel=stylesheet], [data-engine]')];
  const files = named.flatMap((e) => [e.src, e.href, e.dataset.engine].filter(Boolean));
  const needed = [location.pathname, '/offline', ...files];
  const kept = await Promise.all(needed.map((address) => caches.match(address, { ignoreVary: true })));
  return files.length > 5 && kept.every(Boolean);
}"""
IS_FORGOTTEN = "async (path) => !(await caches.match(path))"
AT_REST = """async () => {
  const ends = (motion) => motion.effect.getComputedTiming().endTime !== Infinity;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.allSettled(document.getAnimations().filter(ends).map((motion) => motion.finished));
  await document.fonts.ready;
}"""
PHONE, DESKTOP = (390, 844), (1440, 900)
STILL = {"reduced_motion": "reduce"}
PICTURES = os.environ.get("GONGHUI_PICTURES", "")  # a folder, where somebody wants to look at what was tested
REFUSED_IN_WORDS = (409, 422, 429)
CONSOLE_FRAME = ("region", "landmark")  # what axe says of the theme's frame around ours


def _until_it_stands(click):
    """A click that leads to another page is over when that page stands: Playwright itself goes on at its first byte.

    Where a test keeps a file of that page back, `no_wait_after=True`.
    """

    @wraps(click)
    def clicked(self, *args, no_wait_after: bool = False, **options):
        click(self, *args, no_wait_after=no_wait_after, **options)
        page = self.page if isinstance(self, Locator) else self
        if not (no_wait_after or page.is_closed()):
            page.wait_for_load_state("load")

    return clicked


Page.click, Locator.click = _until_it_stands(Page.click), _until_it_stands(Locator.click)


def chromium_path() -> str | None:
    given = os.environ.get("GONGHUI_CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


# Not the session's: while Playwright runs, no other test can start an event loop.
@pytest.fixture(scope="module")
def chromium():
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine; see tools/browser.sh")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


def device(browser, url: str, size=PHONE, *, session: str = "", elder: bool = False, **options):
    """A browser context in China for the site at `url`; `session` is the key of somebody signed in.

    Without the service worker, which would fetch every file once more and answer past `page.route`:
    `service_workers="allow"` where it is the matter. Without motion: what changes its colour has it at once, and nobody
    waits.
    """
    facts = STILL | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "service_workers": "block"} | options
    context = browser.new_context(base_url=url, viewport={"width": size[0], "height": size[1]}, **facts)
    cookies = {settings.SESSION_COOKIE_NAME: session, "elder": "1" if elder else ""}
    context.add_cookies(
        [{"name": name, "value": value, "url": url} for name, value in cookies.items() if value]
    )
    return context


def session_of(cast, who: str) -> str:
    return cast.sign_in(Client(), who).cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def open_page(chromium, live_server):
    """`open_page("/path", size=PHONE, elder=False)` → a page; its console errors are in `page.complaints`."""
    contexts = []

    def opened(path: str, size=PHONE, elder: bool = False, **options):
        context = device(chromium, live_server.url, size, elder=elder, **options)
        contexts.append(context)
        page = listening(context.new_page())
        page.goto(path, wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def visit(open_page, cast):
    """`visit("mei", "/me", size=PHONE, elder=False)` → what she sees there; at one size, one page for all she visits."""
    pages = {}

    def visited(who: str, path: str, size=PHONE, elder: bool = False):
        page = pages.get((who, size, elder))
        if page is None:
            session = session_of(cast, who)
            page = pages[who, size, elder] = open_page("about:blank", size, elder, session=session)
        page.complaints.clear()
        page.goto(path, wait_until="load")
        return page

    return visited


def listening(page):
    """The page; what its console complains of from now on is in `page.complaints`."""
    page.complaints = []
    page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


def wait_until(page, question: str, arg=None, timeout_s: float = 30) -> None:
    """Asks an async function until it says yes.

    Playwright's `wait_for_function` takes a promise itself for a yes, and a bare expression falls foul of our CSP at
    the second look: give it plain functions only.
    """
    deadline = time.monotonic() + timeout_s
    while not page.evaluate(question, arg):
        assert time.monotonic() < deadline, f"never true: {question}"
        page.wait_for_timeout(50)


def come_to_rest(page) -> None:
    """What moves on the page has arrived; what goes on for ever is left alone."""
    page.evaluate(AT_REST)


@cache
def axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def axe_findings(page, *, enhanced: bool = False, within: str = "") -> list[str]:
    """Whatever axe finds, of any weight, with the first place it stands; `enhanced` asks for AAA contrast too.

    `within` a selector: of the console only what is ours, not the theme's frame around it.
    """
    if not page.evaluate("'axe' in window"):
        page.add_init_script(axe_source())  # what this tab opens next has it already
        page.evaluate(axe_source())
    options = {
        "rules": {"color-contrast-enhanced": {"enabled": enhanced}},
        "resultTypes": ["violations"],  # of what passes, no lists of places are made
    }
    found = "r.violations.map(v => `${v.id}: ${v.nodes[0].html} ${v.nodes[0].failureSummary}`)"
    return page.evaluate(
        f"([options, within]) => axe.run(within || document, options).then(r => {found})", [options, within]
    )


def keep_picture(page, name: str) -> None:
    """Of the whole page, in the folder GONGHUI_PICTURES, where there is one."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}-{page.viewport_size['width']}.png", full_page=True)


def wrong_with(page, name: str = "", *, within: str = "", enhanced: bool = False) -> list[str]:
    """What runs out of the page at rest, what its console complained of since it was last asked, what axe finds.

    A page that is not there or not allowed stands among the complaints; one that itself refuses in words does not.
    With a `name` a picture is kept.
    """
    come_to_rest(page)
    if name:
        keep_picture(page, name)
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    found = axe_findings(page, enhanced=enhanced, within=within)
    if "/console/" in page.url:
        found = [one for one in found if not one.startswith(CONSOLE_FRAME)]
    answered = page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
    told = f"status of {answered} " if answered in REFUSED_IN_WORDS else None
    complaints = [text for text in page.complaints if told is None or told not in text]
    page.complaints.clear()
    said = [*(["wider than the screen"] if wide else []), *complaints, *found]
    return [f"{name or page.url} at {page.viewport_size['width']}: {one}" for one in said]


def wrong_at_both_widths(page, name: str = "") -> list[str]:
    """Of a page that stands open: as wide as a desk's, then as a phone's, where it stays."""
    page.wait_for_load_state("load")
    found = []
    for width, height in (DESKTOP, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        found += wrong_with(page, name)
    return found
