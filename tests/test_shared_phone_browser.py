"""One phone, two people: what the first one left behind is gone before the second one looks, with and without a network."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from gonghui.benefits.models import Voucher
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import IS_FORGOTTEN, IS_KEPT_WHOLE, wait_until
from gonghui.members.actions.consents import give_consent
from tests.walk import build_stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IN_STORE = """async () => {
  const texts = [];
  for (const name of await caches.keys()) {
    const shelf = await caches.open(name);
    for (const request of await shelf.keys()) {
      const stored = await shelf.match(request);
      texts.push(request.url, (stored.headers.get('Content-Type') || '').includes('html') ? await stored.text() : '');
    }
  }
  return texts.join('\\n');
}"""


def hand_to(page, cast, who: str, url: str) -> None:
    key = cast.sign_in(Client(), who).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])


def leave(page, way: str) -> None:
    page.goto("/me" if way == "/sign-out" else "/me/consents")
    page.locator(f'form[action="{way}"] button').first.click()
    page.wait_for_load_state("load")


@pytest.mark.parametrize("way", ["/sign-out", "/me/consents/privacy/withdraw"])
def test_next_reader_of_a_phone_finds_nothing_of_the_former(cast, open_page, live_server, way):
    build_stage(cast)
    give_consent(cast.actor("mei"), purpose="privacy")
    voucher = Voucher.objects.unscoped("test").get()
    path = f"/tickets/{voucher.code}"
    page = open_page("/offline", service_workers="allow")
    hand_to(page, cast, "mei", live_server.url)
    page.goto(path)
    wait_until(page, IS_KEPT_WHOLE)
    assert voucher.code in page.evaluate(IN_STORE)
    leave(page, way)
    wait_until(page, IS_FORGOTTEN, path)
    page.context.set_offline(True)
    page.goto(path)
    assert page.locator("h1").inner_text() == "没有网络"
    page.context.set_offline(False)
    hand_to(page, cast, "lan", live_server.url)
    page.goto("/tickets")
    wait_until(page, IS_KEPT_WHOLE)
    page.context.set_offline(True)
    page.goto("/tickets")
    assert page.locator("h1").first.inner_text() != "没有网络"
    shown = page.content() + page.evaluate(IN_STORE)
    assert [said for said in (voucher.code, "陈小梅", "陈**") if said in shown] == []
