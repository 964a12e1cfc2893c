"""Real connections at once, and clients killed in the middle: money and caps hold, nobody waits in a circle."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from functools import partial

import pytest
from django.db import connection, transaction

from gonghui.funds import rulebook
from gonghui.funds.actions import budgets
from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.models import BenefitTally, BenefitUse, Budget, Commitment
from gonghui.funds.queries import BudgetFigures, budget_figures
from gonghui.funds.tests.stage import YUAN, balance, submitted, trial
from gonghui.funds.tests.test_rulebook import giving, places, rule_of  # noqa: F401 - places is a fixture
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def codes(answers: list) -> list[str]:
    return sorted(a.code if isinstance(a, DomainError) else type(a).__name__ for a in answers)


def test_sixteen_commitments_over_one_budget_take_what_is_there(money):
    actor = money.actor("city_admin")
    calls = [
        partial(reserve, actor, budget_id=money.city.pk, amount_fen=4_000 * YUAN, purpose=f"grant:{n}")
        for n in range(16)
    ]
    assert codes(at_once(*calls)) == ["Commitment"] * 7 + ["budget_short"] * 9
    assert budget_figures(money.city) == BudgetFigures(
        *(y * YUAN for y in (40_000, 10_000, 28_000, 0, 2_000))
    )
    assert trial() == 0


def test_same_commitment_from_eight_sides_is_one(money):
    call = partial(
        reserve,
        money.actor("city_admin"),
        budget_id=money.city.pk,
        amount_fen=4_000 * YUAN,
        purpose="grant:1",
    )
    assert codes(at_once(*[call] * 8)) == ["Commitment"] * 8
    assert Commitment.objects.unscoped("test").count() == 1
    assert budget_figures(money.city).committed == 4_000 * YUAN


def test_commitment_given_back_from_eight_sides_is_given_back_once(money):
    actor = money.actor("city_admin")
    reserve(actor, budget_id=money.city.pk, amount_fen=4_000 * YUAN, purpose="grant:1")
    answers = at_once(*[partial(release_commitment, actor, purpose="grant:1")] * 8)
    assert sorted(answers) == [0] * 7 + [4_000 * YUAN]
    assert (budget_figures(money.city).available, trial()) == (30_000 * YUAN, 0)


def test_child_budgets_approved_at_once_stay_within_their_parent(money):
    waiting = [submitted(money.cast, "factory", parent=money.city, yuan=8_000) for _n in range(8)]
    officer = money.actor("city_finance")
    answers = at_once(*[partial(budgets.approve_budget, officer, budget_id=b.pk) for b in waiting])
    assert codes(answers) == ["Budget"] * 3 + ["budget_short"] * 5
    assert (budget_figures(money.city).available, trial()) == (6_000 * YUAN, 0)


def test_one_budget_approved_from_eight_sides_is_paid_once(money):
    waiting = submitted(money.cast, "factory", parent=money.city, yuan=8_000)
    officer = money.actor("city_finance")
    answers = at_once(*[partial(budgets.approve_budget, officer, budget_id=waiting.pk)] * 8)
    assert codes(answers) == ["Budget"] + ["illegal_move"] * 7
    assert budget_figures(money.city).available == 22_000 * YUAN


def test_change_approved_and_rejected_at_once_is_decided_once(money):
    change = budgets.propose_change(
        money.actor("city_admin"), budget_id=money.city.pk, delta_fen=500, reason="x", resolution="y"
    )
    officer = money.actor("province_finance")
    yes = partial(budgets.approve_change, officer, change_id=change.pk)
    no = partial(budgets.reject_change, officer, change_id=change.pk, reason="x")
    answers = at_once(yes, no, yes, no)
    assert codes(answers) == ["BudgetChange"] + ["change_not_open"] * 3
    change.refresh_from_db()
    assert budget_figures(money.city).amount == 40_000 * YUAN + (500 if change.state == "approved" else 0)


def test_closing_and_reserving_at_once_leave_nothing_behind(money):
    officer, maker = money.actor("city_finance"), money.actor("city_admin")
    calls = [
        partial(reserve, maker, budget_id=money.factory.pk, amount_fen=5, purpose=f"grant:{n}")
        for n in range(7)
    ]
    at_once(partial(budgets.close_budget, officer, budget_id=money.factory.pk), *calls)
    money.factory.refresh_from_db()
    set_aside = Commitment.objects.unscoped("test").filter(budget=money.factory).count()
    assert (money.factory.state == Budget.State.CLOSED) == (set_aside == 0)
    assert (balance(money.factory.account_id) == 0) == (set_aside == 0)
    assert trial() == 0


def test_budget_work_in_any_order_ends_without_deadlock(money):
    """Reserving, giving back, changing and approving up and down one tree, from twelve sides."""
    people = {name: money.actor(name) for name in ("city_admin", "province_finance", "city_finance")}
    levels = (money.province, money.city, money.factory)

    def play(seed: int) -> list[str]:
        dice, heard = random.Random(seed), []
        for step in range(8):
            budget, purpose = dice.choice(levels), f"play:{seed}:{step}"
            calls = [
                partial(reserve, people["city_admin"], budget_id=budget.pk, amount_fen=dice.randint(1, 900), purpose=purpose),
                partial(release_commitment, people["city_admin"], purpose=f"play:{seed}:{step - 1}"),
                partial(change_once, budget.pk, dice.choice((-400, 400))),
            ]  # fmt: skip
            heard.append(attempt(dice.choice(calls)))
        return heard

    def change_once(budget_id: int, delta_fen: int) -> None:
        facts = {"budget_id": budget_id, "delta_fen": delta_fen, "reason": "x", "resolution": "y"}
        change = budgets.propose_change(people["city_admin"], **facts)
        budgets.approve_change(people["province_finance"], change_id=change.pk)

    heard = at_once(*[partial(play, seed) for seed in range(12)])
    assert [type(answers) for answers in heard] == [list] * 12
    known = {
        "ok",
        "not_found",
        "not_allowed",
        "change_pending",
        "illegal_move",
        "state_changed",
        "change_not_open",
    }
    assert {answer for answers in heard for answer in answers} <= known
    assert trial() == 0


def attempt(call) -> str:
    try:
        call()
    except DomainError as refusal:
        return refusal.code
    return "ok"


# --- The rulebook -------------------------------------------------------------------------------------------


def tallied() -> list[int]:
    found = BenefitTally.objects.unscoped("test").order_by("person_id")
    return list(found.values_list("amount_fen", flat=True))


def uses_add_up() -> bool:
    """Every tally is the sum of the uses that name it, less what came back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM funds_benefittally t WHERE t.amount_fen <> coalesce((SELECT sum(u.amount_fen - u.returned_fen)"
            " FROM funds_benefituse u WHERE t.id = ANY (u.tallies)), 0)"
        )
        return cursor.fetchone()[0] == 0


def test_two_unions_at_once_never_pass_the_cap(cast, places):  # noqa: F811
    rule_of(places["44"], 1_000)
    names = ("mei", "hua", "qiang", "lan")
    calls = []
    for n in range(16):
        union, order = (("factory", names), ("riders", names[::-1]))[n % 2]
        calls.append(
            partial(rulebook.give, giving(cast, *order, yuan=150, union=union, occasion=f"grant:{n}"))
        )
    answers = at_once(*calls)
    assert [type(a) for a in answers] == [list] * 16
    assert sum(v.is_given for verdicts in answers for v in verdicts) == 6 * 4
    assert (tallied(), uses_add_up()) == ([90_000] * 4, True)


def test_batches_and_returns_in_any_order_end_without_deadlock(cast, places):  # noqa: F811
    for cap, period in ((1_000, "year"), (700, "month"), (400, "day")):
        rule_of(places["44"], cap, period=period)
    names = ["mei", "hua", "qiang", "lan"]

    def play(seed: int) -> str:
        dice = random.Random(seed)
        for step in range(8):
            some, occasion = dice.sample(names, dice.randint(1, 4)), f"play:{seed}:{step}"
            verdicts = rulebook.give(giving(cast, *some, yuan=dice.randint(1, 200), occasion=occasion))
            for verdict in verdicts:
                if verdict.is_given and dice.random() < 0.3:
                    rulebook.take_back(verdict.person_id, occasion, dice.randint(1, 100))
        return "ok"

    assert at_once(*[partial(play, seed) for seed in range(12)]) == ["ok"] * 12
    assert uses_add_up()
    assert max(tallied()) <= 1_000 * YUAN


def test_same_occasion_from_eight_sides_is_given_once(cast, places):  # noqa: F811
    for with_rule in (False, True):
        if with_rule:
            rule_of(places["44"], 1_000)
        ask = giving(cast, "mei", "lan", occasion=f"grant:{with_rule}")
        answers = at_once(*[partial(rulebook.give, ask)] * 8)
        assert [[v.is_given for v in verdicts] for verdicts in answers] == [[True, True]] * 8
    assert BenefitUse.objects.unscoped("test").count() == 4
    assert tallied() == [30_000] * 2


KILLED = """
import os, sys, time, django
django.setup()
from django.db import connection, transaction
connection.settings_dict["NAME"] = sys.argv[1]
from gonghui.funds import rulebook
from gonghui.funds.rulebook import Giving
from gonghui.orgs.models import Union
import datetime as dt
union = Union.objects.unscoped("test").get(pk=int(sys.argv[2]))
with transaction.atomic():
    given = rulebook.give(Giving([int(n) for n in sys.argv[3].split(",")], union, "union_fund", "grassroots", "festival",
                                 30_000, dt.date(2026, 9, 20), "grant:1", "zhongqiu"))
    print("given", sum(v.is_given for v in given), flush=True)
    time.sleep(60)
"""


def test_client_killed_while_giving_leaves_nothing_and_keeps_nobody_waiting(cast, places):  # noqa: F811
    rule_of(places["44"], 500)
    people = ",".join(str(cast.people[name].pk) for name in ("mei", "lan"))
    name = connection.settings_dict["NAME"]
    command = [sys.executable, "-c", KILLED, name, str(cast.unions["factory"].pk), people]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ.copy()) as client:
        assert client.stdout.readline() == "given 2\n"
        client.send_signal(signal.SIGKILL)
        client.wait()
    assert BenefitUse.objects.unscoped("test").count() == 0
    assert [v.is_given for v in rulebook.give(giving(cast, "lan", "mei"))] == [True, True]
    assert tallied() == [30_000] * 2


def test_give_in_a_transaction_that_fails_is_not_given(cast, places):  # noqa: F811
    rule_of(places["44"], 500)
    with pytest.raises(RuntimeError), transaction.atomic():
        rulebook.give(giving(cast, "mei"))
        raise RuntimeError
    assert (tallied(), BenefitUse.objects.unscoped("test").count()) == ([], 0)
