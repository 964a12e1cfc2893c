"""经费公示 and the page of what cools off, in a real browser: on a phone, large for the elderly, at a desk."""

from __future__ import annotations

import pytest
from django.test import Client

from gonghui.funds.actions import budgets, decisions
from gonghui.funds.models import Decision, QuorumRule
from gonghui.funds.tests.stage import new_staff, submitted
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wrong_with

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def told(money):
    """One that cools off, and one that went back after an objection; the city with the longest of names."""
    new_staff(money.cast, "province_second", "finance_officer", "province")
    QuorumRule.objects.create(union=money.cast.unions["province"], matter="budget", hands=2, cooling_h=24)
    city = money.cast.unions["city"]
    city.name = "东江市总工会（含东江港口经济区与临空产业园工会工作委员会）"
    city.save()
    made = [submitted(money.cast, "city", parent=money.province, yuan=yuan) for yuan in (20_000, 8_000)]
    for budget in made:
        for who in ("province_finance", "province_second"):
            budgets.approve_budget(money.actor(who), budget_id=budget.pk)
    last = Decision.objects.unscoped("test").latest("pk")
    decisions.object_to_decision(money.actor("auditor"), decision_id=last.pk, reason="金额测算没有依据")
    return money, made


@pytest.mark.parametrize(("size", "elder"), [(PHONE, False), (PHONE, True), (DESKTOP, False)])
def test_log_fits_the_screen_and_axe_finds_nothing(told, open_page, size, elder):
    for path in ("/decisions", "/decisions?q=没有"):
        page = open_page(path, size=size, elder=elder)
        assert wrong_with(page, enhanced=elder) == []


def test_pages_of_what_cools_off_and_went_back_fit_and_axe_finds_nothing(told, open_page, live_server):
    money, made = told
    client = money.cast.sign_in(Client(), "auditor")
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    signed_in = {"cookies": [cookie], "origins": []}
    paths = [f"/console/funds/budgets/{budget.pk}" for budget in made]
    for size in (PHONE, DESKTOP):
        for path in (*paths, "/console/funds/rules", "/console/funds/decision/"):
            page = open_page(path, size=size, storage_state=signed_in)
            within = ".gh-stack" if "decision" not in path else "#content"
            assert wrong_with(page, within=within) == []
