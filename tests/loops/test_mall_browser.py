"""The mall, the whole loop in a real browser: festival points buy from the festival shelf, WeChat pays the rest, the supplier
ships, the member confirms, and the supplier's statement has the order to the fen."""

from __future__ import annotations

import pytest
import time_machine

from gonghui.bills.models import Bill
from gonghui.funds.points import balance_of
from gonghui.funds.tests.stage import build_money, trial
from gonghui.kit.actors import Actor
from gonghui.kit.tests.browser import wrong_at_both_widths
from gonghui.mall.models import MallOrder
from gonghui.mall.tests.stage import MallStage, again, build_mall
from gonghui.payments.tests.conftest import wechat  # noqa: F401 - the played provider
from gonghui.settlement.actions import open_periods
from tests.loops.conftest import press, work_off
from tests.loops.settling import confirmed_by, first_of_next_month

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLOCK = Actor.system("the calendar")
POINTS = 60


@pytest.fixture
def stage(cast) -> MallStage:
    made = build_mall(cast)
    made.give_points(build_money(cast), POINTS, sections=["festival"])
    return made


def test_festival_points_buy_a_box_that_is_shipped_received_and_stated(wechat, people, stage):  # noqa: F811
    order = member_buys(people, stage)
    assert trial() == 0
    supplier_ships(people, order)
    member_confirms(people, order)
    open_periods(CLOCK)
    with time_machine.travel(first_of_next_month(), tick=True):
        people.leave()
        confirmed_by(people, "owner", fen=100_00)
    assert trial() == 0
    assert people.complaints() == {}


def fits(people, who: str) -> None:
    assert wrong_at_both_widths(people.pages[who]) == []


def member_buys(people, stage) -> MallOrder:
    page = people.at("mei", "/mall")
    fits(people, "mei")
    press(page, "节日福利")
    page.click("text=节日礼盒")
    page.wait_for_selector("button:has-text('马上买')")
    fits(people, "mei")
    press(page, "放进购物篮")
    page = people.at("mei", "/mall/basket")
    fits(people, "mei")
    press(page, "去结算")
    page.fill("[name=receiver]", "陈小梅")
    page.fill("[name=phone]", "13800000001")
    page.fill("[name=address]", "东江市江口区滨江路 8 号 3 栋 501")
    assert "福豆\n60 元\n您付（微信支付）\n40 元" in page.inner_text("main")
    fits(people, "mei")
    press(page, "提交订单，付 40 元")
    page.click("text=先连接微信，再付款")
    page.click("button:has-text('微信支付 40 元')")
    page.click("button:has-text('确认付款')")
    page.wait_for_url("**/mall/orders/*")
    work_off()
    order = MallOrder.objects.unscoped("test").get()
    bill = Bill.objects.unscoped("test").get()
    assert (order.state, bill.state, bill.points, bill.due_fen) == ("paid", "settled", POINTS, 40_00)
    assert balance_of(order.person_id) == 0
    page.reload()
    fits(people, "mei")
    return order


def supplier_ships(people, order: MallOrder) -> None:
    page = people.at("owner", "/merchant/panels/mall")
    fits(people, "owner")
    page.click("button:has-text('接单备货')")
    page.fill(f"#carrier-{order.pk}", "顺丰速运")
    page.fill(f"#no-{order.pk}", "SF1400000001")
    page.click("button:has-text('已发货')")
    page.wait_for_selector("text=SF1400000001")
    people.at("owner", "/merchant/mall/products/new")
    fits(people, "owner")


def member_confirms(people, order: MallOrder) -> None:
    page = people.at("mei", f"/mall/orders/{order.pk}")
    page.wait_for_selector("text=SF1400000001")
    press(page, "确认收货")
    page.wait_for_selector("text=7 天内有问题可以申请售后")
    assert again(order).state == "delivered"
    line = order.lines.get()
    people.at("mei", f"/mall/lines/{line.pk}/after-sale")
    fits(people, "mei")
