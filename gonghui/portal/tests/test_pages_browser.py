"""The members' pages in a real browser, with the gate in front: waiting, grabbing, showing the ticket, without network."""

from __future__ import annotations

import datetime as dt
import re
from uuid import uuid4

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image

from gonghui.activities.models import HolidayPeriod
from gonghui.benefits.actions.claims import claim
from gonghui.benefits.actions.draws import announce_draws
from gonghui.benefits.models import Voucher, WaitEntry
from gonghui.benefits.tests.servers import running
from gonghui.kit.templatetags.kit import epoch_ms
from gonghui.kit.tests.browser import (  # noqa: F401
    IS_FORGOTTEN,
    IS_KEPT_WHOLE,
    PHONE,
    axe_findings,
    chromium,
    come_to_rest,
    device,
    listening,
    session_of,
    wait_until,
)
from gonghui.kit.tokens import QrVerdict, check_qr, voucher_secret
from gonghui.members.models import Delegation
from gonghui.portal.tests.programme import DAY, new_activity, new_release
from gonghui.portal.tests.test_tickets import honour
from gonghui.portal.waiting import render_waiting_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "“百年湾区·工运同行”国庆中秋职工家庭珠江夜游暨粤剧折子戏观演专场（新就业形态劳动者优先）"
# Chromium prints the status of a refusal that the page tells in words.
REFUSED_IN_WORDS = (
    "Failed to load resource: the server responded with a status of 403",
    "Failed to load resource: the server responded with a status of 409",
)


# --- A server with the gate, and people with phones ----------------------------------------------------------


@pytest.fixture(scope="module")
def site(django_db_setup, tmp_path_factory):
    """The address of the real web process, gate and pages on one port, on the test's database."""
    with running(tmp_path_factory.mktemp("site")) as processes:
        yield processes.url


@pytest.fixture
def phone(chromium, site, cast):  # noqa: F811
    """`phone("mei")` → a page of somebody signed in; its console errors are in `page.complaints`."""
    contexts = []

    def opened(who: str, *, elder: bool = False, **options):
        session = "" if who == "anonymous" else session_of(cast, who)
        context = device(chromium, site, session=session, elder=elder, **options)
        contexts.append(context)
        page = listening(context.new_page())
        page.set_default_timeout(15_000)
        return page

    yield opened
    for context in contexts:
        context.close()


def cruise(cast, **more):
    """Two sessions, three places each, for parties of three."""
    facts = {"starts": [2 * DAY, 3 * DAY], "capacity": 3, "party_max": 3, "store": cast.store} | more
    made = new_release(new_activity(cast.unions["city"], title="国庆珠岛夜游"), **facts)
    render_waiting_page(made.release.pk)
    return made


def won(cast, made, who="mei", **more) -> Voucher:
    answer = claim(cast.actor(who), pool_id=made.pool.pk, key=uuid4(), **more)
    return Voucher.objects.unscoped("test").get(code=answer.code)


def press_when_ready(page) -> None:
    page.wait_for_selector("[data-grab-button][data-state=ready]")
    page.locator("[data-grab-button]").click()
    page.wait_for_selector("#grab-result[open]")


# --- The grab -----------------------------------------------------------------------------------------------


def test_grab_opens_on_the_second_and_the_ticket_is_there(phone, cast):
    page = phone("mei")
    made = cruise(cast, opens_in=dt.timedelta(seconds=12))
    page.goto(f"/r/{made.release.pk}")
    assert page.locator("[data-grab-button]").is_disabled() is True
    page.locator(f"input[name=pool][value='{made.pools[1].pk}']").check()
    page.get_by_role("button", name="增加").click()
    assert page.locator("[data-countdown] b").first.inner_text() == "00"
    press_when_ready(page)
    assert page.locator("#grab-result-title").inner_text() == "抢到了"
    voucher = Voucher.objects.unscoped("test").get()
    assert (voucher.pool, voucher.seats, voucher.person) == (made.pools[1], 2, cast.people["mei"])
    page.get_by_role("link", name="看我的票").first.click()
    page.wait_for_url(re.compile("/tickets"))
    assert voucher.code[:4] in page.inner_text("body")
    assert page.complaints == []


