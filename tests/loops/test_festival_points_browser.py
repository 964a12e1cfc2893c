"""Festival points, the whole loop: money arrives → budget → grant → message → spent at a counter → expires back.

Everything a person does is done in a real browser; only the coming of the day is played.
"""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from gonghui.bills.models import Bill
from gonghui.bills.origins import ways_of
from gonghui.funds import tasks as funds_tasks
from gonghui.funds.models import Budget, FundSource, PointGrant
from gonghui.funds.points import balance_of
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit import clock
from gonghui.partners.tests.stage import standing_agreement
from tests.loops.conftest import do, press, work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PER_HEAD, SPENT = 60, 25


def test_festival_points_from_the_budget_to_the_counter_and_back(people, cast):
    source = money_arrives(people)
    budget = budget_is_approved(people, source)
    grant = points_are_granted(people, budget)
    members_read_of_it(people, cast, grant)
    assert trial() == 0
    bill = points_are_spent_at_a_counter(people, cast)
    assert trial() == 0
    member_follows_them_back(people, bill, budget)
    the_rest_expires_back(people, grant, budget)
    assert trial() == 0
    assert people.complaints() == {}


def money_arrives(people) -> FundSource:
    """The finance officer opens the source and books the receipt."""
    page = people.at("finance_officer", reverse("admin:source_new"))
    page.select_option("[name=union]", label="东江市总工会")
    page.fill("[name=name]", "市总本级经费")
    page.select_option("[name=kind]", "union_fund")
    page.select_option("[name=level]", "city")
    press(page, "新建经费来源")
    page.wait_for_url("**/fundsource/*/change/")
    source = FundSource.objects.unscoped("test").get()
    page.goto(reverse("admin:funds_fundsource_receive", args=[source.pk]))
    page.fill("[name=amount_fen]", "10000")
    page.fill("[name=document]", "粤工财 2026-11 号")
    press(page, "登记到账")
    page.wait_for_url("**/fundsource/*/change/")
    assert balance(source.account_id) == 10_000_00
    return source


def budget_is_approved(people, source: FundSource) -> Budget:
    """Written and submitted by the administrator, approved by finance: two people."""
    today = clock.today()
    page = people.at("city_admin", reverse("admin:budget_new"))
    page.select_option("[name=union]", label="东江市总工会")
    page.select_option("[name=taken_from]", f"s{source.pk}")
    page.fill("[name=name]", "国庆慰问")
    page.select_option("[name=category]", "festival")
    page.select_option("[name=expense_class]", "activity")
    page.fill("[name=amount_fen]", "1000")
    page.fill("[name=starts_on]", f"{today}")
    page.fill("[name=ends_on]", f"{today + dt.timedelta(days=400)}")
    page.fill("[name=resolution]", "主席办公会第 9 次会议")
    press(page, "新建预算")
    page.wait_for_url("**/budgets/*")
    budget = Budget.objects.unscoped("test").get()
    do(people, "city_admin", "admin:funds_budget_submit", budget, "提交批准")
    do(people, "finance_officer", "admin:funds_budget_approve", budget, "批准")
    budget.refresh_from_db(from_queryset=Budget.objects.unscoped("test"))
    assert (budget.state, balance(budget.account_id)) == ("approved", 1_000_00)
    return budget


def points_are_granted(people, budget: Budget) -> PointGrant:
    today = clock.today()
    page = people.at("city_admin", reverse("admin:point_grant_new"))
    page.select_option("[name=union]", label="东江市总工会")
    page.fill("[name=title]", "国庆慰问")
    page.select_option("[name=category]", "festival")
    page.select_option("[name=festival]", "guoqing")
    page.fill("[name=per_head]", f"{PER_HEAD}")
    page.fill("[name=expires_on]", f"{today + dt.timedelta(days=30)}")
    page.select_option("[name=budget]", f"{budget.pk}")
    press(page, "存为草稿")
    page.wait_for_url("**/points/*")
    grant = PointGrant.objects.unscoped("test").get()
    do(people, "city_admin", "admin:funds_pointgrant_submit", grant, "提交复核")
    work_off()
    do(people, "finance_officer", "admin:funds_pointgrant_check", grant, "复核通过")
    work_off()
    do(people, "city_admin", "admin:funds_pointgrant_run", grant, "开始发放")
    work_off()
    grant.refresh_from_db(from_queryset=PointGrant.objects.unscoped("test"))
    assert (grant.state, grant.granted) == ("granted", grant.people - grant.refused)
    return grant


