"""Budgets, commitments and the spending rulebook: overspent by nobody, given back once, whoever comes at the same moment."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest

from gonghui.funds import rulebook
from gonghui.funds.actions import budgets
from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.models import BenefitTally, BenefitUse, Commitment
from gonghui.funds.queries import BudgetFigures, budget_figures
from gonghui.funds.tests.stage import YUAN, balance, submitted, trial
from gonghui.funds.tests.test_rulebook import giving, places, rule_of  # noqa: F401 - places is a fixture
from gonghui.kit.errors import DomainError
from gonghui.ledger.engine import Order, create_transfers
from gonghui.ledger.models import LedgerAccount
from gonghui.ledger.tests.books import purse
from tests.races.stage import codes, in_turn, killed_at, killed_inside, lock_on, past_the_check

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
RESERVES = """
from gonghui.funds.actions.commitments import reserve
from gonghui.config.actors import actor_of
from gonghui.accounts.models import User
who = actor_of(User.objects.unscoped("test").get(pk=user_id))
reserve(who, budget_id=budget_id, amount_fen=amount_fen, purpose="grant:9")
"""


def reserving(money, yuan: float, purpose: str, budget=None):
    facts = {"budget_id": (budget or money.city).pk, "amount_fen": int(yuan * YUAN), "purpose": purpose}
    return partial(reserve, money.actor("city_admin"), **facts)


def releasing(money, purpose: str):
    return partial(release_commitment, money.actor("city_admin"), purpose=purpose)


def figures(money) -> tuple[float, ...]:
    """Of the city's budget, in yuan: (amount, allotted, committed, spent, available)."""
    found: BudgetFigures = budget_figures(money.city)
    return tuple(
        fen / YUAN for fen in (found.amount, found.allotted, found.committed, found.spent, found.available)
    )


@pytest.fixture
def till(cast):
    """Where money of commitments is spent to."""
    return purse(cast.unions["city"], "till", limited="")


def spending(commitment: Commitment, till: LedgerAccount, yuan: float):
    order = Order(uuid4(), "subsidise", int(yuan * YUAN), commitment.account_id, till.pk)
    return lambda: create_transfers([order])[0]


# --- Overspent ------------------------------------------------------------------------------------------------


def test_budget_used_from_eight_sides_is_never_overspent(money):
    """Medusa #16012, pretix PR #6396, Saleor #544 (a limit passed by concurrent use): spend was read, compared with the limit
    and written. Here: eight want 8,000 yuan of 30,000, all of them before the budget; three have it, five hear the figures."""
    calls = [reserving(money, 8_000, f"grant:{n}") for n in range(8)]
    answers = past_the_check(lock_on(money.city), *calls)
    assert codes(answers) == ["Commitment"] * 3 + ["budget_short"] * 5
    refused = [each.message for each in answers if isinstance(each, DomainError)]
    assert set(refused) == {"“普惠预算”剩余 6,000 元，需要 8,000 元，没有动任何一笔钱。"}
    assert (figures(money), trial()) == ((40_000, 10_000, 24_000, 0, 6_000), 0)


def test_budget_is_used_to_its_last_fen_and_no_further(money):
    """django-oscar's `ConditionalOffer.record_usage`: totals are added up without a lock, and the budget is soft: only once it
    is passed does the offer end. Here: of 0.01 yuan two want 0.02 and two 0.01, at once; one has the fen, nothing is passed."""
    reserving(money, 29_999.99, "grant:1")()
    asked = [0.02, 0.01, 0.02, 0.01]
    calls = [reserving(money, yuan, f"grant:{n}") for n, yuan in enumerate(asked, 2)]
    answers = past_the_check(lock_on(money.city), *calls)
    assert codes(answers) == ["Commitment"] + ["budget_short"] * 3
    assert figures(money) == (40_000, 10_000, 30_000, 0, 0)


def test_budget_below_and_commitment_beside_share_what_is_there(money):
    """Medusa PR #13760, #16012, nested: of two ways out of one budget each kept its own count. Here: a budget below is approved
    while a commitment is made, each fitting alone; one of them has it, in both orders."""
    approving = [
        partial(budgets.approve_budget, money.actor("city_finance"), budget_id=made.pk)
        for made in (submitted(money.cast, "factory", parent=money.city, yuan=20_000) for _n in range(2))
    ]
    answers = in_turn(lock_on(money.city), approving[0], reserving(money, 20_000, "grant:1"))
    assert codes(answers) == ["Budget", "budget_short"]
    answers = in_turn(lock_on(money.city), reserving(money, 10_000, "grant:2"), approving[1])
    assert codes(answers) == ["Commitment", "budget_short"]
    assert (figures(money), trial()) == ((40_000, 30_000, 10_000, 0, 0), 0)


