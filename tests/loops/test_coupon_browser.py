"""A coupon, the whole loop: a merchant applies → signs → the offer and its release → the 1st comes → claim → redeem in its
window → part refunded → reconciled → statement → paid → traffic report. Everything a person does is done in a real browser.
"""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.benefits.actions.claims import claim
from gonghui.benefits.models import Release, Voucher
from gonghui.benefits.tasks import follow_the_clock
from gonghui.bills.actions.selling import sell
from gonghui.bills.models import Bill, BillPart, OfferTerms
from gonghui.bills.tests.stage import pay_code, sale
from gonghui.funds.tests.stage import balance, build_money, trial
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.partners.models import Agreement, Clerk, Partner, PartnerApplication, Store
from gonghui.partners.queries import may_trade
from gonghui.partners.tests.stage import good_uscc
from gonghui.settlement.actions import open_periods
from gonghui.settlement.traffic import FEWEST
from tests.cast import new_person
from tests.loops.conftest import do, press, work_off
from tests.loops.settling import confirmed_by, first_of_next_month, paid_out

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLOCK = Actor.system("the calendar")
COMPANY, USCC = "好味道餐饮管理有限公司", good_uscc()


@pytest.fixture
def merchant(cast):
    """Who runs the shop and who stands in it: accounts with a phone, nothing else yet."""
    cast.users["owner"] = User.objects.create(phone="13800000051", display_name="何老板")
    cast.users["till"] = User.objects.create(phone="13800000052", display_name="小张")
    return cast


def first_of_a_month() -> dt.datetime:
    """Nine o'clock on the 1st of last month: claims ask the clock of the database, which is past it."""
    return dt.datetime.combine(
        (clock.today().replace(day=1) - dt.timedelta(days=1)).replace(day=1), dt.time(9), clock.CHINA
    )


def test_coupon_from_the_merchants_application_to_its_money(people, merchant, settings):
    settings.GONGHUI_SHOW_CODES = True
    first = first_of_a_month()
    with time_machine.travel(first - dt.timedelta(days=1), tick=True):
        partner = merchant_applies(people)
        payout_account_is_entered(people, partner)
        agreement_is_signed(people, partner)
        store = clerk_is_appointed(people, partner)
        assert may_trade(store.pk, clock.today()) is None
        money = build_money(merchant)
        terms = offer_is_put_up(people, store, money)
        release = batch_is_released(people, terms, money, opens=first)
    nothing_opens_early(people, release, first)
    with time_machine.travel(first + dt.timedelta(hours=4, minutes=30), tick=True):
        first_of_the_month_comes(people, release)
        coupon = member_claims(people, merchant, release)
        bill = coupon_is_redeemed_off_peak(people, coupon)
        part_goes_back(people, bill)
        assert trial() == 0
        open_periods(CLOCK)
        month_after = first_of_next_month()
        regulars, newcomers = (crowd(merchant, kind) for kind in ("老", "新"))
        come_to_lunch(merchant, store, regulars)
    with time_machine.travel(first + dt.timedelta(days=20, hours=4, minutes=10), tick=True):
        come_to_lunch(merchant, store, regulars, coupons_of=release)
    with time_machine.travel(first + dt.timedelta(days=20, hours=10), tick=True):
        come_to_lunch(merchant, store, newcomers, fen=60_00)
    with time_machine.travel(month_after, tick=True):
        people.leave()
        owed = 6_00 + len(regulars) * 12_00
        statement = confirmed_by(people, "owner", fen=owed)
        paid_out(people, statement, fen=owed)
    with time_machine.travel(first + dt.timedelta(days=40), tick=True):
        people.leave()
        merchant_reads_the_traffic(people)
    assert trial() == 0
    assert people.complaints() == {}


def merchant_applies(people) -> Partner:
    page = people.at("owner", "/merchant/apply")
    page.fill("[name=company]", COMPANY)
    page.fill("[name=uscc]", USCC)
    page.select_option("[name=kind]", "food")
    page.fill("[name=contact_name]", "何佳")
    page.fill("[name=contact_phone]", "13800000051")
    page.fill("[name=stores]", "江口店，江口路 1 号")
    page.fill("[name=offer]", "午后错峰七折")
    page.fill("[name=percent]", "30")
    page.select_option("[name=union]", label="东江市总工会")
    page.set_input_files(
        "[name=licence]", {"name": "执照.png", "mimeType": "image/png", "buffer": a_picture()}
    )
    press(page, "提交申请")
    page.wait_for_url("**/merchant")
    assert people.findings("owner") == []
    row = PartnerApplication.objects.unscoped("test").get()
    do(people, "city_admin", "admin:partners_partnerapplication_take", row, "开始审核")
    do(people, "city_admin", "admin:partners_partnerapplication_approve", row, "通过")
    return Partner.objects.unscoped("test").get(name=COMPANY)


