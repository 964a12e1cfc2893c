"""SM-07: every way a budget goes, and every one it does not; after a refusal nothing has moved."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from gonghui.funds.actions import budgets, sources
from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.models import Budget, BudgetChange, FundReceipt
from gonghui.funds.queries import BudgetFigures, budget_figures, figures_of
from gonghui.funds.tests.stage import (
    ENDS,
    STARTS,
    YUAN,
    approved,
    balance,
    new_staff,
    submitted,
    terms_of,
    trial,
)
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.ledger.moments import moments_of
from gonghui.notices.models import Message


def figures(*yuan: int) -> BudgetFigures:
    return BudgetFigures(*(y * YUAN for y in yuan))


def as_it_stands() -> tuple:
    """Of everything a refusal must leave alone."""
    rows = (
        Budget.objects.unscoped("test").order_by("pk").values_list("pk", "state", "amount_fen", "checker_id")
    )
    changes = BudgetChange.objects.unscoped("test").order_by("pk").values_list("pk", "state")
    accounts = (
        LedgerAccount.objects.unscoped("test")
        .order_by("pk")
        .values_list("pk", "credits_posted", "debits_posted")
    )
    return list(rows), list(changes), list(accounts), Transfer.objects.unscoped("test").count()


@contextmanager
def refused(code: str):
    before = as_it_stands()
    with pytest.raises(DomainError) as refusal:
        yield refusal
    assert (refusal.value.code, as_it_stands()) == (code, before)


@contextmanager
def refused_by_database(constraint: str):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        yield
    assert error.value.__cause__.diag.constraint_name == constraint


# --- Sources ------------------------------------------------------------------------------------------------


def test_receipt_typed_days_after_the_bank_had_it_says_both_days(money):
    actor, today = money.actor("province_finance"), clock.today()
    for nth, day in enumerate((today, today - dt.timedelta(days=40))):
        facts = {
            "source_id": money.source.pk,
            "amount_fen": 500,
            "document": f"回单 {nth}",
            "received_on": day,
        }
        sources.record_receipt(actor, key=uuid4(), **facts)
    typed = Transfer.objects.unscoped("test").filter(code="receipt", amount=500)
    assert list(moments_of(typed).values()) == [today - dt.timedelta(days=40)]


def test_document_is_one_receipt(money):
    actor, before = money.actor("province_finance"), balance(money.source.account_id)
    facts = {"source_id": money.source.pk, "amount_fen": 500, "document": "回单 7", "received_on": STARTS}
    first = sources.record_receipt(actor, key=uuid4(), **facts)
    again = sources.record_receipt(actor, key=first.key, **facts)
    other_key = sources.record_receipt(actor, key=uuid4(), **facts)
    assert {first.pk, again.pk, other_key.pk} == {first.pk}
    with refused("receipt_differs"):
        sources.record_receipt(actor, key=uuid4(), **(facts | {"amount_fen": 501}))
    with refused("bad_fen"):
        sources.record_receipt(actor, key=uuid4(), **(facts | {"amount_fen": 0, "document": "回单 8"}))
    assert balance(money.source.account_id) == before + 500
    with refused_by_database("funds_fundreceipt_stays"):
        FundReceipt.objects.unscoped("test").filter(pk=first.pk).update(amount_fen=1)


def test_source_closes_when_nothing_is_left_of_it(money, cast):
    actor = money.actor("province_finance")
    with refused("source_in_use"):
        sources.close_source(actor, source_id=money.source.pk)
    empty = sources.open_source(
        actor, union=cast.unions["province"], name="空", kind="dues", level="province"
    )
    sources.close_source(actor, source_id=empty.pk)
    facts = {"amount_fen": 1, "document": "晚到", "received_on": STARTS, "key": uuid4()}
    with refused("source_closed"):
        sources.record_receipt(actor, source_id=empty.pk, **facts)
    with refused("source_closed"):
        budgets.write_budget(
            cast.actor("province_admin"), union=cast.unions["province"], terms=terms_of(1), source_id=empty.pk
        )


# --- Written and approved -----------------------------------------------------------------------------------


def test_nested_budget_shows_what_each_level_gave(money):
    shown = figures_of([money.province, money.city, money.factory])
    assert shown[money.province.pk] == figures(100_000, 40_000, 0, 0, 60_000)
    assert shown[money.city.pk] == figures(40_000, 10_000, 0, 0, 30_000)
    assert shown[money.factory.pk] == budget_figures(money.factory) == figures(10_000, 0, 0, 0, 10_000)
    assert (balance(money.source.account_id), trial()) == (100_000 * YUAN, 0)


def test_figures_of_many_take_one_statement(money, django_assert_num_queries):
    with django_assert_num_queries(1):
        figures_of([money.province, money.city, money.factory])


def test_draft_is_changed_submitted_is_not(money, cast):
    actor = cast.actor("city_admin")
    draft = budgets.write_budget(
        actor, union=cast.unions["city"], terms=terms_of(10), parent_id=money.province.pk
    )
    assert draft.source_id == money.source.pk
    budgets.change_budget(actor, budget_id=draft.pk, terms=terms_of(20, name="改过的"))
    budgets.submit_budget(actor, budget_id=draft.pk)
    with refused("budget_not_draft"):
        budgets.change_budget(actor, budget_id=draft.pk, terms=terms_of(30))
    with refused_by_database("funds_budget_facts"):
        Budget.objects.unscoped("test").filter(pk=draft.pk).update(amount_fen=1)
    with refused("giver_must_approve"):
        budgets.send_back_budget(cast.actor("city_finance"), budget_id=draft.pk, reason="金额不对")
    budgets.send_back_budget(cast.actor("province_finance"), budget_id=draft.pk, reason="金额不对")
    assert budgets.change_budget(actor, budget_id=draft.pk, terms=terms_of(30)).amount_fen == 3_000


def test_more_than_is_left_above_is_a_sentence_with_the_figures(money, cast):
    wanted = submitted(cast, "city", parent=money.province, yuan=60_001)
    with refused("budget_short") as refusal:
        budgets.approve_budget(cast.actor("province_finance"), budget_id=wanted.pk)
    assert refusal.value.message == "“普惠预算”剩余 60,000 元，需要 60,001 元，没有动任何一笔钱。"
    wanted = submitted(cast, "province", source=money.source, yuan=100_001)
    with refused("budget_short"):
        budgets.approve_budget(cast.actor("province_finance"), budget_id=wanted.pk)


def test_who_gives_agrees(money, cast):
    """The city's finance may approve what the city gives, not what the province gives to the city."""
    wanted = submitted(cast, "city", parent=money.province, yuan=1)
    with refused("giver_must_approve"):
        budgets.approve_budget(cast.actor("city_finance"), budget_id=wanted.pk)
    below = submitted(cast, "factory", parent=money.city, yuan=1)
    assert budgets.approve_budget(cast.actor("city_finance"), budget_id=below.pk).state == "approved"


