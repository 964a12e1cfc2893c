"""The till without network, in a real browser: its figures are the server's, its sales become bills."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from django.utils import timezone

from gonghui.benefits.models import OfflineException
from gonghui.bills.models import Bill
from gonghui.bills.offline import FORMS, offer_facts
from gonghui.bills.pricing import (
    Asker,
    Basis,
    Basket,
    Form,
    Line,
    LiveOffer,
    Payer,
    Share,
    Terms,
    Visit,
    WhenEmpty,
    quote,
)
from gonghui.bills.tests.offline import coupon_of, coupon_terms
from gonghui.bills.tests.priced import released
from gonghui.bills.tests.stage import open_shop, pay_code, sold
from gonghui.funds.tests.stage import build_money
from gonghui.kit import tokens
from gonghui.kit.templatetags.kit import yuan
from gonghui.kit.tests.browser import (  # noqa: F401
    IS_FORGOTTEN,
    IS_KEPT_WHOLE,
    PHONE,
    axe_findings,
    chromium,
    open_page,
    session_of,
    wait_until,
)
from gonghui.portal.tests.till import HAS_PACK

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FUNDED = (Payer.UNION, Payer.EMPLOYER)
CASES = 600


@pytest.fixture
def money(cast):
    open_shop(cast)
    return build_money(cast)


@pytest.fixture
def till(money, open_page):  # noqa: F811
    """`till()` → the clerk's till, its pack fetched."""

    def opened(size=PHONE, **options):
        page = open_page("about:blank", size=size, session=session_of(money.cast, "clerk"), **options)
        page.set_default_timeout(15_000)
        page.goto("/clerk/till")
        wait_until(page, HAS_PACK)
        return page

    return opened


def cut(page, out: bool = True) -> None:
    page.context.set_offline(out)
    if out:
        page.wait_for_selector("text=离线收银中")


def ask(page, code: str, amount: str = "") -> str:
    page.fill("#customer", code)
    page.fill("#amount", amount)
    page.wait_for_timeout(500)  # longer than the till waits for the next key
    return page.inner_text("#quote")


def due(page) -> str:
    return page.inner_text(".till-due").replace("\n", "").replace("¥", "").strip()


def bills() -> list[Bill]:
    return list(Bill.objects.unscoped("test").order_by("id"))


def test_coupon_is_sold_without_network_and_the_bill_is_there_afterwards(till, money):
    pool = released(coupon_terms(money, title="满100减20"))
    mine, other = coupon_of(money, "mei", pool=pool), coupon_of(money, "lan", pool=pool)
    page = till()
    cut(page)
    page.fill("#customer", tokens.spaced_short_code(mine.code).lower())
    for key in "128.5":
        page.click(f"[data-key='{key}']")
    page.wait_for_selector("text=已收 108.50 元现金，记下这一单")
    assert due(page) == "108.50"
    assert "陈**" in page.inner_text("#quote") and "陈小梅" not in page.content()
    assert axe_findings(page) == []
    page.click("#next")
    page.wait_for_selector("text=已记在本机")
    assert (due(page), page.input_value("#customer"), page.input_value("#amount")) == ("108.50", "", "")
    assert "还可收 49 笔、用 1,990 元补贴" in page.inner_text("#offline-state")
    assert "这张券刚在本机用过" in ask(page, mine.code, "128.5")
    assert page.inner_text("#next") == "下一步：核对应收"
    qr = tokens.qr_text(tokens.voucher_secret(other.code), other.code)
    ask(page, qr)
    assert page.input_value("#customer") == other.code  # seen to be genuine, the code stands for it
    page.fill("#amount", "100")
    page.click("#next")
    page.wait_for_selector("text=已记在本机")
    assert bills() == []
    cut(page, out=False)
    page.wait_for_selector("text=2 条入账，0 条需要核对")
    page.wait_for_selector("#offline-state", state="hidden")
    found = {bill.person_id: (bill.list_fen, bill.due_fen, bill.offline_at < bill.at) for bill in bills()}
    assert found == {mine.person_id: (12_850, 10_850, True), other.person_id: (10_000, 8_000, True)}
    page.goto("/clerk/bills")
    assert page.locator("text=断网收").count() == 2
    assert axe_findings(page) == []


