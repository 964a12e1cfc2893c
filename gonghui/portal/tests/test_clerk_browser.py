"""The counter with a real camera picture, and without network."""

import datetime as dt
import io
from uuid import uuid4

import pytest
import segno
from django.utils import timezone
from PIL import Image

from gonghui.benefits.engine import Claim, settle_claims
from gonghui.benefits.models import OfflineException, Redemption, Voucher
from gonghui.benefits.tests.crowd import new_pool, new_release
from gonghui.kit import tokens
from gonghui.kit.tests.browser import ARGS, axe_findings, chromium_path, device, session_of, wait_until
from gonghui.portal.tests.till import HAS_PACK

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CAMERA = (640, 480)
CAMERA_ARGS = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


@pytest.fixture
def ticket(cast):
    now = timezone.now()
    pool = new_pool(
        new_release(cast.unions["city"], title="珠岛夜游", party_max=3),
        capacity=10,
        store=cast.store,
        valid_from=now - dt.timedelta(minutes=5),
        valid_until=now + dt.timedelta(hours=3),
    )
    code = settle_claims(pool.pk, [Claim(person_id=cast.people["mei"].pk, key=uuid4(), seats=3)])[0].code
    return Voucher.objects.unscoped("test").get(code=code)


def camera_film(path, text: str) -> str:
    """A film of one still picture: the QR as a phone's screen shows it, in raw YUV4MPEG2."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="png", scale=8, border=4)
    picture = Image.new("L", CAMERA, 255)
    code = Image.open(drawn).convert("L")
    picture.paste(code, ((CAMERA[0] - code.width) // 2, (CAMERA[1] - code.height) // 2))
    frame = b"FRAME\n" + picture.tobytes() + bytes([128]) * (CAMERA[0] * CAMERA[1] // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * 10)
    return str(path)


@pytest.fixture
def counter(cast, live_server):
    """`counter(film=None)` → the clerk's page, signed in, with the film before its camera."""
    if chromium_path() is None:
        pytest.skip("no Chromium on this machine; see tools/browser.sh")
    from playwright.sync_api import sync_playwright

    key = session_of(cast, "clerk")
    with sync_playwright() as playwright:
        browsers = []

        def opened(film: str | None = None):
            films = (f"--use-file-for-fake-video-capture={film}",) if film else ()
            browser = playwright.chromium.launch(
                executable_path=chromium_path(), args=[*ARGS, *CAMERA_ARGS, *films]
            )
            browsers.append(browser)
            page = device(browser, live_server.url, session=key, permissions=["camera"]).new_page()
            page.complaints = []
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.goto("/clerk/")
            return page

        yield opened
        for browser in browsers:
            browser.close()


def test_clerk_scans_a_picture_redeems_and_refuses_the_second_scan(counter, ticket, tmp_path):
    text = tokens.qr_text(tokens.voucher_secret(ticket.code), ticket.code)
    page = counter(camera_film(tmp_path / "qr.y4m", text))
    page.wait_for_selector(".verdict.ok")
    assert page.inner_text(".verdict .big") == "珠岛夜游"
    assert "陈**" in page.inner_text(".verdict") and "陈小梅" not in page.content()
    assert axe_findings(page) == []
    page.click("#redeem-button")
    page.wait_for_selector("text=请放行 3 人")
    page.click("#again")
    page.wait_for_selector(".verdict.no")
    assert "珠岛游船码头" in page.inner_text(".verdict .big")
    assert page.complaints == []
    assert Redemption.objects.unscoped("test").get().arrived == 3


def test_clerk_types_a_code_and_lets_fewer_in(counter, ticket):
    page = counter()
    page.fill("#code", tokens.spaced_short_code(ticket.code).lower())
    page.click("#look-form button")
    page.wait_for_selector(".verdict.ok")
    page.click("[data-step='-1']")
    page.click("#redeem-button")
    page.wait_for_selector("text=请放行 2 人")
    assert Redemption.objects.unscoped("test").get().arrived == 2


def test_clerk_redeems_without_network_and_hands_in_later(counter, ticket):
    page = counter()
    wait_until(page, HAS_PACK)
    page.context.set_offline(True)
    page.fill("#code", ticket.code)
    page.click("#look-form button")
    page.wait_for_selector(".verdict.ok")
    page.click("#redeem-button")
    page.wait_for_selector("text=离线核销成功")
    assert Redemption.objects.unscoped("test").count() == 0
    page.click("#again")
    page.fill("#code", ticket.code)
    page.click("#look-form button")
    page.wait_for_selector("text=这张券已经核销过")
    page.context.set_offline(False)
    page.wait_for_selector("text=1 条入账")
    row = Redemption.objects.unscoped("test").get()
    assert (row.offline, row.arrived) == (True, 3)
    assert OfflineException.objects.unscoped("test").count() == 0


def test_screenshot_of_another_minute_is_refused_without_network_too(counter, ticket):
    old = timezone.now() - dt.timedelta(minutes=5)
    page = counter()
    wait_until(page, HAS_PACK)
    page.context.set_offline(True)
    page.fill("#code", tokens.qr_text(tokens.voucher_secret(ticket.code), ticket.code, old))
    page.click("#look-form button")
    page.wait_for_selector("text=过期的二维码")
    assert page.is_hidden("#redeem-form")


def test_counter_works_without_scripts(cast, client, ticket):
    cast.sign_in(client, "clerk")
    found = client.post("/clerk/look", {"text": ticket.code}).content.decode()
    assert "放行 3 人" in found
    key = found.split('name="key" value="')[1][:36]
    done = client.post("/clerk/redeem", {"text": ticket.code, "key": key, "arrived": "3"}).content.decode()
    assert "请放行 3 人" in done
    again = client.post("/clerk/redeem", {"text": ticket.code, "key": str(uuid4())}).content.decode()
    assert "核销过" in again