def test_maker_is_not_checker(money, cast):
    from gonghui.orgs.models import Grant

    Grant.objects.create(
        user=cast.users["province_finance"], role="org_admin", union=cast.unions["province"], starts_on=STARTS
    )
    both = submitted(cast, "province", source=money.source, yuan=1, maker="province_finance")
    with refused("budget_maker_is_checker"):
        budgets.approve_budget(cast.actor("province_finance"), budget_id=both.pk)
    with refused_by_database("funds_budget_maker_is_not_checker"):
        Budget.objects.unscoped("test").filter(pk=both.pk).update(
            state="approved", checker_id=both.maker_id, account_id=money.source.account_id
        )


def test_without_a_resolution_nothing_is_submitted(money, cast):
    actor = cast.actor("city_admin")
    draft = budgets.write_budget(
        actor, union=cast.unions["city"], terms=terms_of(1, resolution=""), parent_id=money.province.pk
    )
    with refused("resolution_missing"):
        budgets.submit_budget(actor, budget_id=draft.pk)


def test_union_takes_from_its_own_path_only(money, cast):
    with refused("parent_not_above"):
        submitted(cast, "sister", parent=money.city, yuan=1, maker="sister_admin")
    with refused("parent_not_above"):
        submitted(cast, "province", parent=money.city, yuan=1)
    with refused_by_database("funds_budget_on_its_path"):
        Budget.objects.create(
            union=cast.unions["sister"], parent=money.city, source=money.source, name="x", category="general",
            amount_fen=1, starts_on=STARTS, ends_on=ENDS, maker=cast.users["sister_admin"],
        )  # fmt: skip


