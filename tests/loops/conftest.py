"""People at their own devices, jobs that run when somebody says so, and days that pass."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.urls import reverse

from gonghui.activities.tests.test_worker import work
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, axe_findings, device, listening, session_of


class People:
    """`people.at("mei")` → her page, signed in; staff sit at a desk, the others hold a phone."""

    def __init__(self, cast, chromium, url: str) -> None:
        self.cast, self.chromium, self.url = cast, chromium, url
        self.pages: dict[str, object] = {}
        self.contexts: list = []

    def at(self, name: str, path: str = ""):
        page = self.pages.get(name) or self._come(name)
        if path:
            page.goto(self.url + path, wait_until="load")
        return page

    def _come(self, name: str):
        size = DESKTOP if self.cast.users[name].is_staff else PHONE
        context = device(self.chromium, self.url, size, session=session_of(self.cast, name))
        self.contexts.append(context)
        page = self.pages[name] = listening(context.new_page())
        page.set_default_timeout(15_000)
        return page

    def leave(self) -> None:
        """Everybody goes home; who comes again signs in anew, as after a month one must."""
        self.pages.clear()

    def complaints(self) -> dict[str, list[str]]:
        return {name: page.complaints for name, page in self.pages.items() if page.complaints}

    def findings(self, name: str) -> list[str]:
        """What axe finds on the page this person has before them."""
        return axe_findings(self.pages[name])


@pytest.fixture
def people(cast, chromium, live_server):
    found = People(cast, chromium, live_server.url)
    yield found
    for name, page in found.pages.items():
        print(f"--- {name} at {page.url}\n{page.inner_text('body')[:1200]}")
    for context in found.contexts:
        context.close()


def work_off() -> None:
    """Every job that is due, and those they defer; in a thread of its own, for Playwright keeps this one's event loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_work).result()


def _work() -> None:
    try:
        work()
    finally:
        connections.close_all()


def press(page, text: str) -> None:
    """The button of this name, or the link where there is none: the side bar links to pages by the names of their verbs.

    Buttons that open a dialog are pressed there again by the caller.
    """
    either = page.get_by_role("button", name=text, exact=True).or_(
        page.get_by_role("link", name=text, exact=True)
    )
    either.first.wait_for()
    button = page.get_by_role("button", name=text, exact=True)
    (button if button.count() else either).first.click()


def do(people, name: str, address: str, row, label: str) -> None:
    """A verb's own page, as one comes to it without scripts, and its button."""
    page = people.at(name, reverse(address, args=[row.pk]))
    press(page, label)
    page.wait_for_load_state("load")
    assert "errornote" not in page.content(), page.inner_text("main")