def members_read_of_it(people, cast, grant: PointGrant) -> None:
    page = people.at("mei", "/messages/")
    page.wait_for_selector("text=国庆慰问")
    page = people.at("mei", "/me/points")
    page.wait_for_selector(f"text={PER_HEAD}")
    assert balance_of(cast.people["mei"].pk) == PER_HEAD
    assert people.findings("mei") == []


def points_are_spent_at_a_counter(people, cast) -> Bill:
    """The member shows the pay code, the clerk types the amount and the points and is told what to charge."""
    standing_agreement(cast.store.partner)
    said = people.at("mei", "/me/pay").inner_text("[data-said]")
    assert people.findings("mei") == []
    page = people.at("clerk", "/clerk/till")
    page.fill("[name=customer]", said)
    page.fill("[name=amount]", "100")
    press(page, "下一步：核对应收")
    page.fill("[name=points]", f"{SPENT}")
    page.wait_for_selector(f"text=确认收款 {100 - SPENT} 元")
    assert people.findings("clerk") == []
    press(page, f"确认收款 {100 - SPENT} 元")
    page.wait_for_selector("text=记账完成，请收")
    assert balance_of(cast.people["mei"].pk) == PER_HEAD - SPENT
    bill = Bill.objects.unscoped("test").get()
    assert (bill.due_fen, bill.points) == ((100 - SPENT) * 100, SPENT)
    return bill


def member_follows_them_back(people, bill: Bill, budget: Budget) -> None:
    """The member reads who paid what, and the way of the points from the source of the money."""
    page = people.at("mei", f"/me/bills/{bill.pk}/ways")
    page.wait_for_selector(f"text={budget.name}")
    assert people.findings("mei") == []
    way = next(way for way in ways_of(bill) if way.payer == "points")
    assert [step.name for step in way.steps] == ["市总本级经费", budget.name, "国庆慰问"]


def the_rest_expires_back(people, grant: PointGrant, budget: Budget) -> None:
    """Points are good through their last day. The night after it a worker runs the night's job: what was spent is gone from the
    budget and nothing else, and whoever looks reads so."""
    last = dt.datetime.combine(grant.expires_on, dt.time(23, 59), clock.CHINA)
    before = balance(budget.account_id)
    with time_machine.travel(last, tick=True):
        night_falls()
    assert balance(budget.account_id) == before
    with time_machine.travel(last + dt.timedelta(minutes=8), tick=True):
        night_falls()
        people.leave()
        member_reads_that_they_ended(people)
        finance_reads_that_they_are_back(people, budget)
    grant.refresh_from_db(from_queryset=PointGrant.objects.unscoped("test"))
    assert (grant.state, balance(budget.account_id)) == ("expired", 1_000_00 - SPENT * 100)


def night_falls() -> None:
    """The clock defers the job, as it does at seven past midnight; a worker takes it."""
    funds_tasks.expire_points.defer(timestamp=int(clock.now().timestamp()))
    work_off()


def member_reads_that_they_ended(people) -> None:
    page = people.at("mei", "/me/points")
    assert page.inner_text(".purse-number") == "0"
    assert page.locator(".purse-lots").count() == 0
    ended = page.locator(".purse-lines .item").first.inner_text()
    assert ("到期收回" in ended, "退回工会预算" in ended, f"−{PER_HEAD - SPENT}" in ended) == (
        True,
        True,
        True,
    )
    assert people.findings("mei") == []


def finance_reads_that_they_are_back(people, budget: Budget) -> None:
    """What it amounts to, what is spent, and what can be given again."""
    page = people.at("finance_officer", reverse("admin:budget", args=[budget.pk]))
    said = dict(row.split("\n", 1) for row in page.locator(".gh-sums > div").all_inner_texts())
    said = {name.strip(): figure.strip() for name, figure in said.items()}
    assert said["可用"] == f"{1_000 - SPENT}"
    assert (said["已支出"], said["已预留"]) == (f"{SPENT}", "0")
