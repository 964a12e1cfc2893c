"""The till on a phone, in a real browser: a code typed, an amount on the keypad, the sale, the receipt, a part taken back."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from gonghui.bills.models import Bill, BillRefund, OfferTerms
from gonghui.bills.reactions import settle_paid_bill
from gonghui.bills.tests.stage import fresh, pay_code, with_points
from gonghui.funds.tests.stage import build_money
from gonghui.kit.tests.browser import (  # noqa: F401
    ARGS,
    DESKTOP,
    PHONE,
    axe_findings,
    chromium,
    chromium_path,
    device,
    listening,
    open_page,
    session_of,
    visit,
    wrong_with,
)
from gonghui.members.actions import pay_codes
from gonghui.payments.events import PaymentSucceeded
from gonghui.portal.tests.till import opened
from tests.road import film_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(cast):
    opened(cast)
    with_points(build_money(cast))
    return cast


@pytest.fixture
def counter(shop, open_page):  # noqa: F811
    """`counter("/path", who="clerk")` → a page of somebody signed in."""

    def page_of(path: str, who: str = "clerk", **options):
        page = open_page("about:blank", session=session_of(shop, who), **options)
        page.set_default_timeout(15_000)
        page.goto(path)
        return page

    return page_of


def due(page) -> str:
    return page.inner_text(".till-due").replace("\n", "").replace("¥", "")


def press(page, keys: str) -> None:
    for key in keys:
        page.click(f"[data-key='{key}']")


def is_due(page, amount: str) -> None:
    page.wait_for_function(
        "(amount) => (document.querySelector('.till-due')?.textContent || '').replace('¥', '').trim() === amount",
        arg=amount,
    )


def test_clerk_types_sells_and_takes_a_part_back(counter, shop):
    page = counter("/clerk/till")
    page.fill("#customer", pay_code(shop))
    press(page, "128.5")
    is_due(page, "108.50")
    page.wait_for_selector("[data-held]", state="attached")
    assert "陈**" in page.inner_text("#quote")
    page.click("text=下一步：核对应收")
    page.wait_for_selector("#sell")
    page.fill("#points", "8")
    page.wait_for_selector("text=确认收款 100.50 元")
    page.click("#sell")
    page.wait_for_url("**/clerk/bills/*")
    assert due(page) == "100.50"
    assert "记账完成，请收" in page.inner_text(".verdict")
    page.click("text=退货")
    page.fill(".back-amount input", "64.25")
    page.fill("[name=reason]", "会员退货")
    page.click("text=算一算退多少")
    page.wait_for_selector(".back-sum")
    page.click("text=确认退货")
    page.wait_for_selector("text=退货完成")
    bill = Bill.objects.unscoped("test").get()
    back = BillRefund.objects.unscoped("test").get()
    assert (bill.list_fen, bill.due_fen, bill.points) == (12850, 10050, 8)
    assert (back.list_fen, back.points) == (6425, 4)
    assert page.complaints == []


@pytest.fixture
def filmed(chromium, shop, live_server):  # noqa: F811
    """`filmed(film)` → the till of the clerk on a phone whose camera sees nothing but this film."""
    browsers = []

    def till(film):
        fake = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
        seen = f"--use-file-for-fake-video-capture={film}"
        path = chromium_path()
        browsers.append(chromium.browser_type.launch(executable_path=path, args=[*ARGS, *fake, seen]))
        key = session_of(shop, "clerk")
        context = device(browsers[-1], live_server.url, session=key, permissions=["camera"])
        page = listening(context.new_page())
        page.set_default_timeout(15_000)
        page.goto("/clerk/till")
        return page

    yield till
    for browser in browsers:
        browser.close()


MILK = "6901234567892"
LEFT = (
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
)
UNIT = 4


def bars_of(code: str) -> Image.Image:
    """An EAN-13 that begins with a 6, as printed."""
    flip = lambda bits: "".join("10"[int(bit)] for bit in bits)  # noqa: E731
    left = [
        flip(LEFT[int(digit)])[::-1] if turned else LEFT[int(digit)]
        for digit, turned in zip(code[1:7], (0, 1, 1, 1, 0, 0), strict=True)
    ]  # a first digit of 6: LGGGLL
    bits = "101" + "".join(left) + "01010" + "".join(flip(LEFT[int(digit)]) for digit in code[7:]) + "101"
    drawn = Image.new("L", (len(bits) * UNIT, 150), 255)
    pen = ImageDraw.Draw(drawn)
    for n, bit in enumerate(bits):
        if bit == "1":
            pen.rectangle((n * UNIT, 0, n * UNIT + UNIT - 1, 150), fill=0)
    return drawn


def shown_beside(screen: bytes, code: str) -> Image.Image:
    """A member's screen above an article, in one picture: a fake camera sees one film only."""
    sight = Image.new("L", (440, 440), 255)
    sight.paste(Image.open(io.BytesIO(screen)).convert("L").resize((260, 260)), (90, 0))
    sight.paste(bars_of(code), (30, 280))
    return sight


