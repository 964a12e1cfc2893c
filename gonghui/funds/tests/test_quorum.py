"""多人复核: a sum takes effect with the last of those who have to agree, each once, and each yes stays on record."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.funds.actions import budgets, grants
from gonghui.funds.actions.quorum import strictest
from gonghui.funds.models import Budget, Consent, Decision, QuorumRule
from gonghui.funds.tests.granting import drafted, fresh
from gonghui.funds.tests.stage import STARTS, YUAN, balance, new_staff, submitted, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.orgs.models import Grant
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def ruled(cast, union: str, matter: str, *, yuan: int = 0, hands: int = 2) -> QuorumRule:
    return QuorumRule.objects.create(
        union=cast.unions[union], matter=matter, above_fen=yuan * YUAN, hands=hands
    )


def said_no(act, *args, **facts) -> str:
    with pytest.raises(DomainError) as caught:
        act(*args, **facts)
    return caught.value.code


@pytest.fixture
def third(money):
    return new_staff(money.cast, "province_second", "finance_officer", "province")


def asked_for(money, yuan: int) -> Budget:
    return submitted(money.cast, "city", parent=money.province, yuan=yuan)


def now(budget: Budget) -> Budget:
    return Budget.objects.unscoped("test").get(pk=budget.pk)


def consents() -> list[tuple[str, int, int, bool]]:
    found = Consent.objects.unscoped("test").order_by("id")
    return [(one.user.login, one.nth, one.hands, one.is_open) for one in found]


def test_large_budget_moves_with_the_second_yes_and_a_small_one_with_the_first(money, third):
    ruled(money.cast, "province", "budget", yuan=20_000)
    small, large = asked_for(money, 19_999), asked_for(money, 20_000)
    first, second = money.actor("province_finance"), money.actor("province_second")
    given = balance(money.province.account_id)
    assert budgets.approve_budget(first, budget_id=small.pk).state == "approved"
    assert budgets.approve_budget(first, budget_id=large.pk).state == "submitted"
    assert balance(money.province.account_id) == given - 19_999 * YUAN
    assert said_no(budgets.approve_budget, first, budget_id=large.pk) == "agreed_already"
    assert budgets.approve_budget(second, budget_id=large.pk).state == "approved"
    assert (now(large).checker_id, balance(now(large).account_id), trial()) == (third.pk, 20_000 * YUAN, 0)


def test_rules_of_those_above_bind_and_the_strictest_counts(cast, money):
    ruled(cast, "province", "budget", yuan=100)
    ruled(cast, "city", "budget", yuan=1_000, hands=3)
    needed = {yuan: strictest("budget", cast.unions["factory"], yuan * YUAN)[0] for yuan in (99, 100, 1_000)}
    assert needed == {99: 1, 100: 2, 1_000: 3}
    assert strictest("budget", cast.unions["riders"], 1_000 * YUAN)[0] == 2
    assert strictest("payout", cast.unions["factory"], 1_000 * YUAN)[0] == 1
    QuorumRule.objects.unscoped("test").update(is_active=False)
    assert strictest("budget", cast.unions["factory"], 1_000 * YUAN)[0] == 1


def test_maker_is_none_of_the_hands(money, third):
    """Even with both posts."""
    ruled(money.cast, "province", "budget")
    Grant.objects.create(user=third, role="org_admin", union=money.cast.unions["province"], starts_on=STARTS)
    budget = submitted(money.cast, "city", parent=money.province, yuan=500, maker="province_second")
    maker = money.actor("province_second")
    assert said_no(budgets.approve_budget, maker, budget_id=budget.pk) == "budget_maker_is_checker"
    assert [one for one in consents() if one[0] == "province_second"] == []


def test_what_was_sent_back_needs_everybody_anew(money, third):
    ruled(money.cast, "province", "budget")
    budget, first = asked_for(money, 500), money.actor("province_finance")
    before = len(consents())
    budgets.approve_budget(first, budget_id=budget.pk)
    budgets.send_back_budget(first, budget_id=budget.pk, reason="金额不对")
    budgets.submit_budget(money.actor("city_admin"), budget_id=budget.pk)
    assert budgets.approve_budget(first, budget_id=budget.pk).state == "submitted"
    assert consents()[before:] == [("province_finance", 1, 2, False), ("province_finance", 1, 2, True)]


def test_grant_waits_for_its_second_hand(money):
    ruled(money.cast, "city", "grant")
    grant = drafted(money)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    grants.check_grant(money.actor("city_finance"), point_grant_id=grant.pk)
    assert (fresh(grant).state, fresh(grant).checker_id) == ("submitted", None)
    grants.check_grant(money.actor("second_finance"), point_grant_id=grant.pk)
    assert fresh(grant).state == "checked"
    assert consents()[-1][:3] == ("second_finance", 2, 2)


def test_yes_on_record_is_neither_changed_nor_deleted(money):
    rows = Consent.objects.unscoped("test")
    assert rows.exists()  # of the budgets the stage is built of
    for change in (
        lambda: rows.update(amount_fen=1),
        lambda: rows.update(is_open=True),
        lambda: rows.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
def test_two_who_agree_at_once_are_two_hands(money, third):
    ruled(money.cast, "province", "budget")
    budget = asked_for(money, 500)
    actors = [money.actor("province_finance"), money.actor("province_second")]
    at_once(*[lambda actor=actor: budgets.approve_budget(actor, budget_id=budget.pk) for actor in actors])
    assert now(budget).state == "approved"
    assert [one[1:3] for one in consents()[-2:]] == [(1, 2), (2, 2)]
    assert trial() == 0


def test_clerk_is_told_how_many_are_still_to_agree(client, money, third):
    ruled(money.cast, "province", "budget")
    budget = asked_for(money, 500)
    actions = money.cast.sign_in(client, "province_finance")
    answer = actions.post(f"/console/funds/budget/{budget.pk}/verb/approve/", follow=True)
    assert "还要 1 位同事复核才生效" in answer.content.decode()


def test_sum_of_a_rule_is_typed_in_yuan(client, cast):
    rule = ruled(cast, "city", "budget", yuan=5)
    at = reverse("admin:funds_quorumrule_change", args=[rule.pk])
    client = cast.sign_in(client, "city_admin")
    assert client.get(at).context["adminform"].form["above_fen"].value() == 5
    facts = {
        "union": rule.union_id,
        "matter": "budget",
        "above_fen": "500.50",
        "hands": 2,
        "cooling_h": 24,
        "is_active": "on",
    }
    client.post(at, facts)
    rule = QuorumRule.objects.unscoped("test").get()
    assert (rule.above_fen, rule.cooling_h) == (500_50, 24)


class TestQuorumRuleScreen(ConsoleContract):
    model = QuorumRule
    change, wrong = {"hands": "3"}, {"hands": "1"}

    def own(self, cast):
        return ruled(cast, "city", "budget")

    def foreign(self, cast):
        return ruled(cast, "sister", "budget", yuan=5)

    def more(self, cast, count):
        for n in range(count):
            ruled(cast, "city", "grant", yuan=n)


class TestConsentScreen(ConsoleContract):
    model = Consent

    def own(self, cast):
        return _consent(cast, "city", "city_admin", 1)

    def foreign(self, cast):
        return _consent(cast, "sister", "sister_admin", 2)

    def more(self, cast, count):
        for n in range(count):
            _consent(cast, "city", "city_admin", 10 + n)


def _consent(cast, union: str, who: str, subject: int) -> Consent:
    return Consent.objects.create(
        matter="budget", subject=-subject, title=f"预算 {subject}", union=cast.unions[union], amount_fen=100,
        user=cast.users[who], nth=1, hands=1,
    )  # fmt: skip


class TestDecisionScreen(ConsoleContract):
    model = Decision

    def own(self, cast):
        return _decision(cast, "city", "city_admin", 1)

    def foreign(self, cast):
        return _decision(cast, "sister", "sister_admin", 2)

    def more(self, cast, count):
        for n in range(count):
            _decision(cast, "city", "city_admin", 10 + n)


def _decision(cast, union: str, who: str, subject: int) -> Decision:
    return Decision.objects.create(
        matter="budget", subject=-subject, title=f"预算 {subject}", words="2026 年预算：综合", union=cast.unions[union],
        amount_fen=100, given=1, hands=1, cooling_h=0, decided_by=cast.users[who], takes_effect_at=clock.now(),
        state="effective", ended_at=clock.now(),
    )  # fmt: skip
