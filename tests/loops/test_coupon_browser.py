"""A coupon, the whole loop: a merchant applies → signs → the offer and its release → claim → redeem in its window → part
refunded → statement → paid → traffic report. Everything a person does is done in a real browser.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.partners.models import Agreement, Clerk, Partner, PartnerApplication, Store
from gonghui.partners.queries import may_trade
from gonghui.partners.tests.stage import good_uscc
from tests.loops.conftest import do, press

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COMPANY, USCC = "好味道餐饮管理有限公司", good_uscc()


@pytest.fixture
def merchant(cast):
    """Who runs the shop and who stands in it: accounts with a phone, nothing else yet."""
    cast.users["owner"] = User.objects.create(phone="13800000051", display_name="何老板")
    cast.users["till"] = User.objects.create(phone="13800000052", display_name="小张")
    return cast


def test_coupon_from_the_merchants_application_to_its_money(people, merchant, settings):
    settings.GONGHUI_SHOW_CODES = True
    partner = merchant_applies(people)
    agreement_is_signed(people, partner)
    store = clerk_is_appointed(people, partner)
    assert may_trade(store.pk, clock.today()) is None
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
    page.fill("[name=concession_permille]", "300")
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
    code = page.inner_text("[data-demo-code]").strip()
    page.fill("[name=code]", code)  # the sixth digit sends it
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