def test_dates_lie_within_the_parent_and_its_source_is_kept(money, cast):
    with refused("outside_parent_dates"):
        submitted(cast, "city", parent=money.province, yuan=1, ends_on=dt.date(2031, 1, 1))
    facts = {
        "union": cast.unions["city"], "parent": money.province, "name": "x", "category": "general", "amount_fen": 1,
        "starts_on": STARTS, "ends_on": ENDS, "maker": cast.users["city_admin"],
    }  # fmt: skip
    with refused_by_database("funds_budget_within_parent"):
        Budget.objects.create(**(facts | {"ends_on": dt.date(2031, 1, 1), "source": money.source}))
    actor = cast.actor("province_finance")
    other = sources.open_source(
        actor, union=cast.unions["province"], name="另", kind="dues", level="province"
    )
    with refused_by_database("funds_budget_source_of_parent"):
        Budget.objects.create(**(facts | {"source": other}))


def test_expired_budget_gives_and_takes_nothing(money, cast, time_machine):
    waiting = submitted(cast, "city", parent=money.province, yuan=1)
    time_machine.move_to(dt.datetime(2031, 1, 1, 12, tzinfo=dt.UTC), tick=False)
    with refused("budget_not_open") as refusal:
        budgets.approve_budget(cast.actor("province_finance"), budget_id=waiting.pk)
    assert refusal.value.message == "预算“普惠预算”在 2031-01-01 不能用：它已于 2030-12-31 到期。"
    with refused("budget_not_open"):
        reserve(cast.actor("city_admin"), budget_id=money.city.pk, amount_fen=1, purpose="late:1")


def test_database_lets_a_budget_go_its_ways_only(money):
    for state in ("draft", "submitted"):
        with refused_by_database("funds_budget_way"):
            Budget.objects.unscoped("test").filter(pk=money.city.pk).update(state=state)
    with refused_by_database("funds_budget_facts"):
        Budget.objects.unscoped("test").filter(pk=money.city.pk).update(amount_fen=1)
    with refused_by_database("funds_budget_nothing_hangs_on"):
        Budget.objects.unscoped("test").filter(pk=money.city.pk).update(state="closed")
    with refused_by_database("funds_budget_stays"):
        Budget.objects.unscoped("test").filter(pk=money.factory.pk).delete()


# --- Adjusted -----------------------------------------------------------------------------------------------


def propose(money, delta_yuan: int, who: str = "city_admin") -> BudgetChange:
    return budgets.propose_change(
        money.actor(who),
        budget_id=money.city.pk,
        delta_fen=delta_yuan * YUAN,
        reason="人数有变",
        resolution="会议 9 号",
    )


def test_change_moves_the_difference_once_two_agreed(money):
    change = propose(money, 5_000)
    with refused("change_pending"):
        propose(money, 1)
    with refused("giver_must_approve"):
        budgets.approve_change(money.actor("city_finance"), change_id=change.pk)
    budgets.approve_change(money.actor("province_finance"), change_id=change.pk)
    assert budget_figures(money.city) == figures(45_000, 10_000, 0, 0, 35_000)
    back = propose(money, -15_000)
    budgets.approve_change(money.actor("province_finance"), change_id=back.pk)
    money.city.refresh_from_db()
    assert (money.city.amount_fen, money.city.state) == (30_000 * YUAN, "approved")
    assert budget_figures(money.city) == figures(30_000, 10_000, 0, 0, 20_000)
    assert budget_figures(money.province) == figures(100_000, 30_000, 0, 0, 70_000)
    with refused("change_not_open"):
        budgets.approve_change(money.actor("province_finance"), change_id=back.pk)


