"""携手入会, the whole loop: a rider scans a poster with a colleague's code, is reviewed, welcomed, and both coupons are there.

Everything a person does is done in a real browser; the rider begins without an account.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from gonghui.benefits.actions import releases
from gonghui.benefits.actions.releases import PoolPlan, ReleaseTerms
from gonghui.benefits.models import Voucher
from gonghui.bills.actions import packs
from gonghui.bills.tests.written import REST, by_union, put_up, release_of
from gonghui.funds.tests.stage import build_money, trial
from gonghui.joining.models import JoinApplication, JoinPoster
from gonghui.joining.tests.stage import build_stage, id_no
from gonghui.kit import clock
from gonghui.kit.tests.browser import axe_findings, device, listening
from gonghui.members.models import Membership
from gonghui.notices.queries import sms_sent_to
from gonghui.partners.tests.stage import standing_agreement
from gonghui.referrals.models import Referral
from gonghui.referrals.tests.stage import running
from tests.loops.conftest import do, press, work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE_NO = "13712345678"


def test_rider_joins_by_a_poster_and_a_code_and_both_are_rewarded(people, cast):
    stage = build_stage(cast)
    standing_agreement(cast.store.partner)
    money = build_money(cast)
    campaign = running(cast, money.city)
    gift = welcome_gift(cast, money)
    poster = poster_is_made(people, stage)
    code = member_shows_her_code(people)
    rider = rider_scans(people, poster, code)
    application = JoinApplication.objects.unscoped("test").get()
    assert (application.channel, application.poster_id) == ("scan", poster.pk)
    assert application.invitation_code.replace(" ", "") == code
    application_is_returned_once_and_approved(people, rider, application)
    assert Membership.objects.unscoped("test").get(person=application.person).union_id == stage.yard.pk
    both_hold_their_coupons(people, rider, campaign, gift, application)
    assert trial() == 0
    assert rider.complaints == [] and people.complaints() == {}


def welcome_gift(cast, money):
    """出行礼包 for whoever joins from now on: a wash for the truck."""
    made = put_up(cast, by_union(money.city, permille=500), REST, title="洗车券")
    part = release_of(made, cast, 5, mode="pack", per_person=3)
    releases.review_release(cast.actor("province_admin"), release_id=part.pk)
    admin, now = cast.actor("city_admin"), clock.now()
    offer = releases.write_offer(admin, union=cast.unions["city"], title="入会礼包", kind="car")
    terms = ReleaseTerms(
        "入会礼包",
        announce_at=now,
        opens_at=now + dt.timedelta(minutes=10),
        closes_at=now + dt.timedelta(days=5),
        mode="pack",
        audience_groups=("truck_driver",),
    )
    pool = PoolPlan("礼包", 5, valid_until=now + dt.timedelta(days=9))
    pack = releases.draft_release(admin, offer_id=offer.pk, terms=terms, pools=[pool])
    packs.fill_pack(admin, release_id=pack.pk, items=[(part.pools.get().pk, 1)])
    releases.review_release(cast.actor("province_admin"), release_id=pack.pk)
    packs.set_welcome_pack(admin, pool_id=pack.pools.get().pk)
    return pack


def poster_is_made(people, stage) -> JoinPoster:
    page = people.at("officer", reverse("admin:join_poster_new"))
    page.click(".select2-selection")
    page.fill(".select2-search__field", "dzhyc")
    page.click(".select2-results__option:has-text('东站货运场')")
    page.fill("[name=place]", "东站货运场南门驿站")
    page.select_option("[name=group]", "truck_driver")
    page.locator("form button[type=submit]").last.click()
    page.wait_for_load_state("load")
    return JoinPoster.objects.unscoped("test").get()


def member_shows_her_code(people) -> str:
    page = people.at("mei", "/invite")
    assert "携手入会有礼" in page.inner_text("main")
    return page.inner_text(".short-code").replace(" ", "").strip()


def rider_scans(people, poster: JoinPoster, code: str):
    """Without an account: the code outlives the sign-in."""
    context = device(people.chromium, people.url)
    people.contexts.append(context)
    page = listening(context.new_page())
    page.set_default_timeout(15_000)
    page.goto(f"/join/p/{poster.code}?invite={code}")
    assert "东站货运场南门驿站" in page.inner_text("main")
    press(page, "开始申请")
    page.wait_for_url("**/sign-in**")
    page.fill("[name=phone]", PHONE_NO)
    page.check("[name=agree]")
    page.locator("form button.primary").first.click()
    page.wait_for_selector("[name=code]")
    text = sms_sent_to(PHONE_NO)[0].text
    page.fill("[name=code]", re.search(r"\d{6}", text)[0])  # goes by itself
    page.wait_for_url("**/join/apply**")
    assert code in page.inner_text("main").replace(" ", "")
    assert axe_findings(page) == []
    page.fill("[name=name]", "王大力")
    page.fill("[name=id_no]", id_no(7).lower())
    assert page.input_value("[name=group]") == "truck_driver"
    page.check("[name=consent]")
    press(page, "提交申请")
    page.wait_for_url("**/join/applications/*")
    return page


def application_is_returned_once_and_approved(people, rider, application: JoinApplication) -> None:
    do(people, "reviewer", "admin:joining_joinapplication_take", application, "开始审核")
    page = people.at("reviewer", reverse("admin:joining_joinapplication_ask", args=[application.pk]))
    page.fill("[name=asked]", "请写明货运公司或平台的名称")
    press(page, "退回补充")
    work_off()
    rider.reload()
    assert "请写明货运公司或平台的名称" in rider.inner_text("main")
    assert axe_findings(rider) == []
    rider.goto(urlsplit(rider.url).path + "/edit")
    rider.fill("[name=employer]", "东站货运有限公司")
    rider.check("[name=consent]")
    press(rider, "重新提交")
    rider.wait_for_url(re.compile(r"/join/applications/\d+$"))
    do(people, "reviewer", "admin:joining_joinapplication_take", application, "开始审核")
    page = people.at("reviewer", reverse("admin:joining_joinapplication_approve", args=[application.pk]))
    page.select_option("[name=how]", "roster")
    page.fill("[name=note]", "致电货运公司人事，姓名和证件号一致")
    press(page, "通过")
    page.wait_for_load_state("load")
    application.refresh_from_db(from_queryset=JoinApplication.objects.unscoped("test"))
    assert application.state == "approved"
    work_off()


def both_hold_their_coupons(people, rider, campaign, gift, application: JoinApplication) -> None:
    referral = Referral.objects.unscoped("test").get(application=application)
    assert referral.state == "rewarded"
    held = Voucher.objects.unscoped("test").filter(state="confirmed").order_by("id")
    titles = sorted(held.values_list("person_id", "release__offer__title"))
    assert titles == sorted(
        [
            (application.person_id, "30 元券"),
            (application.person_id, "洗车券"),
            (referral.referrer_id, "20 元券"),
        ]
    )
    rider.goto("/messages")
    said = rider.inner_text("main")
    assert "欢迎" in said and "券到了" in said
    rider.goto("/tickets")
    assert rider.inner_text("main").count("前到店出示") == 2
    page = people.at("mei", "/invite")
    assert "已发券" in page.inner_text("main") and "王**" in page.inner_text("main")
    assert people.findings("mei") == []
