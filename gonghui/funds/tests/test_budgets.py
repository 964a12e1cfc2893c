"""SM-07: every way a budget goes, and every one it does not."""

from __future__ import annotations

from gonghui.funds.queries import BudgetFigures, budget_figures, figures_of
from gonghui.funds.tests.stage import YUAN, balance, trial


def figures(*yuan: int) -> BudgetFigures:
    return BudgetFigures(*(y * YUAN for y in yuan))


def test_nested_budget_shows_what_each_level_gave(money):
    shown = figures_of([money.province, money.city, money.factory])
    assert shown[money.province.pk] == figures(100_000, 40_000, 0, 0, 60_000)
    assert shown[money.city.pk] == figures(40_000, 10_000, 0, 0, 30_000)
    assert shown[money.factory.pk] == budget_figures(money.factory) == figures(10_000, 0, 0, 0, 10_000)
    assert (balance(money.source.account_id), trial()) == (100_000 * YUAN, 0)