def test_companions_are_named_before_the_grab(phone, cast):
    made = cruise(cast, names_required=True)
    page = phone("mei")
    page.goto(f"/r/{made.release.pk}")
    page.wait_for_selector("[data-grab-button][data-state=ready]")
    wait_until(
        page, "() => performance.getEntriesByType('resource').some((one) => one.name.includes('/me/party/'))"
    )
    page.get_by_role("button", name="增加").click()
    page.get_by_text("还差 1 位同行人的姓名").wait_for()
    page.get_by_label("同行人 1 的姓名").fill("陈一")
    page.get_by_label("同行人 1 的姓名").blur()
    press_when_ready(page)
    voucher = Voucher.objects.unscoped("test").get()
    assert voucher.seats == 2
    page.goto(f"/tickets/{voucher.code}")


def test_daughter_grabs_for_her_mother(phone, cast):
    Delegation.objects.create(person=cast.people["lan"], delegate=cast.people["mei"])
    made = cruise(cast)
    page = phone("mei")
    page.goto(f"/r/{made.release.pk}")
    page.get_by_label("为谁抢").select_option(label="黄**")
    press_when_ready(page)
    voucher = Voucher.objects.unscoped("test").get()
    assert (voucher.person, voucher.booked_by) == (cast.people["lan"], cast.people["mei"])


def test_empty_pool_offers_the_line_and_says_the_place(phone, cast):
    made = cruise(cast, capacity=1, starts=[2 * DAY])
    won(cast, made, "lan")
    page = phone("mei")
    page.goto(f"/r/{made.release.pk}")
    page.wait_for_selector("[data-grab-button][data-state=sold_out]")
    page.locator("[data-grab-button]").click()
    page.wait_for_selector("#grab-result[open]")
    assert page.locator("#grab-result-title").inner_text() == "已进入候补"
    assert "第 1 位" in page.locator("[data-result-text]").inner_text()
    assert WaitEntry.objects.unscoped("test").get().person == cast.people["mei"]


@pytest.mark.parametrize(
    ("who", "said", "link"),
    [("hua", "请先完成实名认证", "/me/verify"), ("qiang", "面向东江市总工会的会员", None)],
)
def test_who_may_not_is_told_why_and_what_to_do(phone, cast, who, said, link):
    made = cruise(cast)
    page = phone(who)
    page.goto(f"/r/{made.release.pk}")
    page.wait_for_selector("[data-grab-button][data-state=refused]")
    assert said in page.locator("[data-grab-note]").inner_text()
    shown = page.locator("[data-next-link]:visible")
    assert [a.get_attribute("href") for a in shown.all()] == ([link] if link else [])


def test_stranger_keeps_the_page_and_is_offered_to_sign_in(phone, cast):
    made = cruise(cast)
    page = phone("anonymous")
    page.goto(f"/r/{made.release.pk}")
    sign_in = page.get_by_role("link", name="登录后抢票")
    sign_in.wait_for()
    assert sign_in.get_attribute("href") == f"/sign-in?next=/r/{made.release.pk}"
    assert page.locator("[data-grab-button]").is_visible() is False


def test_grab_works_without_scripts(phone, cast):
    made = cruise(cast)
    page = phone("mei", java_script_enabled=False)
    page.goto(f"/r/{made.release.pk}")
    page.get_by_role("link", name="用简易页面提交").click()
    page.get_by_role("button", name="提交").click()
    assert page.locator("h1").inner_text() == "抢到了"
    assert Voucher.objects.unscoped("test").count() == 1


def test_grab_works_by_keyboard_alone(phone, cast):
    made = cruise(cast, starts=[2 * DAY])
    page = phone("mei")
    page.goto(f"/r/{made.release.pk}")
    page.wait_for_selector("[data-grab-button][data-state=ready]")
    for _ in range(40):
        if page.evaluate("document.activeElement.hasAttribute('data-grab-button')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#grab-result[open]")
    assert page.evaluate("document.getElementById('grab-result').contains(document.activeElement)") is True
    page.keyboard.press("Escape")
    assert page.locator("#grab-result[open]").count() == 0
    assert Voucher.objects.unscoped("test").count() == 1