def test_till_without_network_says_in_a_sentence_what_it_cannot_do(till, money):
    good = coupon_of(money, title="满100减20")
    counted = coupon_of(money, "lan", limits=[("person_day", 1)])
    page = till()
    cut(page)
    old = timezone.now() - timezone.timedelta(minutes=5)
    stale = tokens.qr_text(tokens.voucher_secret(good.code), good.code, old)
    said = {
        (
            pay_code(money.cast),
            "120",
        ): "离线时核不了。 请会员打开“我的票”出示券码，或者等网络恢复。",
        ("", "120"): "没有网络时只能凭券收银。",
        (counted.code, "120"): "这张券要联网才能用。",
        (stale, "120"): "这是过期的二维码，可能是截图。",
        (good.code, "99"): "“满100减20”还差 1 元。",
    }
    for (code, amount), sentence in said.items():
        assert sentence in ask(page, code, amount), sentence
    ask(page, good.code, "120")
    page.check("[name=mode][value=lines]")
    page.wait_for_selector("text=没有网络时只能按总金额收")
    page.check("[name=mode][value=amount]")
    page.check("[name=is_family]")
    page.wait_for_selector("text=只限会员本人")
    assert axe_findings(page) == []
    page.click("#next")
    assert page.evaluate("() => window.gonghui.tillOffline.isOut()") is True
    cut(page, out=False)
    page.wait_for_selector("#offline-state", state="hidden")
    assert (bills(), page.complaints and bills()) == ([], [])


def test_till_stops_at_the_packs_sum_and_at_its_end(till, money):
    page_fen = {"form": "percent", "rate_permille": 0, "cap_fen": 400_000, "threshold_fen": 0}
    dear = released(coupon_terms(money, title="全免", **page_fen), fen=1_000_000)
    first, second = coupon_of(money, "mei", pool=dear), coupon_of(money, "lan", pool=dear)
    page = till()
    cut(page)
    assert "应收现金" in ask(page, first.code, "3000")
    page.click("#next")
    page.wait_for_selector("text=已记在本机")
    assert "离线名单只剩 500 元" in ask(page, second.code, "1200")
    assert "应收现金" in ask(page, second.code, "900")
    page.evaluate("() => window.gonghui.clock.set(window.gonghui.clock.now() + 31 * 60000)")
    assert "离线名单已到时限或笔数" in ask(page, second.code, "901")
    page.click("#next")
    page.wait_for_selector("text=按原价收款，券留着下次用")
    assert (
        page.evaluate(
            "() => JSON.parse(localStorage[Object.keys(localStorage).find((k) => k.endsWith('-done'))]).length"
        )
        == 1
    )


def test_coupon_used_elsewhere_meanwhile_is_told_as_an_exception(till, money):
    voucher = coupon_of(money, title="满100减20")
    page = till()
    cut(page)
    ask(page, voucher.code, "100")
    page.click("#next")
    page.wait_for_selector("text=已记在本机")
    sold(money.cast, customer=voucher.code)
    cut(page, out=False)
    page.wait_for_selector("text=0 条入账，1 条需要核对")
    row = OfflineException.objects.unscoped("test").get()
    assert (row.why, row.list_fen, row.due_fen, len(bills())) == ("already_used", 10_000, 8_000, 1)
    page.goto("/clerk/day")
    assert "消费 100 元，已收 80 元，差 20 元" in page.inner_text("main")
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True


def test_till_opens_without_network_and_is_gone_after_signing_out(till, money):
    voucher = coupon_of(money, title="满100减20")
    page = till(service_workers="allow")
    page.reload()
    wait_until(page, IS_KEPT_WHOLE)
    page.context.set_offline(True)
    page.goto(f"/clerk/till?customer={voucher.code}")
    page.wait_for_selector("text=离线收银中")
    assert page.input_value("#customer") == voucher.code
    page.fill("#amount", "150")
    page.wait_for_selector("text=已收 130 元现金，记下这一单")
    page.click("#next")
    page.wait_for_selector("text=已记在本机")
    page.context.set_offline(False)
    page.wait_for_selector("text=1 条入账")
    assert [bill.due_fen for bill in bills()] == [13_000]
    page.context.clear_cookies()
    page.goto("/clerk/till")
    wait_until(page, IS_FORGOTTEN, "/clerk/till")