@pytest.mark.parametrize("first", ["change", "reserve"])
def test_budget_lowered_while_it_is_used_is_one_or_the_other(money, first):
    """Medusa #16012, from the side of who sets the limit: a limit lowered beside a use is passed by it. Here: 20,000 of 30,000
    are taken back by a change while 20,000 are reserved; whichever is first holds, the other hears why not."""
    change = budgets.propose_change(
        money.actor("city_admin"),
        budget_id=money.city.pk,
        delta_fen=-20_000 * YUAN,
        reason="x",
        resolution="y",
    )
    lower = partial(budgets.approve_change, money.actor("province_finance"), change_id=change.pk)
    use = reserving(money, 20_000, "grant:1")
    answers = in_turn(lock_on(money.city), *((lower, use) if first == "change" else (use, lower)))
    assert codes(answers[1:]) == ["budget_short"]
    after = (20_000, 10_000, 0, 0, 10_000) if first == "change" else (40_000, 10_000, 20_000, 0, 10_000)
    assert (figures(money), trial()) == (after, 0)


def test_last_fen_of_a_commitment_is_spent_once(money, till):
    """Medusa #16012, spending what was reserved: nine bills at once against one commitment. Here: a commitment is an account
    that cannot be overdrawn; four fit, five do not, and it is empty to the fen."""
    made = reserving(money, 100, "release:1")()
    calls = [spending(made, till, 33.33) for _n in range(8)] + [spending(made, till, 0.01)]
    answers = past_the_check(lock_on(LedgerAccount.objects.unscoped("test").get(pk=made.account_id)), *calls)
    assert sorted(answers) == ["ok"] * 4 + ["overdrawn"] * 5
    assert (balance(made.account_id), balance(till.pk)) == (0, 10_000)


# --- Given back -----------------------------------------------------------------------------------------------


def test_release_from_six_sides_while_others_use_it_frees_once(money):
    """Medusa #16595, PR #16596: taking a use back wrote a total it had read before, unlocked; a release that ran twice freed
    twice, and a use beside it was lost. Here: six release one commitment while two others are made; it goes back once."""
    reserving(money, 20_000, "grant:1")()
    calls = [releasing(money, "grant:1")] * 6 + [reserving(money, 4_000, f"grant:{n}") for n in (2, 3)]
    answers = past_the_check(lock_on(money.city), *calls)
    assert sorted(answers[:6]) == [0] * 5 + [20_000 * YUAN]
    assert codes(answers[6:]) == ["Commitment"] * 2
    assert (figures(money), trial()) == ((40_000, 10_000, 8_000, 0, 22_000), 0)


@pytest.mark.parametrize("first", ["spend", "release"])
def test_release_and_spending_at_once_lose_neither(money, till, first):
    """Medusa #16595 in both orders: what is spent while the rest goes back must not go back too. Here: 60 of 100 are spent
    while the commitment is released; either 40 go back, or all of it and the spending is refused."""
    made = reserving(money, 100, "release:1")()
    purse_of_it = LedgerAccount.objects.unscoped("test").get(pk=made.account_id)
    spend, release = spending(made, till, 60), releasing(money, "release:1")
    answers = in_turn(lock_on(purse_of_it), *((spend, release) if first == "spend" else (release, spend)))
    assert answers == (["ok", 4_000] if first == "spend" else [10_000, "overdrawn"])
    spent = 60 if first == "spend" else 0
    assert (figures(money), trial()) == ((40_000, 10_000, 0, spent, 30_000 - spent), 0)


def test_same_purpose_from_eight_sides_is_set_aside_once(money):
    """Saleor PR #15855: one checkout completed by two threads counted its use twice. Here: what one purpose needs is set aside
    once, whoever asks again hears of the same commitment."""
    answers = past_the_check(lock_on(money.city), *[reserving(money, 4_000, "grant:1")] * 8)
    assert len({each.pk for each in answers}) == 1
    assert figures(money) == (40_000, 10_000, 4_000, 0, 26_000)


