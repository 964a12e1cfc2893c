"""The whole loop in a real browser: reviewed, opened, slots let out, applied, paid, booked, scanned, billed, settled; books at 0.

The 2,000 places are the plan's quota; one of them is walked.
"""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.bills.models import Bill
from gonghui.funds.tests.stage import approved, balance, build_money, funded_source, trial
from gonghui.kit import clock
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, axe_findings
from gonghui.ledger.models import LedgerAccount
from gonghui.partners.models import MerchantRole
from gonghui.settlement import actions as settlement
from gonghui.settlement.models import Period, Statement
from gonghui.wellbeing import tasks
from gonghui.wellbeing.models import Enrolment, Slot
from gonghui.wellbeing.tests.stage import SYSTEM, again, booked, build_health, slot_in, slots

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


PLACES = 2_000


@pytest.fixture
def as_(cast, open_page, live_server):
    """as_("mei", "/health") → the page as she sees it."""

    def opened(who: str, path: str, size=PHONE, **options):
        client = cast.sign_in(Client(), who)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        return open_page(path, size=size, storage_state={"cookies": [cookie], "origins": []}, **options)

    return opened


def big_plan(cast):
    money = build_money(cast)
    source = funded_source(cast, "province", yuan=1_000_000)
    province = approved(cast, "province", source=source, yuan=900_000)
    money.city = approved(cast, "city", parent=province, yuan=700_000)
    return build_health(cast, quota=PLACES, opened=False, money=money)


def test_plan_goes_round_from_the_review_to_the_hospitals_money(wechat, cast, as_):
    stage = big_plan(cast)
    change = reverse("admin:wellbeing_healthplan_change", args=[stage.plan.pk])
    reviewer = as_(
        "health_reviewer", reverse("admin:wellbeing_healthplan_review", args=[stage.plan.pk]), DESKTOP
    )
    reviewer.click("form button[type=submit]:has-text('复核通过')")
    reviewer.wait_for_url(f"**{change}")
    writer = as_("city_admin", reverse("admin:wellbeing_healthplan_open", args=[stage.plan.pk]), DESKTOP)
    writer.click("form button[type=submit]:has-text('开放报名')")
    writer.wait_for_url(f"**{change}")
    stage.plan = stage.now()
    assert (stage.plan.state, stage.plan.commitment.amount_fen) == ("open", PLACES * 33_500)
    writer.goto(writer.url.replace(change, reverse("admin:wellbeing_healthplan_slots", args=[stage.plan.pk])))
    writer.click("form button[type=submit]:has-text('放号')")
    writer.wait_for_url(f"**{change}")
    assert Slot.objects.unscoped("test").count() > 50
    today = slot_in(stage, 0)

    mei = as_("mei", "/health")
    mei.click("text=看规则，去报名")
    assert axe_findings(mei) == []
    mei.check("[name=agrees]")
    mei.click("text=报名，先占名额")
    mei.click("text=先连接微信，再付款")
    mei.click("button:has-text('付 100 元')")
    mei.click("button:has-text('确认付款')")
    mei.click("text=选日期和时段")
    assert axe_findings(mei) == []
    mei.check(f"input[value='{today.pk}']", force=True)
    mei.click("text=就约这个时段")
    mei.wait_for_selector("[data-qr-area] :is(svg, canvas)")
    assert axe_findings(mei) == []
    assert mei.complaints == []
    row = Enrolment.objects.unscoped("test").get()

    nurse = as_("nurse", "/health/desk")
    nurse.fill("#code", row.code)
    nurse.click("text=查这位会员")
    nurse.wait_for_selector(".verdict.ok")
    assert "陈小梅" not in nurse.content()
    nurse.click("#attend")
    nurse.wait_for_selector("text=到检已登记")
    mei.reload()
    assert mei.inner_text("#state") == "已到检"

    settle_with_hospital(cast, stage)
    tasks.follow_settlement(0)
    row, bill = again(row), Bill.objects.unscoped("test").get()
    assert (row.state, bill.state, bill.list_fen) == ("settled", "settled", 46_500)
    money = {
        kind: sum(a.balance for a in LedgerAccount.objects.unscoped("test").filter(kind=kind))
        for kind in ("prepaid", "payable")
    }
    assert (money, balance(stage.plan.commitment.account_id)) == (
        {"prepaid": 0, "payable": 0},
        (PLACES - 1) * 33_500,
    )
    assert trial() == 0


def settle_with_hospital(cast, stage) -> None:
    """The month in which it was, paid out to the hospital by settlement with all the others."""
    owner = User.objects.create(phone="13800000091", display_name="院办")
    MerchantRole.objects.create(user=owner, partner=stage.store.partner, role="owner")
    cast.users["hospital_owner"] = owner
    first = clock.today().replace(day=1)
    after = (first + dt.timedelta(days=32)).replace(day=1)
    period = Period.objects.create(union=cast.unions["city"], cycle="monthly", starts_on=first, ends_on=after)
    with time_machine.travel(dt.datetime.combine(after, dt.time(12), clock.CHINA), tick=True):
        settlement.make_statements(SYSTEM, period_id=period.pk)
        finance, checker = stage.actor("finance_officer"), stage.actor("city_admin")
        statement = Statement.objects.unscoped("test").get(partner=stage.store.partner)
        settlement.send_statement(finance, statement_id=statement.pk)
        statement = again(statement)
        assert statement.total_fen == 43_500
        settlement.confirm_statement(
            stage.actor("hospital_owner"), statement_id=statement.pk, total_fen=43_500
        )
        settlement.approve_statement(checker, statement_id=statement.pk)
        batch = settlement.make_payout_batch(finance, union_id=cast.unions["city"].pk)
        settlement.approve_batch(checker, batch_id=batch.pk)
        settlement.download_batch(finance, batch_id=batch.pk)
        payout = batch.payouts.get()
        settlement.record_payout(finance, payout_id=payout.pk, result="paid", bank_number="NX001")


@pytest.mark.parametrize(("size", "elder"), [(PHONE, False), (PHONE, True), (DESKTOP, False)])
def test_pages_fit_the_screen_and_axe_finds_nothing(wechat, cast, as_, size, elder):
    stage = build_health(
        cast, title="新就业形态劳动者健康关爱计划（外卖配送员、网约车司机、货车司机、快递员专场）第二期"
    )
    slots(stage)
    row = booked(wechat, stage, stage.actor("mei"), slot_in(stage, 4))
    place = reverse("health_place", args=[row.pk])
    doors = [("mei", "/health"), ("lan", f"/health/{stage.plan.pk}"), ("mei", place), ("mei", f"{place}/dates"),
             ("mei", f"{place}/cancel"), ("nurse", "/health/desk")]  # fmt: skip
    for who, path in doors:
        page = as_(who, path, size, elder=elder)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert axe_findings(page, enhanced=elder) == [], path


def test_console_pages_fit_and_axe_finds_nothing_in_them(wechat, cast, as_):
    stage = build_health(cast)
    slots(stage)
    for size in (PHONE, DESKTOP):
        for path in ("admin:health_progress", "admin:health_calendar"):
            page = as_("health_officer", reverse(path, args=[stage.plan.pk]), size)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, size)
            assert axe_findings(page, within=".gh-stack") == [], (path, size)