# --- The same figures ---------------------------------------------------------------------------------------


def any_shares(dice: random.Random) -> tuple[Share, ...]:
    count, policies = dice.randint(1, 3), list(WhenEmpty)
    rest, open_permille, shares = dice.randrange(count), 1000, []
    for n in range(count):
        payer = dice.choice([Payer.MERCHANT, Payer.UNION, Payer.EMPLOYER])
        permille = 0 if n == rest else dice.randint(0, open_permille)
        open_permille -= permille
        fixed = dice.randint(1, 3_000) if n != rest and not permille else 0
        when = dice.choice(policies[: 2 if n == count - 1 else 3])
        most = dice.choice([None, None, dice.randint(1, 5_000)])
        funder = None if payer == Payer.MERCHANT else n + 1
        shares.append(Share(payer, funder, permille, fixed, most, when, n == rest))
    return tuple(shares)


def any_offer(dice: random.Random) -> LiveOffer:
    form = dice.choice(sorted(FORMS))
    terms = Terms(
        form=form,
        threshold_fen=dice.choice([0, 1, 999, 5_000, 10_000, dice.randint(1, 30_000)]),
        off_fen=dice.randint(1, 6_000),
        repeat_max=dice.choice([0, 1, 2, 5]),
        rate_permille=dice.choice([0, 1, 333, 750, 855, 999]),
        cap_fen=dice.choice([None, None, dice.randint(1, 8_000)]),
        price_fen=dice.choice([0, 990, dice.randint(1, 20_000)]),
        units_max=dice.choice([0, 1, 3]),
        gift="保温杯" if form == Form.GIFT else "",
        basis=dice.choice(list(Basis)),
        family=dice.random() < 0.5,
    )
    return LiveOffer(1, "券", terms, any_shares(dice), needs_voucher=True, vouchers=1)


def on_the_server(offer: LiveOffer, amount_fen: int, is_family: bool) -> list:
    asker = replace(Asker(1), is_family=is_family)
    priced = quote([offer], Basket((Line("消费", amount_fen),)), asker, Visit(1, timezone.now()))
    if not priced.applied:
        return ["refused", priced.refused[0].missing_fen]
    funded = sum(part.fen for part in priced.applied[0].parts if part.payer in FUNDED)
    return [priced.due_fen, funded, priced.applied[0].gift]


COMPARED = """(cases) => cases.map(([offer, amount, family]) => {
  const found = window.gonghui.offlinePrice(offer, amount, family);
  return found.refused ? ['refused', found.missing || 0] : [found.due, found.funded, found.gift];
})"""


def test_phone_works_out_the_very_price_of_the_server(till):
    dice = random.Random(20261121)
    cases = []
    for _n in range(CASES):
        offer = any_offer(dice)
        edges = [offer.terms.threshold_fen + step for step in (-1, 0, 1)]
        for amount in (*edges, dice.randint(1, 50_000), dice.randint(1, 10**8)):
            if amount > 0:
                cases.append((offer, amount, dice.random() < 0.2))
    page = till()
    sent = [[offer_facts(offer), amount, family] for offer, amount, family in cases]
    on_the_phone = page.evaluate(COMPARED, sent)
    different = [
        (case, here, there)
        for case, here, there in zip(cases, on_the_phone, (on_the_server(*one) for one in cases), strict=True)
        if here != there
    ]
    assert different == []
    kinds = [here[0] == "refused" for here in on_the_phone]
    assert 300 < sum(kinds) < len(kinds) - 1_000
    fens = [0, 1, 10, 100, 1_250, 99_999, 100_000, 125_000, 123_456_789]
    assert page.evaluate("(fens) => fens.map(window.gonghui.yuan)", fens) == [yuan(fen) for fen in fens]