def test_who_is_killed_while_reserving_holds_nothing(money):
    """Saleor PR #15855: a hold belonged to the process, not to the checkout. Here: a process killed with -9 after it set aside
    all there is, and one killed while it waits for the budget's account, hold nothing; the next has it all."""
    facts = {
        "user_id": money.cast.users["city_admin"].pk,
        "budget_id": money.city.pk,
        "amount_fen": 30_000 * YUAN,
    }
    killed_inside(RESERVES, **facts)
    account = LedgerAccount.objects.unscoped("test").get(pk=money.city.account_id)
    killed_at(lock_on(account), RESERVES, **facts)
    assert (figures(money), Commitment.objects.unscoped("test").count()) == (
        (40_000, 10_000, 0, 0, 30_000),
        0,
    )
    assert codes([reserving(money, 30_000, "grant:1")()]) == ["Commitment"]
    assert trial() == 0


# --- Caps of the rulebook --------------------------------------------------------------------------------------


def tallies() -> dict[int, int]:
    return dict(BenefitTally.objects.unscoped("test").values_list("person_id", "amount_fen"))


def test_cap_per_person_holds_under_two_unions_at_once(cast, places):  # noqa: F811
    """Medusa PR #16097, #16012 (usage limits per customer passed by concurrent use): here, two unions give to the same four
    from eight sides, in opposite orders; everybody has had exactly what the clause allows, and nobody waited in a circle."""
    rule_of(places["44"], 1_000)
    names = ("mei", "hua", "qiang", "lan")
    seed = giving(cast, *names, yuan=100, occasion="grant:0")
    rulebook.give(seed)
    first = BenefitTally.objects.unscoped("test").order_by("person_id").first()
    sides = [(("factory", names), ("riders", names[::-1]))[n % 2] for n in range(8)]
    calls = [
        partial(rulebook.give, giving(cast, *order, yuan=200, union=union, occasion=f"grant:{n}"))
        for n, (union, order) in enumerate(sides, 1)
    ]
    answers = past_the_check(lock_on(first), *calls)
    assert sum(verdict.is_given for verdicts in answers for verdict in verdicts) == 4 * 4
    assert set(tallies().values()) == {900 * YUAN}


def test_cap_of_one_says_nothing_of_the_others(cast, places):  # noqa: F811
    """Medusa #15960: what all had used together was held against the limit of each, and the offer was called exhausted. Here:
    one member is at her cap while three others are given to; each hears of their own cap only, and the refusal cites the
    clause."""
    rule_of(places["44"], 500)
    rulebook.give(giving(cast, "mei", yuan=500, occasion="grant:0"))
    calls = [
        partial(rulebook.give, giving(cast, "mei", name, yuan=400, occasion=f"grant:{name}"))
        for name in ("hua", "lan")
    ]
    tally = BenefitTally.objects.unscoped("test").get()
    answers = past_the_check(lock_on(tally), *calls)
    mei = cast.people["mei"].pk
    heard = {verdict.person_id: verdict for verdicts in answers for verdict in verdicts}
    assert {person: verdict.is_given for person, verdict in heard.items()} == {
        mei: False, cast.people["hua"].pk: True, cast.people["lan"].pk: True,
    }  # fmt: skip
    assert "实施办法第八条" in heard[mei].reason
    assert tallies()[mei] == 500 * YUAN


def test_taking_back_and_giving_at_once_keep_the_tally(cast, places):  # noqa: F811
    """Medusa #16595, per person: a refund that takes a use back beside a new one. Here: 300 come back from four sides while 300
    are given from four sides; the tally is the sum of its uses, and the cap was never passed."""
    rule_of(places["44"], 500)
    rulebook.give(giving(cast, "mei", yuan=300, occasion="bill:1"))
    mei, tally = cast.people["mei"].pk, BenefitTally.objects.unscoped("test").get()
    backs = [partial(rulebook.take_back, mei, "bill:1", 300 * YUAN)] * 4
    gives = [partial(rulebook.give, giving(cast, "mei", yuan=300, occasion=f"bill:{n}")) for n in range(2, 6)]
    answers = past_the_check(lock_on(tally), *backs, *gives)
    assert codes(answers[:4]) == ["NoneType"] + ["nothing_to_take_back"] * 3
    given = sum(verdict.is_given for verdicts in answers[4:] for verdict in verdicts)
    uses = BenefitUse.objects.unscoped("test")
    assert (given <= 1, tallies()[mei]) == (True, sum(use.amount_fen - use.returned_fen for use in uses))