def test_camera_of_the_till_reads_a_members_pay_code_and_an_article(counter, filmed, shop, tmp_path):
    phone = counter("/me/pay", "mei")
    sight = shown_beside(phone.locator("[data-picture]").screenshot(), MILK)
    page = filmed(film_of(sight, tmp_path / "pay_code.y4m"))
    assert page.is_hidden("#viewfinder")
    page.click("#scan")
    page.wait_for_url("**/clerk/till/quote?*")  # the form is sent by itself
    assert page.locator("[data-held]").count() == 1
    page.check("[name=mode][value=lines]")
    page.click("#scan-article")
    page.wait_for_selector("text=本店还没有卖过条码")
    codes, prices = page.locator("[name=line_code]"), page.locator("[name=price]")
    assert codes.first.input_value() == MILK
    page.wait_for_function("document.activeElement.name === 'price'")
    page.keyboard.type("60")
    is_due(page, "60")
    codes.nth(1).focus()  # a scanner is a keyboard that ends with Enter
    page.keyboard.type(MILK)
    page.keyboard.press("Enter")
    is_due(page, "100")
    assert (page.locator("[name=quantity]").first.input_value(), codes.nth(1).input_value()) == ("2", "")
    assert (prices.first.input_value(), page.evaluate("document.activeElement.name")) == ("60", "line_code")
    assert "陈**" in page.inner_text("#quote") and "陈小梅" not in page.content()
    page.click("text=下一步：核对应收")
    page.click("#sell")
    page.wait_for_url("**/clerk/bills/*")
    bill = Bill.objects.unscoped("test").get()
    assert (bill.person_id, bill.due_fen, bill.state) == (shop.people["mei"].pk, 10000, "settled")
    assert bill.lines.values_list("code", "quantity", "list_fen").get() == (MILK, 2, 12000)
    assert [said for said in page.complaints if "422" not in said] == []  # the price was not known yet


def test_till_without_a_camera_says_to_type_the_code(counter):
    page = counter("/clerk/till")
    page.click("#scan")
    page.wait_for_selector("text=没有摄像头权限")
    assert page.is_visible("#customer")


def test_price_keeps_up_with_the_keys_and_says_what_is_missing(counter, shop):
    page = counter("/clerk/till")
    press(page, "60")
    page.wait_for_selector("text=扫会员的码后才知道能不能用")
    page.fill("#customer", pay_code(shop))
    page.wait_for_selector("text=还差 40 元到 100 元")
    press(page, "0")
    is_due(page, "580")
    page.click("[data-key=back]")
    page.click("[data-key=back]")
    is_due(page, "6")


def test_member_pays_on_the_phone_and_the_till_sees_it(counter, shop):
    page = counter("/clerk/till")
    page.fill("#customer", pay_code(shop))
    press(page, "120")
    page.click("text=下一步：核对应收")
    page.check("[name=method][value=wechat]")
    page.click("#sell")
    page.wait_for_selector("text=等会员付款")
    assert axe_findings(page) == []
    number = page.url.rsplit("/", 1)[1]
    phone = counter(f"/me/bills/{number}/pay", "mei")
    assert axe_findings(phone) == []
    phone.click("text=微信支付 100 元")
    phone.click("text=确认付款")
    phone.wait_for_url(f"**/me/bills/{number}")
    assert "款已收到" in phone.inner_text("main")
    bill = Bill.objects.unscoped("test").get()
    settle_paid_bill(PaymentSucceeded(payment_id=bill.payment_id))  # the worker's job
    phone.wait_for_selector("text=您付了")
    page.wait_for_selector("text=会员已付")
    assert fresh(bill).state == "settled"


@pytest.mark.parametrize("elder", [False, True])
def test_pages_of_the_till_are_clean(counter, shop, elder):
    page = counter("/clerk/till", elder=elder)
    assert axe_findings(page) == []
    page.fill("#customer", pay_code(shop))
    press(page, "120")
    page.click("text=下一步：核对应收")
    page.wait_for_selector("#sell")
    assert axe_findings(page) == []
    page.click("#sell")
    page.wait_for_url("**/clerk/bills/*")
    assert axe_findings(page) == []
    for path in (page.url + "/refund", "/clerk/bills"):
        page.goto(path)
        assert axe_findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    assert page.complaints == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
@pytest.mark.parametrize("elder", [False, True])
def test_members_pages_are_clean(visit, shop, size, elder):  # noqa: F811
    offer = f"/offers/{OfferTerms.objects.unscoped('test').get().offer_id}"
    for path in (
        "/me/pay",
        "/offers",
        offer,
        "/offers/quote",
        "/me/bills",
        f"/offers/quote?store={shop.store.pk}&amount=60",
    ):
        assert wrong_with(visit("mei", path, size, elder)) == []


def test_pay_code_is_drawn_anew_without_a_tap(counter, shop):
    page = counter("/me/pay", "mei")
    before = page.get_attribute("[data-picture]", "src")
    pay_codes.spend_pay_code(shop.actor("clerk"), text=shown_code(page), store_id=shop.store.pk)
    page.evaluate("() => window.gonghui.clock.set(window.gonghui.clock.now() + 61000)")
    page.wait_for_function(
        "(src) => document.querySelector('[data-picture]').getAttribute('src') !== src", arg=before
    )
    assert pay_codes.person_of_pay_code(shop.actor("clerk"), text=shown_code(page), store_id=shop.store.pk)


def shown_code(page) -> str:
    return "".join(page.locator("[data-said] span").all_inner_texts())