def told_of(budget: Budget) -> list[tuple[str, str]]:
    """Who heard of it, and what."""
    found = Message.objects.unscoped("test").filter(once__startswith=f"budget:{budget.pk}:").order_by("id")
    return list(found.values_list("user__login", "body"))


def test_audit_committee_is_told_of_what_was_agreed(money):
    """The province's, of a budget of its city; the sister city's is not."""
    new_staff(money.cast, "sister_auditor", "audit_committee", "sister")
    ((who, body),) = told_of(money.city)
    assert (who, "40,000" in body, "主席办公会 2024-3 号" in body) == ("auditor", True, True)
    change = propose(money, 5_000)
    assert len(told_of(money.city)) == 1
    budgets.approve_change(money.actor("province_finance"), change_id=change.pk)
    assert [("45,000" in body) for _who, body in told_of(money.city)] == [False, True]


def test_change_beyond_what_is_there_is_refused(money):
    more = propose(money, 60_001)
    with refused("budget_short"):
        budgets.approve_change(money.actor("province_finance"), change_id=more.pk)
    budgets.reject_change(money.actor("province_finance"), change_id=more.pk, reason="没有这么多")
    money.city.refresh_from_db()
    assert (money.city.state, money.city.amount_fen) == ("approved", 40_000 * YUAN)
    with refused("change_below_zero"):
        propose(money, -40_000)
    less = propose(money, -30_001)
    with refused("budget_short"):
        budgets.approve_change(money.actor("province_finance"), change_id=less.pk)


# --- Set aside, given back, closed --------------------------------------------------------------------------


def test_commitment_is_set_aside_once_and_given_back_once(money):
    actor = money.actor("city_admin")
    first = reserve(actor, budget_id=money.city.pk, amount_fen=1_000 * YUAN, purpose="grant:1")
    assert reserve(actor, budget_id=money.city.pk, amount_fen=1_000 * YUAN, purpose="grant:1") == first
    assert budget_figures(money.city) == figures(40_000, 10_000, 1_000, 0, 29_000)
    with refused("commitment_differs"):
        reserve(actor, budget_id=money.city.pk, amount_fen=1, purpose="grant:1")
    assert [release_commitment(actor, purpose="grant:1") for _n in range(3)] == [1_000 * YUAN, 0, 0]
    with refused("commitment_released"):
        reserve(actor, budget_id=money.city.pk, amount_fen=1_000 * YUAN, purpose="grant:1")
    assert (budget_figures(money.city), trial()) == (figures(40_000, 10_000, 0, 0, 30_000), 0)


def test_commitment_beyond_the_rest_is_refused_with_the_figures(money):
    with refused("budget_short") as refusal:
        reserve(
            money.actor("city_admin"),
            budget_id=money.city.pk,
            amount_fen=30_000 * YUAN + 1,
            purpose="grant:1",
        )
    assert refusal.value.message == "“普惠预算”剩余 30,000 元，需要 30,000.01 元，没有动任何一笔钱。"


def test_closing_waits_for_what_hangs_on_it(money):
    officer, maker = money.actor("city_finance"), money.actor("city_admin")
    with refused("budget_has_children"):
        budgets.close_budget(officer, budget_id=money.city.pk)
    reserve(maker, budget_id=money.factory.pk, amount_fen=7, purpose="grant:1")
    with refused("budget_has_commitments"):
        budgets.close_budget(officer, budget_id=money.factory.pk)
    release_commitment(maker, purpose="grant:1")
    assert budgets.close_budget(officer, budget_id=money.factory.pk) == 10_000 * YUAN
    assert budget_figures(money.city) == figures(40_000, 0, 0, 0, 40_000)
    with refused("illegal_move"):
        budgets.close_budget(officer, budget_id=money.factory.pk)
    with refused("budget_not_open"):
        reserve(maker, budget_id=money.factory.pk, amount_fen=7, purpose="grant:2")
    budgets.close_budget(officer, budget_id=money.city.pk)
    budgets.close_budget(money.actor("province_finance"), budget_id=money.province.pk)
    assert (balance(money.source.account_id), trial()) == (200_000 * YUAN, 0)


