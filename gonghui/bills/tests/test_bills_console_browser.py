"""The editor of offers in a real browser: a form shows its own fields, rows come when asked, the trial follows."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.bills.models import OfferTerms, Programme
from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.test_bills_console import returned, sold
from gonghui.bills.tests.test_terms_packs import parts, reviewed
from gonghui.bills.tests.test_terms_series import template
from gonghui.bills.tests.written import REST, by_union, drafted, put_up, reviewed_release
from gonghui.funds.tests.stage import build_money
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wrong_with
from gonghui.members.models import WorkerGroup
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "东江市总工会服务职工“六大品牌”之骑手友好商圈工作日午市错峰就餐满减优惠（第三批，含家属）"


@pytest.fixture
def world(cast):
    money = build_money(cast)
    standing_agreement(cast.store.partner)
    for n in range(5):
        new_store(new_partner(cast, f"好味食堂餐饮管理有限公司第 {n} 分公司"), f"江口商业步行街 {n} 号店")
    from django.test import Client

    client = Client()
    cast.sign_in(client, "city_admin")
    cast.cookie = {"name": "sessionid", "value": client.cookies[_cookie()].value}
    return cast, money


def _cookie() -> str:
    from django.conf import settings

    return settings.SESSION_COOKIE_NAME


@pytest.fixture
def console(open_page, live_server, world):
    cast, _money = world

    def opened(path: str, size=DESKTOP):
        page = open_page("/console/sign-in", size=size)
        page.context.add_cookies([cast.cookie | {"name": _cookie(), "url": live_server.url}])
        page.complaints.clear()
        page.goto(path, wait_until="load")
        return page

    return opened


def seen(page, name: str) -> None:
    assert wrong_with(page, name) == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_offer_is_typed_by_somebody_who_is_no_computer_person(console, world, size):
    page = console(reverse("admin:offer_new"), size)
    seen(page, "new")
    assert page.get_by_label("打几折").is_hidden()
    page.get_by_text("折扣", exact=True).click()
    assert (page.get_by_label("打几折").is_visible(), page.get_by_label("减多少元").is_hidden()) == (
        True,
        True,
    )
    page.get_by_text("满减", exact=True).click()
    page.get_by_label("优惠名称").fill(LONG)
    page.get_by_label("满多少元").fill("200")
    page.get_by_label("减多少元").fill("30")
    page.get_by_role("button", name="加一个时段").click()
    page.locator("[data-row]:visible").get_by_text("周一", exact=True).click()
    page.locator("[name=window0-from_time]").fill("13:00")
    page.locator("[name=window0-to_time]").fill("14:00")
    page.get_by_role("button", name="加一个出资方").click()
    page.locator("[name=share1-payer]").select_option("union")
    page.locator("[name=share1-budget]").select_option(index=1)
    page.locator("[name=share1-percent]").fill("60")
    page.get_by_text("原价 200 元，满200元减30元：商家让 12、工会贴 18、职工付 170 元。").wait_for()
    page.get_by_text("周一 13:00–14:00 满200元减30元").wait_for()
    page.locator("[name=stores]").first.check()
    seen(page, "typed")
    page.get_by_role("button", name="存为草稿").click()
    page.get_by_role("heading", name=LONG).first.wait_for()
    assert OfferTerms.objects.unscoped("test").get().windows.get().weekdays == [1]
    seen(page, "draft")


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_window_for_riders_at_two_of_five_stores(console, world, size):
    cast, _money = world
    WorkerGroup.objects.get_or_create(code="food_rider", defaults={"name": "外卖配送员"})
    names = ["天河体育西路旗舰店（地铁口上盖商场负一层）", "海珠店", "越秀店", "荔湾店", "番禺店"]
    for name in names:
        new_store(cast.store.partner, name)
    page = console(reverse("admin:offer_new"), size)
    page.get_by_text("折扣", exact=True).click()
    page.get_by_label("打几折").fill("7")
    page.get_by_label("最多优惠多少元").fill("20")
    page.get_by_label("优惠名称").fill("骑手午市七折")
    places = page.locator(".gp-places")
    for name in names:
        places.locator("label", has_text=name).locator("input").check()
    page.get_by_role("button", name="加一个时段").click()
    row = page.locator("[data-row]:visible").last
    row.locator("[name=window0-from_time]").fill("13:00")
    row.locator("[name=window0-to_time]").fill("14:00")
    row.locator("[name=window0-capacity]").fill("50")
    row.get_by_text("外卖配送员", exact=True).click()
    assert row.get_by_text(names[1]).is_hidden()
    row.get_by_text("选中的门店", exact=True).first.click()
    shown = row.locator("[data-window-stores] label:visible")
    assert sorted(shown.all_inner_texts()) == sorted(names)
    shown.filter(has_text=names[0]).click()
    shown.filter(has_text=names[1]).click()
    page.locator(
        "[data-says]",
        has_text=f"{names[0]}、{names[1]} 外卖配送员 13:00–14:00 七折（最多减20元），每天 50 个名额",
    ).wait_for()
    seen(page, "window")
    places.locator("label", has_text=names[1]).locator("input").uncheck()
    assert shown.count() == 4
    places.locator("label", has_text=names[1]).locator("input").check()
    shown.filter(has_text=names[1]).click()
    page.get_by_role("button", name="存为草稿").click()
    page.get_by_role("heading", name="骑手午市七折").first.wait_for()
    kept = OfferTerms.objects.unscoped("test").get().windows.get()
    wanted = cast.store.partner.stores.filter(name__in=names[:2]).values_list("pk", flat=True)
    assert (kept.store_ids, kept.capacity, kept.groups) == (sorted(wanted), 50, ["food_rider"])
    seen(page, "window-draft")
    page.get_by_role("link", name="修改").click()
    page.get_by_role("button", name="去掉这个时段").last.wait_for()
    assert page.locator("[name=window0-stores]:checked").count() == 2
    page.locator("[data-row]:visible").last.get_by_role("button", name="去掉这个时段").click()
    page.get_by_role("button", name="存为草稿").click()
    page.get_by_role("heading", name="骑手午市七折").first.wait_for()
    assert not OfferTerms.objects.unscoped("test").get().windows.exists()


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_pages_of_offers_and_bills_hold_on_a_phone_and_a_desk(console, world, size):
    cast, money = world
    page = console(reverse("admin:bills_offerterms_changelist"), size)
    seen(page, "offers-none")
    programme = Programme.objects.create(union=cast.unions["city"], title=LONG, starts_on="2026-01-01")
    made = put_up(cast, by_union(money.city, permille=500), REST, title=LONG, programme_id=programme.pk)
    reviewed_release(made, cast, 200)
    bill = sold(cast)
    returned(bill)
    for name, address in (
        ("offers", reverse("admin:bills_offerterms_changelist")),
        ("offer", reverse("admin:offer", args=[made.pk])),
        ("programmes", reverse("admin:bills_programme_changelist")),
        ("bills", reverse("admin:bills_bill_changelist")),
        ("refunds", reverse("admin:bills_billrefund_changelist")),
        ("bill", reverse("admin:bill", args=[bill.pk])),
    ):
        page.goto(address, wait_until="load")
        seen(page, name)
    page.goto(reverse("admin:offer_new"), wait_until="load")
    page.get_by_role("button", name="存为草稿").click()
    page.get_by_role("alert").first.wait_for()
    page.complaints.clear()  # a 422 stands in every browser's log
    seen(page, "wrong")


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_what_comes_again_and_together_is_set_up_by_hand(console, world, size):
    cast, money = world
    page = console(reverse("admin:benefit_day_new"), size)
    page.get_by_label("名称").fill("骑手工惠日")
    assert (page.get_by_label("每月几号").is_hidden(), page.get_by_label("星期几").is_visible()) == (
        True,
        True,
    )
    page.get_by_label("哪些日子").select_option("dates")
    page.get_by_label("指定的日子").fill("2099/13/41")
    page.get_by_role("button", name="新建工惠日").click()
    page.get_by_role("alert").first.wait_for()
    page.complaints.clear()  # a 422 stands in every browser's log
    seen(page, "day-wrong")
    assert page.get_by_label("名称").input_value() == "骑手工惠日"
    page.get_by_label("哪些日子").select_option("nth")
    page.get_by_label("指定的日子").evaluate("field => { field.value = ''; }")
    page.get_by_role("button", name="新建工惠日").click()
    page.get_by_text("每月最后一个周五").first.wait_for()
    seen(page, "day")
    release = template(cast, money)
    (charge,) = parts(cast, money, 10)
    pack = reviewed(cast, (charge, 1))
    page.goto(reverse("admin:series_new"), wait_until="load")
    page.get_by_label("按哪份投放草稿重复").select_option(str(release.pk))
    page.get_by_label("名称").fill(LONG[:60])
    page.locator("[name=rule]").select_option("named")
    page.locator("[name=benefit_day]").select_option(index=1)
    assert page.get_by_label("每月几号").is_hidden()
    page.get_by_label("从哪天起").fill("2026-11-01")
    page.get_by_label("到哪天止").fill("2099-12-31")
    seen(page, "series-new")
    page.get_by_role("button", name="新建定期投放").click()
    page.get_by_text("接下来的日子").wait_for()
    seen(page, "series")
    for name, address in (
        ("days", reverse("admin:bills_benefitday_changelist")),
        ("series-list", reverse("admin:bills_releaseseries_changelist")),
        ("packs", reverse("admin:bills_packitem_changelist")),
        ("pack", reverse("admin:pack", args=[pack.pk])),
        ("pack-new", reverse("admin:pack_new")),
        ("welcomes", reverse("admin:bills_welcomepack_changelist")),
        ("welcome-new", reverse("admin:welcome_new")),
        ("release", reverse("admin:offer_release", args=[charge.release.offer.priced_by.pk])),
    ):
        page.goto(address, wait_until="load")
        seen(page, name)


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_draft_is_tried_beside_the_live_offers(console, world, size):
    cast, money = world
    WorkerGroup.objects.get_or_create(code="food_rider", defaults={"name": "外卖配送员"})
    published(cast, title="平台满减", stacking="always", shares=[union_share(money.city, 400), MERCHANT])
    published(cast, title=LONG, off_fen=1_000)
    draft = drafted(cast, by_union(money.city, permille=500, max_fen=3_000), REST, title="午市新满减")
    page = console(reverse("admin:offer", args=[draft.pk]), size)
    page.get_by_role("link", name="试算", exact=True).click()
    page.wait_for_url("**/try")
    seen(page, "try-empty")
    page.get_by_label("消费金额（元）").fill("300")
    page.get_by_role("button", name="试算", exact=True).click()
    page.get_by_role("heading", name="按这个顺序减").wait_for()
    assert page.locator(".bo-order").first.locator("strong").all_inner_texts() == ["平台满减", "午市新满减"]
    assert page.get_by_text("只能用一项；“午市新满减”更合算。").is_visible()
    seen(page, "try-answered")
    page.get_by_label("消费金额（元）").fill("0")
    page.get_by_role("button", name="试算", exact=True).click()
    page.get_by_role("heading", name="还不能算，填过的都留着。").wait_for()
    assert page.get_by_label("消费金额（元）").input_value() == "0"