def a_picture() -> bytes:
    import io

    from PIL import Image

    drawn = io.BytesIO()
    Image.new("RGB", (320, 200), "white").save(drawn, "png")
    return drawn.getvalue()


def agreement_is_signed(people, partner: Partner) -> None:
    """Drafted by the city, sent by another, signed by the merchant with the code on their phone."""
    page = people.at("city_admin", reverse("admin:partners_agreement_add"))
    page.evaluate(
        "([pk, name]) => { const box = document.querySelector('[name=partner]');"
        " box.append(new Option(name, pk, true, true)); }",
        [str(partner.pk), partner.name],
    )
    page.fill("[name=concession]", "周一至周五 13:00–14:00 全场七折")
    page.fill("[name=percent]", "30")
    page.fill("[name=starts_on]", f"{clock.today()}")
    page.fill("[name=ends_on]", f"{clock.today() + dt.timedelta(days=365)}")
    page.select_option("[name=cycle]", "monthly")
    press(page, "保存")
    page.wait_for_load_state("load")
    row = Agreement.objects.unscoped("test").get(partner=partner)
    do(people, "province_admin", "admin:partners_agreement_send", row, "复核送签")
    page = people.at("owner", f"/merchant/agreements/{row.pk}")
    page.fill("[name=name]", "何佳")
    press(page, "已阅读全文，获取签署验证码")
    page.fill("[name=code]", page.inner_text("[data-demo-code]").strip())  # the sixth digit sends it
    page.wait_for_selector("text=协议已签署")


def clerk_is_appointed(people, partner: Partner) -> Store:
    page = people.at("owner", "/merchant/stores")
    page.fill("[name=phone]", "13800000052")
    page.get_by_role("button", name="添加店员").click()
    page.wait_for_selector("text=店员已添加")
    store = Store.objects.unscoped("test").get(partner=partner)
    assert Clerk.objects.unscoped("test").filter(store=store, ended_at=None).count() == 1
    people.at("till", "/clerk/").wait_for_selector("text=江口店")
    return store


def offer_is_put_up(people, store: Store, money) -> OfferTerms:
    """七折 off-peak, at most 30 yuan; of the discount the union gives 40 %, the merchant the rest."""
    page = people.at("city_admin", reverse("admin:offer_new"))
    page.get_by_label("优惠名称").fill("午后错峰七折")
    page.get_by_text("折扣", exact=True).click()
    page.get_by_label("打几折").fill("7")
    page.get_by_label("最多优惠多少元").fill("30")
    page.get_by_role("button", name="加一个时段").click()
    page.fill("[name=window0-from_time]", "13:00")
    page.fill("[name=window0-to_time]", "14:00")
    page.fill("[name=window0-capacity]", "20")
    page.get_by_role("button", name="加一个出资方").click()
    page.locator("[name=share1-payer]").select_option("union")
    page.locator("[name=share1-budget]").select_option(f"{money.city.pk}")
    page.fill("[name=share1-percent]", "40")
    page.check(f"[name=stores][value='{store.pk}']")
    press(page, "存为草稿")
    page.get_by_role("heading", name="午后错峰七折").first.wait_for()
    terms = OfferTerms.objects.unscoped("test").get()
    do(people, "province_admin", "admin:bills_offerterms_review", terms, "复核通过")
    do(people, "city_admin", "admin:bills_offerterms_publish", terms, "上线")
    return terms


def batch_is_released(people, terms: OfferTerms, money, *, opens: dt.datetime) -> Release:
    """20 coupons from the 1st at nine; the review sets 20 times the union's most aside."""
    now = clock.now().astimezone(clock.CHINA)
    at = lambda when: f"{when:%Y-%m-%dT%H:%M}"  # noqa: E731
    page = people.at("city_admin", reverse("admin:offer_release", args=[terms.pk]))
    page.fill("[name=title]", "错峰七折券（一号）")
    page.fill("[name=places]", "20")
    page.fill("[name=announce_at]", at(now))
    page.fill("[name=opens_at]", at(opens))
    page.fill("[name=closes_at]", at(opens + dt.timedelta(days=80)))
    page.fill("[name=valid_until]", at(opens + dt.timedelta(days=90)))
    press(page, "投放一批券")
    page.wait_for_url("**/release/*/change/")
    release = Release.objects.unscoped("test").get()
    before = balance(money.city.account_id)
    do(people, "province_admin", "admin:benefits_release_review", release, "复核通过")
    assert before - balance(money.city.account_id) == 20 * 12_00
    do(people, "city_admin", "admin:benefits_release_announce", release, "预告")
    work_off()
    assert state_of(release) == "announced"
    return release


def state_of(release: Release) -> str:
    release.refresh_from_db(from_queryset=Release.objects.unscoped("test"))
    return release.state


