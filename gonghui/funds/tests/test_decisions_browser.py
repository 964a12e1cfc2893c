"""经费公示 in a real browser: on a phone, large for the elderly, at a desk."""

from __future__ import annotations

import pytest

from gonghui.funds.actions import budgets, decisions
from gonghui.funds.models import Decision, QuorumRule
from gonghui.funds.tests.stage import new_staff, submitted
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, axe_findings

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
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert axe_findings(page, enhanced=elder) == [], path
