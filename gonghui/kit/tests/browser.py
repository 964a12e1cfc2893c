"""A real Chromium for tests: `from gonghui.kit.tests.browser import *  # noqa: F403` brings the fixtures."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = Path(settings.BASE_DIR) / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESKTOP = (390, 844), (1440, 900)


def chromium_path() -> str | None:
    given = os.environ.get("GONGHUI_CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(
    scope="module"
)  # not the session: while Playwright runs, no other test can start an event loop
def chromium():
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine; see tools/browser.sh")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, live_server):
    """`open_page("/path", size=PHONE, elder=False)` → a page; its console errors are in `page.complaints`."""
    contexts = []

    def opened(path: str, size=PHONE, elder: bool = False, **options):
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            base_url=live_server.url,
            **options,
        )
        contexts.append(context)
        if elder:
            context.add_cookies([{"name": "elder", "value": "1", "url": live_server.url}])
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(path, wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()


def axe_findings(page, *, enhanced: bool = False) -> list[str]:
    """Whatever axe finds, of any weight, with the first place it stands; `enhanced` asks for AAA contrast too."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"rules": {"color-contrast-enhanced": {"enabled": enhanced}}}
    found = "r.violations.map(v => `${v.id}: ${v.nodes[0].html} ${v.nodes[0].failureSummary}`)"
    return page.evaluate(f"(options) => axe.run(document, options).then(r => {found})", options)
