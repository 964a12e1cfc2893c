"""Random budget work against a plain Python model: every answer and every figure agrees, and the trial balance is zero."""

from __future__ import annotations

import random

import pytest

from gonghui.funds.actions import budgets
from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.models import Budget
from gonghui.funds.queries import BudgetFigures, figures_of
from gonghui.funds.tests.stage import submitted, trial
from gonghui.kit.errors import DomainError
from gonghui.ledger.tests.books import move, purse, said

UNITS = 100  # fen in the model's yuan


class Model:
    """What each budget holds, and what has been set aside of it; whole yuan."""

    def __init__(self):
        self.parent: dict[int, int | None] = {}
        self.amount: dict[int, int] = {}
        self.held: dict[int, int] = {}
        self.aside: dict[str, tuple[int, int]] = {}
        self.spent: dict[int, int] = {}
        self.closed: set[int] = set()

    def add(self, budget_id: int, parent: int | None, amount: int) -> str:
        if parent is not None:
            if parent in self.closed:
                return "budget_not_open"
            if self.held[parent] < amount:
                return "budget_short"
            self.held[parent] -= amount
        self.parent[budget_id], self.amount[budget_id], self.held[budget_id] = parent, amount, amount
        self.spent[budget_id] = 0
        return "ok"

    def reserve(self, budget_id: int, amount: int, purpose: str) -> str:
        if budget_id in self.closed:
            return "budget_not_open"
        if self.held[budget_id] < amount:
            return "budget_short"
        self.held[budget_id] -= amount
        self.aside[purpose] = (budget_id, amount)
        return "ok"

    def spend(self, purpose: str, amount: int) -> str:
        budget_id, left = self.aside[purpose]
        if left < amount:
            return "overdrawn"
        self.aside[purpose] = (budget_id, left - amount)
        self.spent[budget_id] += amount
        return "ok"

    def release(self, purpose: str) -> str:
        budget_id, left = self.aside.pop(purpose)
        self.held[budget_id] += left
        return "ok"

    def change(self, budget_id: int, delta: int) -> str:
        parent = self.parent[budget_id]
        if budget_id in self.closed:
            return "illegal_move"
        if self.amount[budget_id] + delta <= 0:
            return "change_below_zero"
        if (self.held[parent] < delta) or (self.held[budget_id] + delta < 0):
            return "budget_short"
        self.amount[budget_id] += delta
        self.held[budget_id] += delta
        self.held[parent] -= delta
        return "ok"

    def close(self, budget_id: int) -> str:
        if budget_id in self.closed:
            return "illegal_move"
        if any(p == budget_id and c not in self.closed for c, p in self.parent.items()):
            return "budget_has_children"
        if any(of == budget_id for of, _left in self.aside.values()):
            return "budget_has_commitments"
        self.closed.add(budget_id)
        left, self.held[budget_id] = self.held[budget_id], 0
        self.amount[budget_id] -= left
        self.held[self.parent[budget_id]] += left
        return "ok"

    def figures(self, budget_id: int) -> BudgetFigures:
        below = sum(self.amount[c] for c, p in self.parent.items() if p == budget_id)
        aside = sum(left for of, left in self.aside.values() if of == budget_id)
        shown = (self.amount[budget_id], below, aside, self.spent[budget_id], self.held[budget_id])
        return BudgetFigures(*(part * UNITS for part in shown))


class Play:
    """One step of each kind, done for real and in the model; both answers."""

    def __init__(self, money, seed: int):
        self.money, self.dice, self.model, self.n = money, random.Random(seed), Model(), 0
        self.maker, self.officer = money.actor("city_admin"), money.actor("province_finance")
        self.shop = purse(money.cast.unions["city"], "partner:1", limited="", kind="payable")
        for budget, above, yuan in ((money.city, None, 40_000), (money.factory, money.city, 10_000)):
            self.model.add(budget.pk, above and above.pk, yuan)
        self.commitments: dict[str, object] = {}

    def step(self) -> tuple[str, str]:
        kinds = [self.add, *[self.reserve] * 4, *[self.change] * 3, self.close]
        kinds += [self.spend, self.spend, self.release] if self.commitments else []
        return self.dice.choice(kinds)()

    def any_budget(self, *, child: bool = False) -> int:
        return self.dice.choice([b for b, p in self.model.parent.items() if p or not child])

    def add(self) -> tuple[str, str]:
        parent, yuan = self.any_budget(), self.dice.randint(1, 20_000)
        above = Budget.objects.unscoped("test").get(pk=parent)
        made = submitted(self.money.cast, "factory", parent=above, yuan=yuan)
        real = answer(budgets.approve_budget, self.officer, budget_id=made.pk)
        return real, self.model.add(made.pk, parent, yuan)

    def reserve(self) -> tuple[str, str]:
        self.n += 1
        budget_id, yuan, purpose = self.any_budget(), self.dice.randint(1, 12_000), f"play:{self.n}"
        facts = {"budget_id": budget_id, "amount_fen": yuan * UNITS, "purpose": purpose}
        real = answer(
            lambda actor, **f: self.commitments.update({purpose: reserve(actor, **f)}), self.maker, **facts
        )
        return real, self.model.reserve(budget_id, yuan, purpose)

    def spend(self) -> tuple[str, str]:
        purpose, yuan = self.dice.choice(list(self.commitments)), self.dice.randint(1, 8_000)
        real = said(move(self.commitments[purpose].account, self.shop, yuan * UNITS))[0]
        return real, self.model.spend(purpose, yuan)

    def release(self) -> tuple[str, str]:
        purpose = self.dice.choice(list(self.commitments))
        self.commitments.pop(purpose)
        return answer(release_commitment, self.maker, purpose=purpose), self.model.release(purpose)

    def change(self) -> tuple[str, str]:
        budget_id, delta = (
            self.any_budget(child=True),
            self.dice.choice((-1, 1)) * self.dice.randint(1, 9_000),
        )
        return answer(self._change, self.maker, budget_id=budget_id, delta=delta), self.model.change(
            budget_id, delta
        )

    def _change(self, actor, *, budget_id: int, delta: int) -> None:
        change = budgets.propose_change(
            actor, budget_id=budget_id, delta_fen=delta * UNITS, reason="x", resolution="y"
        )
        try:
            budgets.approve_change(self.officer, change_id=change.pk)
        except DomainError:
            budgets.reject_change(self.officer, change_id=change.pk, reason="x")
            raise

    def close(self) -> tuple[str, str]:
        budget_id = self.any_budget(child=True)
        return answer(budgets.close_budget, self.officer, budget_id=budget_id), self.model.close(budget_id)


def answer(act, actor, **facts) -> str:
    try:
        act(actor, **facts)
    except DomainError as refusal:
        return refusal.code
    return "ok"


@pytest.mark.parametrize("seed", range(6))
def test_random_budget_work_agrees_with_a_plain_model(money, seed):
    play = Play(money, seed)
    heard = [play.step() for _n in range(60)]
    assert [real for real, _model in heard] == [model for _real, model in heard]
    assert len({real for real, _model in heard}) >= 4
    rows = list(Budget.objects.unscoped("test").filter(pk__in=play.model.parent))
    assert figures_of(rows) == {row.pk: play.model.figures(row.pk) for row in rows}
    assert trial() == 0