# --- The ticket ---------------------------------------------------------------------------------------------


def qr_of(page, path) -> str:
    page.wait_for_selector("[data-qr-area] svg")
    page.locator(".qr").screenshot(path=path)
    (found,) = zxingcpp.read_barcodes(Image.open(path))
    return found.text


def test_qr_is_good_now_and_another_a_minute_later(phone, cast, tmp_path):
    voucher = won(cast, cruise(cast))
    page = phone("mei")
    page.clock.install(time=timezone.now())
    page.goto(f"/tickets/{voucher.code}")
    first = qr_of(page, tmp_path / "first.png")
    secret = voucher_secret(voucher.code)
    assert check_qr(first, secret) == QrVerdict.OK
    page.clock.run_for(61_000)
    second = qr_of(page, tmp_path / "second.png")
    later = timezone.now() + dt.timedelta(seconds=61)
    assert second != first
    assert check_qr(second, secret, later) == QrVerdict.OK
    assert check_qr(first, secret, later + dt.timedelta(minutes=2)) == QrVerdict.STALE


def test_ticket_opens_without_network_after_one_visit(phone, cast, tmp_path):
    voucher = won(cast, cruise(cast))
    page = phone("mei", service_workers="allow")
    page.goto(f"/tickets/{voucher.code}")
    wait_until(page, IS_KEPT_WHOLE)
    page.context.set_offline(True)
    page.reload()
    assert check_qr(qr_of(page, tmp_path / "qr.png"), voucher_secret(voucher.code)) == QrVerdict.OK
    assert page.locator("#offline-note").is_visible() is True
    page.goto("/activities")
    assert page.locator("h1").inner_text() == "没有网络"


def test_tickets_are_forgotten_with_the_session(phone, cast):
    voucher = won(cast, cruise(cast))
    path = f"/tickets/{voucher.code}"
    page = phone("mei", service_workers="allow")
    page.goto(path)
    wait_until(page, IS_KEPT_WHOLE)
    page.goto("/me")
    page.get_by_role("button", name=re.compile("退出登录")).first.click()
    page.wait_for_load_state("load")
    wait_until(page, IS_FORGOTTEN, path)
    page.context.set_offline(True)
    page.goto(path)
    assert page.locator("h1").inner_text() == "没有网络"
    assert voucher.code not in page.content()


def test_return_asks_first(phone, cast):
    voucher = won(cast, cruise(cast))
    page = phone("mei")
    page.goto(f"/tickets/{voucher.code}")
    page.get_by_role("button", name="退票", exact=True).first.click()
    page.get_by_role("button", name="再想想").click()
    assert Voucher.objects.unscoped("test").get().state == "confirmed"
    page.get_by_role("button", name="退票", exact=True).first.click()
    page.locator("#return").get_by_role("button", name="退票", exact=True).click()
    page.wait_for_url(re.compile("/tickets$"))
    assert "票已退回" in page.locator(".toast").inner_text()
    assert Voucher.objects.unscoped("test").get().state == "returned"


# --- Every page -----------------------------------------------------------------------------------------------