def nothing_opens_early(people, release: Release, first: dt.datetime) -> None:
    """A minute before nine the clock opens nothing."""
    with time_machine.travel(first - dt.timedelta(minutes=1), tick=True):
        people.leave()
        follow_the_clock(0)
        assert state_of(release) == "announced"


def first_of_the_month_comes(people, release: Release) -> None:
    """Nobody presses anything: the job of every minute opens it."""
    people.leave()
    follow_the_clock(0)
    work_off()
    assert (clock.today().day, state_of(release)) == (1, "open")


def member_claims(people, cast, release: Release) -> Voucher:
    page = people.at("mei", f"/claims/{release.pk}")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state("load")
    coupon = Voucher.objects.unscoped("test").get(person=cast.people["mei"])
    assert coupon.state == "confirmed"
    return coupon


def payout_account_is_entered(people, partner: Partner) -> None:
    page = people.at("owner", f"/merchant/partners/{partner.pk}/payout")
    page.fill("[name=holder]", COMPANY)
    page.fill("[name=bank]", "工商银行东江支行")
    page.fill("[name=account]", "6222020000001234567")
    press(page, "保存收款账户")
    page.wait_for_load_state("load")


def coupon_is_redeemed_off_peak(people, coupon: Voucher) -> Bill:
    """100 yuan of lunch within the window: the union gives 12, the merchant 18, the worker 70."""
    page = people.at("till", "/clerk/till")
    page.fill("[name=customer]", coupon.code)
    page.fill("[name=amount]", "100")
    press(page, "下一步：核对应收")
    press(page, "确认收款 70 元")
    page.wait_for_selector("text=记账完成，请收")
    bill = Bill.objects.unscoped("test").get()
    coupon.refresh_from_db(from_queryset=Voucher.objects.unscoped("test"))
    assert (coupon.state, bill.list_fen, bill.due_fen) == ("redeemed", 100_00, 70_00)
    return bill


def part_goes_back(people, bill: Bill) -> None:
    """Half of it: every funder gets back half of what it gave, to the fen."""
    page = people.at("till", reverse("till_refund", args=[bill.pk]))
    page.locator(".back-amount input").fill("50")
    page.fill("[name=reason]", "会员退货")
    press(page, "算一算退多少")
    page.wait_for_selector("text=请给会员现金")
    press(page, "确认退货，退 35 元")
    page.wait_for_selector("text=退货完成")
    parts = BillPart.objects.unscoped("test").filter(line__bill=bill)
    back = {part.payer: (part.fen, part.refunded_fen) for part in parts}
    assert back == {"union": (12_00, 6_00), "merchant": (18_00, 9_00), "worker": (70_00, 35_00)}


def crowd(cast, kind: str) -> list[str]:
    """Ten members of 蓝海 under names of their own: as few as a figure may be of."""
    names = [f"何{kind}{n}" for n in range(FEWEST)]
    for name in names:
        nth = len(cast.people)
        user = User.objects.create(phone=f"138000006{nth:02}", display_name=name)
        factory, id_no = cast.unions["factory"], f"44010119700101{nth:04}"
        cast.users[name] = user
        cast.people[name] = new_person(name, id_no, user.phone, factory, verified=True, user=user)
    return names


def come_to_lunch(
    cast, store: Store, names: list[str], *, fen: int = 100_00, coupons_of: Release | None = None
) -> None:
    """Each pays at the till, without a screen: with a coupon claimed a moment ago, or the list price by pay code."""
    clerk = cast.actor("till")
    for name in names:
        shown = pay_code(cast, name)
        if coupons_of:
            shown = claim(cast.actor(name), pool_id=coupons_of.pools.get().pk, key=uuid4()).code
        sell(clerk, sale=sale(cast, fen, customer=shown, store_id=store.pk))


def merchant_reads_the_traffic(people) -> None:
    """Forty days on, the first day lies before the window: who lunched then and came again is a returning member."""
    page = people.at("owner", "/merchant/panels/traffic")
    page.wait_for_selector("text=客流")
    assert page.locator(".mst-tiles").first.locator(".tile").all_inner_texts() == [
        "会员\n20", "新客\n10", "回头客\n10", "消费次数\n20", "平均每单\n80 元",
    ]  # fmt: skip
    assert page.locator(".mst-split").get_attribute("aria-label") == "新客 10 人，回头客 10 人"
    hours = page.locator(".mst-hours").first.locator(".sr").all_text_contents()
    assert [hour for hour in hours if not hour.endswith("：0")] == ["13 时：10", "19 时：10"]
    (store,) = page.locator("main .list .item .small").all_inner_texts()
    assert store == "20 位会员，20 次，平均每单 80 元；新客 10，回头客 10"
    assert people.findings("owner") == []
