"""A health plan, the whole loop in a real browser: reviewed, opened, slots let out, applied, co-paid, booked, scanned at the
hospital's desk, stated, confirmed by the hospital, paid, closed; the books at zero.

The 2,000 places are the plan's quota; one of them is walked (all are filled in wellbeing/tests/test_two_thousand.py).
"""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.bills.models import Bill
from gonghui.funds.tests.stage import approved, balance, build_money, funded_source, trial
from gonghui.kit.actors import Actor
from gonghui.ledger.models import LedgerAccount
from gonghui.partners.models import MerchantRole
from gonghui.payments.tests.conftest import wechat  # noqa: F401 - the played provider
from gonghui.settlement.actions import open_periods
from gonghui.wellbeing import tasks
from gonghui.wellbeing.models import Enrolment, Slot
from gonghui.wellbeing.tests.stage import HealthStage, again, build_health, slot_in
from tests.loops.conftest import do, press
from tests.loops.settling import confirmed_by, first_of_next_month, paid_out

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLOCK = Actor.system("the calendar")
PLACES, SUBSIDY, CO_PAY = 2_000, 335_00, 100_00


@pytest.fixture
def stage(cast) -> HealthStage:
    """A draft of 2,000 places, and a budget that covers them; the hospital has an owner of its own."""
    money = build_money(cast)
    source = funded_source(cast, "province", yuan=1_000_000)
    province = approved(cast, "province", source=source, yuan=900_000)
    money.city = approved(cast, "city", parent=province, yuan=700_000)
    made = build_health(cast, quota=PLACES, opened=False, money=money)
    owner = cast.users["hospital"] = User.objects.create(phone="13800000091", display_name="院办")
    MerchantRole.objects.create(user=owner, partner=made.store.partner, role="owner")
    return made


def test_health_plan_from_the_review_to_the_hospitals_money(wechat, people, stage):  # noqa: F811
    plan_is_reviewed_and_opened(people, stage)
    today = slots_are_let_out(people, stage)
    row = member_applies_pays_and_books(people, today)
    assert trial() == 0
    nurse_checks_them_in(people, row)
    assert trial() == 0
    open_periods(CLOCK)
    with time_machine.travel(first_of_next_month(), tick=True):
        people.leave()
        statement = confirmed_by(people, "hospital", fen=SUBSIDY + CO_PAY)
        paid_out(people, statement, fen=SUBSIDY + CO_PAY)
        tasks.follow_settlement(0)
    books_are_even(row, stage)
    assert people.complaints() == {}


def plan_is_reviewed_and_opened(people, stage) -> None:
    do(people, "health_reviewer", "admin:wellbeing_healthplan_review", stage.plan, "复核通过")
    do(people, "city_admin", "admin:wellbeing_healthplan_open", stage.plan, "开放报名")
    stage.plan = stage.now()
    assert (stage.plan.state, stage.plan.commitment.amount_fen) == ("open", PLACES * SUBSIDY)


def slots_are_let_out(people, stage) -> Slot:
    do(people, "city_admin", "admin:wellbeing_healthplan_slots", stage.plan, "放号")
    assert Slot.objects.unscoped("test").count() > 50
    return slot_in(stage, 0)


def member_applies_pays_and_books(people, today: Slot) -> Enrolment:
    page = people.at("mei", "/health")
    press(page, "看规则，去报名")
    page.wait_for_selector("[name=agrees]")
    assert people.findings("mei") == []
    page.check("[name=agrees]")
    page.click("text=报名，先占名额")
    page.click("text=先连接微信，再付款")
    page.click("button:has-text('付 100 元')")
    page.click("button:has-text('确认付款')")
    page.click("text=选日期和时段")
    page.wait_for_selector(f"input[value='{today.pk}']", state="attached")
    assert people.findings("mei") == []
    page.check(f"input[value='{today.pk}']", force=True)
    page.click("text=就约这个时段")
    page.wait_for_selector("[data-qr-area] :is(svg, canvas)")
    assert people.findings("mei") == []
    return Enrolment.objects.unscoped("test").get()


def nurse_checks_them_in(people, row: Enrolment) -> None:
    page = people.at("nurse", "/health/desk")
    page.fill("#code", row.code)
    page.click("text=查这位会员")
    page.wait_for_selector(".verdict.ok")
    assert "陈小梅" not in page.content()
    page.click("#attend")
    page.wait_for_selector("text=到检已登记")
    page = people.at("mei", reverse("health_place", args=[row.pk]))
    assert page.inner_text("#state") == "已到检"


def books_are_even(row: Enrolment, stage) -> None:
    bill = Bill.objects.unscoped("test").get()
    assert (again(row).state, bill.state, bill.list_fen) == ("settled", "settled", 465_00)
    open_accounts = LedgerAccount.objects.unscoped("test").filter(kind__in=("prepaid", "payable"))
    assert {account.balance for account in open_accounts} == {0}
    assert balance(stage.plan.commitment.account_id) == (PLACES - 1) * SUBSIDY
    assert trial() == 0