@pytest.fixture
def full(cast):
    """A programme with something on every page, in the longest words we expect."""
    day = timezone.localdate() + dt.timedelta(days=9)
    holiday = HolidayPeriod.objects.create(
        year=day.year, code="womens_day", name="三八国际妇女节", date=day, starts_on=day, ends_on=day, theme="巾帼风采"
    )  # fmt: skip
    city = cast.unions["city"]
    film = new_activity(
        city,
        title=LONG,
        kind="film",
        holiday=holiday,
        summary=LONG,
        body=LONG * 3,
        partner=cast.store.partner,
    )
    grab = new_release(
        film, party_max=3, names_required=True, store=cast.store, starts=[n * DAY for n in range(2, 6)]
    )
    new_release(new_activity(city, title="后天开抢"), opens_in=2 * DAY)
    draw = new_release(new_activity(city, title="抽签场", kind="culture"), mode="draw", party_max=2)
    announce_draws(draw.release)
    over = new_release(new_activity(city, title="昨天的活动", state="ended"), starts=[-DAY], store=cast.store)
    voucher, used = won(cast, grab, seats=3), won(cast, over)
    honour(used, cast)
    line = new_release(new_activity(city, title="抢完的活动"), capacity=1)
    won(cast, line, "lan")
    claim(cast.actor("mei"), pool_id=line.pool.pk, key=uuid4())
    for release in (grab, draw, line):
        render_waiting_page(release.release.pk)
    return [
        "/", "/activities", f"/activities?holiday={holiday.pk}", "/activities?q=没有的", f"/activities/{film.pk}",
        f"/activities/{draw.activity.pk}", f"/activities/{over.activity.pk}", f"/r/{line.release.pk}", f"/r/{grab.release.pk}",
        f"/draws/{draw.release.pk}/enter", f"/claims/{grab.release.pk}", "/tickets", "/tickets?view=waiting",
        "/tickets?view=past", f"/tickets/{voucher.code}", f"/tickets/{used.code}", f"/tickets/{used.code}/rate", "/offline",
    ]  # fmt: skip


@pytest.mark.parametrize("elder", [False, True])
def test_every_page_is_clean_for_axe_and_fits_the_phone(phone, full, elder):
    page = phone("mei", elder=elder)
    found = {}
    for path in full:
        page.goto(path, wait_until="load")
        come_to_rest(page)
        findings = axe_findings(page)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE[0]:
            findings.append("wider than the phone")
        if findings:
            found[path] = findings
    assert found == {}
    assert [text for text in page.complaints if not text.startswith(REFUSED_IN_WORDS)] == []


def test_first_page_of_a_stranger_is_clean_for_axe(phone, full):
    page = phone("anonymous")
    for path in full[:5]:
        page.goto(path, wait_until="load")
        assert axe_findings(page) == []


def front_page(page, made) -> str:
    """Its countdown to this release, whatever an earlier test left: what is the same for all may be `FRESH_S` late."""
    opens_at = f'data-countdown="{epoch_ms(made.release.opens_at)}"'
    for _try in range(20):
        page.goto("/")
        if page.locator(f"[{opens_at}]").count():
            return opens_at
        page.wait_for_timeout(500)
    raise AssertionError("the front page does not show it")


def test_countdown_that_ends_says_so_without_asking_anybody(phone, cast):
    page = phone("anonymous")
    front_page(page, cruise(cast, opens_in=dt.timedelta(seconds=10)))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_text("已经开始了！").wait_for()
    assert page.locator("[data-before]:visible").count() == 0
    assert (
        page.get_by_role("link", name="去抢票").is_visible() and not page.get_by_text("提醒我").is_visible()
    )
    assert [url for url in asked if "/static/" not in url] == []


def test_countdown_that_ended_on_the_way_to_a_slow_phone_says_so(phone, cast):
    page = phone("anonymous")
    opens_at = front_page(page, cruise(cast, opens_in=DAY))

    def late(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(opens_at, 'data-countdown="1"'))

    page.route("**/", late)
    page.goto("/")
    page.get_by_text("已经开始了！").wait_for()
    assert page.locator("[data-before]:visible").count() == 0
    assert (
        page.get_by_role("link", name="去抢票").is_visible() and not page.get_by_text("提醒我").is_visible()
    )


def test_read_is_counted_and_like_is_one_tap(phone, cast):
    made = cruise(cast)
    page = phone("mei")
    with page.expect_response(lambda answer: answer.url.endswith("/read")) as answered:
        page.goto(f"/activities/{made.activity.pk}")
    assert answered.value.status == 204
    heart = page.locator(".like button")
    heart.click()
    page.wait_for_selector(".like button[aria-pressed=true]")
    assert "1" in page.locator(".like button").inner_text()
    assert page.url.endswith(f"/activities/{made.activity.pk}")
