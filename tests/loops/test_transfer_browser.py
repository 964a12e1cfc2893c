"""A worker changes employer, the whole loop in a real browser: asks on the phone, the old union lets go in the console, the new
one takes in, and the card shows the new union with the same points. And a phone that the carrier handed on."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from gonghui.accounts.actions.codes import request_phone_code
from gonghui.accounts.models import User
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import fresh, open_shop, sold, with_points
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.kit.actors import ANONYMOUS
from gonghui.kit.tests.browser import DESKTOP, IS_KEPT_WHOLE, wait_until, wrong_at_both_widths, wrong_with
from gonghui.members.models import TransferRequest
from gonghui.members.tests.transferring import accepted, memberships, opened
from tests.cast import IDS, new_union
from tests.loops.conftest import do, press, work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "百年湾区粤港澳大湾区新就业形态劳动者外卖配送网约车联合工会委员会江口片区第十七联合基层工会"


def fits(page, name: str) -> None:
    assert wrong_at_both_widths(page, name) == []


def coupon_of_the_city(cast, money):
    """Paid by the union that Mei is about to leave."""
    terms = published(
        cast, title="满200减60", threshold_fen=20000, off_fen=6000, needs_voucher=True, stack_class="coupon",
        shares=[union_share(money.city, 900), MERCHANT],
    )  # fmt: skip
    return given_voucher(released(terms), cast.people["mei"].pk)


def test_worker_changes_employer_and_keeps_points_and_coupons(people, cast):
    open_shop(cast)
    money = build_money(cast)
    with_points(money, 100)
    voucher = coupon_of_the_city(cast, money)
    number = worker_shows_the_card(people)
    row = worker_asks(people, cast)
    do(people, "city_admin", "admin:members_transferrequest_release", row, "同意转出")
    fits(
        people.at("city_admin", reverse("admin:members_transferrequest_change", args=[row.pk])),
        "console-released",
    )
    do(people, "sister_admin", "admin:members_transferrequest_accept", row, "接收")
    fits(people.at("sister_admin", reverse("admin:members_transferrequest_changelist")), "console-list")
    work_off()
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]
    worker_reads_the_end(people)
    assert worker_shows_the_card(people) == number
    page = people.at("mei", "/tickets")
    assert voucher.release.title in page.inner_text("main")
    bill = sold(cast, ("宴席", 20_000, 1), points=30)
    assert (bill.state, bill.points, fresh(voucher).state) == ("settled", 30, "redeemed")
    assert people.complaints() == {}


def worker_shows_the_card(people) -> str:
    return people.at("mei", "/me/card").inner_text(".card-number")


def worker_asks(people, cast) -> TransferRequest:
    page = people.at("mei", "/me")
    page.click("text=我的会籍")
    page.wait_for_selector("text=换了单位")
    fits(page, "membership")
    press(page, "办理转会")
    page.wait_for_selector("text=先找到新单位的工会")
    fits(page, "transfer-start")
    page.fill("[name=q]", "西岭配送")
    page.press("[name=q]", "Enter")
    page.click("text=西岭配送工会联合会")
    page.wait_for_selector("text=提出转会")
    fits(page, "transfer-ask")
    page.fill("[name=reason]", "换到新单位送餐")
    press(page, "提出转会")
    page.wait_for_selector("text=等蓝海机械厂工会同意转出")
    fits(page, "membership-open")
    return TransferRequest.objects.unscoped("test").get()


def worker_reads_the_end(people) -> None:
    page = people.at("mei", "/messages")
    page.wait_for_selector("text=转会办好了")
    page = people.at("mei", "/me/membership")
    page.wait_for_selector("text=西岭配送工会联合会接收")
    fits(page, "membership-done")
    page = people.at("mei", "/me/card")
    assert "西岭配送工会联合会" in page.inner_text(".member-card")
    assert page.inner_text("[data-balance]") == "100"
    fits(page, "card")


def test_card_covers_the_name_and_opens_without_network(cast, open_page, live_server):
    from tests.test_shared_phone_browser import hand_to

    page = open_page("/offline", service_workers="allow")
    hand_to(page, cast, "mei", live_server.url)
    page.goto("/me/card")
    page.click("[data-mask]")
    assert page.inner_text("[data-name]") == "陈**"
    page.reload()
    assert page.inner_text("[data-name]") == "陈**"
    page.click("[data-mask]")
    assert page.inner_text("[data-name]") == "陈小梅"
    wait_until(page, IS_KEPT_WHOLE)
    page.context.set_offline(True)
    page.goto("/me/card")
    said = page.inner_text(".member-card")
    assert [one in said for one in ("陈小梅", "蓝海机械厂工会", "会籍号")] == [True] * 3


def test_pages_fit_with_long_names_and_in_elder_mode(cast, visit):
    cast.unions["long"] = new_union(LONG, "federation", cast.unions["sister"])
    cast.unions["long2"] = new_union(LONG + "二", "federation", cast.unions["long"])
    accepted(cast, "mei", "long")
    row = opened(cast, "mei", "factory", "换了单位" * 40)
    for elder in (False, True):
        for path, name in (
            ("/me/membership", "long-membership"), ("/me/card", "long-card"),
            ("/me/membership/transfer?q=湾区", "long-search"),
            (f"/me/membership/transfer?to={cast.unions['long2'].pk}", "long-ask"),
        ):  # fmt: skip
            fits(visit("mei", path, elder=elder), f"{name}{'-elder' if elder else ''}")
    for path, name in (
        (reverse("admin:transfer_new"), "console-new"),
        (reverse("admin:members_transferrequest_change", args=[row.pk]), "console-row"),
        (reverse("admin:members_transferrule_add"), "console-rule"),
        ("/console/", "console-home"),
    ):
        page = visit("province_admin", path, size=DESKTOP)
        assert wrong_with(page, name, within="#content") == []


def test_stranger_with_a_handed_on_phone_sees_nothing_and_goes_on(cast, open_page):
    phone = IDS["mei"][2]
    with time_machine.travel(clock.now() + dt.timedelta(days=120), tick=True):
        page = open_page("/sign-in")
        code = request_phone_code(ANONYMOUS, phone=phone)
        page.fill("[name=phone]", phone)
        page.check("[name=agree]")
        page.click("button[type=submit]")  # the code of a moment ago is still good
        page.fill("[name=code]", code)
        page.click("button:has-text('登录')")
        page.wait_for_selector("text=确认是您本人")
        page.complaints.clear()  # that a code had been sent a moment ago was a refusal, too
        fits(page, "proof")
        page.fill("[name=tail]", "0000")
        page.click("text=是我，继续登录")
        page.wait_for_selector("text=还可以试 2 次")
        fits(page, "proof-wrong")
        page.click("button[data-open=not-me]")
        page.click("dialog button:has-text('开新账号')")
        page.wait_for_url("**/me/verify**")
        assert "陈" not in page.inner_text("main")
    old = User.objects.unscoped("test").get(pk=cast.users["mei"].pk)
    assert (old.phone, old.is_active) == (None, False)