def test_what_comes_back_late_goes_home_through_closed_budgets(money, cast):
    """Spent out of a commitment, all closed, then refunded: the money goes up level by level and the figures stay true."""
    from gonghui.ledger.tests.books import move, purse, said

    maker, officer = money.actor("city_admin"), money.actor("province_finance")
    held = reserve(maker, budget_id=money.factory.pk, amount_fen=500, purpose="grant:1")
    shop = purse(cast.unions["city"], "partner:1", limited="", kind="payable")
    said(move(held.account, shop, 500))
    release_commitment(maker, purpose="grant:1")
    for budget in (money.factory, money.city):
        budgets.close_budget(officer, budget_id=budget.pk)
    assert budget_figures(money.factory) == BudgetFigures(500, 0, 0, 500, 0)
    said(move(shop, held.account, 200))
    assert release_commitment(maker, purpose="grant:1") == 200
    assert budget_figures(money.factory) == BudgetFigures(300, 0, 0, 300, 0)
    assert budget_figures(money.city) == BudgetFigures(300, 300, 0, 0, 0)
    assert budget_figures(money.province).available == 100_000 * YUAN - 300
    assert trial() == 0


# --- Who reads and who writes -------------------------------------------------------------------------------

SEES = {"province_admin": 3, "province_finance": 3, "auditor": 3, "city_admin": 2, "city_finance": 2, "sister_admin": 0,
        "judge": 0, "mei": 0, "anonymous": 0}  # fmt: skip


@pytest.mark.parametrize("who", SEES)
def test_budgets_are_seen_by_whom_they_concern(money, cast, who):
    assert Budget.objects.visible_to(cast.actor(who)).count() == SEES[who]


@pytest.mark.parametrize("who", ["auditor", "sister_admin", "judge", "mei", "anonymous"])
def test_audit_committee_and_strangers_write_nothing(money, cast, who):
    actor, city = cast.actor(who), {"budget_id": money.city.pk}
    waiting = submitted(cast, "factory", parent=money.city, yuan=1)
    change = propose(money, 1)
    facts = {"delta_fen": 1, "reason": "x", "resolution": "y"}
    receipt = {"amount_fen": 1, "document": "1", "received_on": STARTS, "key": uuid4()}
    union = cast.unions["city"]
    tries = [
        lambda: sources.open_source(actor, union=union, name="x", kind="dues", level="city"),
        lambda: sources.record_receipt(actor, source_id=money.source.pk, **receipt),
        lambda: sources.close_source(actor, source_id=money.source.pk),
        lambda: budgets.write_budget(actor, union=union, terms=terms_of(1), parent_id=money.province.pk),
        lambda: budgets.change_budget(actor, budget_id=waiting.pk, terms=terms_of(1)),
        lambda: budgets.submit_budget(actor, budget_id=waiting.pk),
        lambda: budgets.send_back_budget(actor, budget_id=waiting.pk, reason="x"),
        lambda: budgets.approve_budget(actor, budget_id=waiting.pk),
        lambda: budgets.propose_change(actor, **city, **facts),
        lambda: budgets.approve_change(actor, change_id=change.pk),
        lambda: budgets.reject_change(actor, change_id=change.pk, reason="x"),
        lambda: budgets.close_budget(actor, **city),
        lambda: reserve(actor, **city, amount_fen=1, purpose="x"),
    ]
    before = as_it_stands()
    for attempt in tries:
        with pytest.raises(DomainError) as refusal:
            attempt()
        assert refusal.value.code in {"not_allowed", "not_found", "giver_must_approve"}
    assert as_it_stands() == before


def test_all_three_levels_are_approved_by_their_givers(money, cast):
    assert [b.checker_id for b in (money.province, money.city, money.factory)] == [
        cast.users[name].pk for name in ("province_finance", "province_finance", "city_finance")
    ]
    assert approved(cast, "district", parent=money.city, yuan=5, by="second_finance").state == "approved"
