"""Five levels of one budget: province → city → factory → its programme → a month. Hard at each, and the way home is as long."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import pytest

from gonghui.funds.actions import budgets
from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.models import Budget
from gonghui.funds.queries import BudgetFigures, budget_figures
from gonghui.funds.tests.stage import YUAN, MoneyStage, approved, balance, new_staff, submitted, trial
from gonghui.funds.tests.test_budgets import refused
from gonghui.ledger.tests.books import move, purse, said

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)
OCTOBER = {"starts_on": dt.date(2026, 10, 1), "ends_on": dt.date(2026, 10, 31)}
LEVELS = ("南粤省总工会", "东江市总工会", "蓝海机械厂工会", "错峰惠工", "错峰惠工十月")
AMOUNTS = (100_000, 40_000, 10_000, 3_000, 1_000)


@dataclass
class Five:
    money: MoneyStage
    chain: list[Budget]

    @property
    def month(self) -> Budget:
        return self.chain[-1]

    def figures(self) -> list[BudgetFigures]:
        return [budget_figures(one) for one in self.chain]

    def available(self) -> list[int]:
        return [figure.available for figure in self.figures()]


@pytest.fixture
def five(money, cast, time_machine) -> Five:
    time_machine.move_to(NOW, tick=False)
    new_staff(cast, "factory_finance", "finance_officer", "factory")
    facts = {"by": "factory_finance", "maker": "city_admin"}
    programme = approved(cast, "factory", parent=money.factory, yuan=AMOUNTS[3], name=LEVELS[3], **facts)
    month = approved(cast, "factory", parent=programme, yuan=AMOUNTS[4], name=LEVELS[4], **OCTOBER, **facts)
    return Five(money, [money.province, money.city, money.factory, programme, month])


def test_five_levels_each_show_what_went_below(five):
    assert [figure.amount for figure in five.figures()] == [yuan * YUAN for yuan in AMOUNTS]
    assert [figure.allotted for figure in five.figures()] == [
        *(below * YUAN for _above, below in pairwise(AMOUNTS)),
        0,
    ]
    assert [one.parent_id for one in five.chain[1:]] == [one.pk for one in five.chain[:-1]]
    assert {one.source_id for one in five.chain} == {five.money.source.pk}


def test_last_fen_of_the_month_is_set_aside_and_one_more_is_refused_with_the_figures(five):
    actor, above = five.money.actor("city_admin"), five.available()[:-1]
    month = {"budget_id": five.month.pk}
    reserve(actor, amount_fen=1_000 * YUAN - 1, purpose="grant:1", **month)
    with refused("budget_short") as refusal:
        reserve(actor, amount_fen=2, purpose="grant:2", **month)
    assert refusal.value.message == "“错峰惠工十月”剩余 0.01 元，需要 0.02 元，没有动任何一笔钱。"
    reserve(actor, amount_fen=1, purpose="grant:2", **month)
    with refused("budget_short") as refusal:
        reserve(actor, amount_fen=1, purpose="grant:3", **month)
    assert refusal.value.message == "“错峰惠工十月”剩余 0 元，需要 0.01 元，没有动任何一笔钱。"
    # What is left further up is not the month's.
    assert (five.available(), min(above) > 0, trial()) == ([*above, 0], True, 0)


def test_no_level_gives_a_fen_more_than_it_has(five, cast):
    """A sixth under each of the five: what that one has left and a fen more is refused, in figures, and nothing moves."""
    givers = ("province_finance", "city_finance", "factory_finance", "factory_finance", "factory_finance")
    for one, giver, left in zip(five.chain, givers, five.available(), strict=True):
        union = "city" if one.pk == five.chain[0].pk else "factory"
        dates = OCTOBER if one.pk == five.month.pk else {}
        facts = {"yuan": 0, "amount_fen": left + 1, "maker": "city_admin", "name": "第六笔"}
        wanted = submitted(cast, union, parent=one, **facts, **dates)
        with refused("budget_short") as refusal:
            budgets.approve_budget(cast.actor(giver), budget_id=wanted.pk)
        said_yuan = f"“{one.name}”剩余 {left // YUAN:,} 元，需要 {left // YUAN:,}.01 元，没有动任何一笔钱。"
        assert refusal.value.message == said_yuan
        budgets.send_back_budget(cast.actor(giver), budget_id=wanted.pk, reason="没有这么多")


def test_late_refund_climbs_five_levels(five, cast):
    """700 yuan spent out of the month, every level closed, 250 come back after the year: they end at the source."""
    maker, officer = five.money.actor("city_admin"), five.money.actor("province_finance")
    held = reserve(maker, budget_id=five.month.pk, amount_fen=900 * YUAN, purpose="grant:1")
    shop = purse(cast.unions["city"], "partner:1", limited="", kind="payable")
    said(move(held.account, shop, 700 * YUAN))
    assert release_commitment(maker, purpose="grant:1") == 200 * YUAN
    for budget in reversed(five.chain):
        budgets.close_budget(officer, budget_id=budget.pk)
    spent = 700 * YUAN
    assert five.figures() == [
        *[BudgetFigures(spent, spent, 0, 0, 0)] * 4,
        BudgetFigures(spent, 0, 0, spent, 0),
    ]
    assert balance(five.money.source.account_id) == 200_000 * YUAN - spent
    said(move(shop, held.account, 250 * YUAN))
    assert release_commitment(maker, purpose="grant:1") == 250 * YUAN
    left = 450 * YUAN
    assert five.figures() == [*[BudgetFigures(left, left, 0, 0, 0)] * 4, BudgetFigures(left, 0, 0, left, 0)]
    assert (balance(five.money.source.account_id), trial()) == (200_000 * YUAN - left, 0)
    assert release_commitment(maker, purpose="grant:1") == 0
