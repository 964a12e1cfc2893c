"""A line is disputed, answered, put right by a transfer; never by an edit."""

from __future__ import annotations

from uuid import uuid4

import pytest
import time_machine
from django.db import Error as DatabaseError
from django.db import transaction
from django.urls import reverse

from gonghui.funds.actions import budgets
from gonghui.funds.models import Decision, QuorumRule
from gonghui.funds.tasks import take_due_effects
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit.errors import DomainError
from gonghui.settlement import actions
from gonghui.settlement.models import Adjustment, Dispute, Statement, StatementLine
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests.stage import SYSTEM, build_shop, on, sold, statement_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


@pytest.fixture
def november():
    with time_machine.travel(on(11, 2), tick=False):
        yield


@pytest.fixture
def disputed(shop, october) -> Statement:
    """Two lines were sent, the first is disputed."""
    sold(shop, ("union", 500), ("worker", 100), at=on(10, 9))
    sold(shop, ("union", 300), ("worker", 100), at=on(10, 10))
    actions.make_statements(SYSTEM, period_id=october.pk)
    row = actions.send_statement(shop.actor("finance_officer"), statement_id=statement_of(shop, october).pk)
    line = row.lines.order_by("id")[0]
    actions.dispute_line(shop.actor("owner of 好味食堂"), line_id=line.pk, reason="少补了一元")
    return statement_of(shop, october)


def refused(code: str, act, *args, **facts) -> DomainError:
    with pytest.raises(DomainError) as found:
        act(*args, **facts)
    assert found.value.code == code
    return found.value


def test_disputed_statement_waits_for_its_answer(shop, disputed):
    finance = shop.actor("finance_officer")
    assert disputed.state == "disputed"
    refused("statement_open_disputes", actions.send_statement, finance, statement_id=disputed.pk)
    owner = shop.actor("owner of 好味食堂")
    refused("statement_not_asked", actions.confirm_statement, owner, statement_id=disputed.pk, total_fen=800)
    dispute = Dispute.objects.unscoped("test").get()
    refused("bad_input", actions.answer_dispute, finance, dispute_id=dispute.pk, answer=" ")
    actions.answer_dispute(finance, dispute_id=dispute.pk, answer="按协议每单补 5 元，没有少。")
    again = actions.send_statement(finance, statement_id=disputed.pk)
    assert (again.state, again.round, again.owed_fen) == ("sent", 2, 800)
    assert len(set(again.sendings.values_list("sha256", flat=True))) == 1
    refused("dispute_answered", actions.answer_dispute, finance, dispute_id=dispute.pk, answer="又")


def test_line_is_disputed_once_at_a_time_and_by_the_merchant_only(cast, shop, disputed):
    lines = list(disputed.lines.order_by("id"))
    owner = shop.actor("owner of 好味食堂")
    refused("line_disputed_already", actions.dispute_line, owner, line_id=lines[0].pk, reason="再说一次")
    other = build_shop(cast, shop.money, phone="13800000072", name="顺风车行")
    refused(
        "not_found", actions.dispute_line, other.actor("owner of 顺风车行"), line_id=lines[1].pk, reason="x"
    )
    refused("not_found", actions.dispute_line, shop.actor("city_admin"), line_id=lines[1].pk, reason="x")
    assert actions.dispute_line(owner, line_id=lines[1].pk, reason="这笔也不对").state == "open"
    assert statement_of(shop, disputed.period).state == "disputed"


def proposed(shop, disputed, amount_fen=100, *, key=None, **facts) -> Adjustment:
    known = {
        "budget_id": shop.money.city.pk,
        "reason": "少补一元",
        "line_id": disputed.lines.order_by("id")[0].pk,
    }
    amends = actions.Amends(amount_fen=amount_fen, **(known | facts))
    return actions.propose_adjustment(
        shop.actor("finance_officer"), statement_id=disputed.pk, key=key or uuid4(), amends=amends
    )


def test_adjustment_sent_twice_is_one(client, shop, disputed):
    """The same key is the same proposal, by the action and by the page; with other facts it is refused and nothing is made."""
    key, rows = uuid4(), Adjustment.objects.unscoped("test")
    assert proposed(shop, disputed, key=key) == proposed(shop, disputed, key=key)
    refused("adjustment_key_taken", proposed, shop, disputed, 200, key=key)
    assert rows.count() == 1
    shop.cast.sign_in(client, "finance_officer")
    address = reverse("admin:settlement_statement_adjust", args=[disputed.pk])
    given = client.get(address).context["form"].initial["key"]
    posted = {"key": given, "amount_fen": "3", "budget_id": shop.money.city.pk, "reason": "补三元"}
    assert [client.post(address, posted).status_code for _n in range(2)] == [302, 302]
    assert sorted(rows.values_list("amount_fen", flat=True)) == [100, 300]


def test_adjustment_is_a_transfer_and_a_line_by_two_people(shop, disputed):
    budget, payable = balance(shop.money.city.account_id), balance(shop.payable.pk)
    made = proposed(shop, disputed)
    refused("not_allowed", actions.approve_adjustment, shop.actor("finance_officer"), adjustment_id=made.pk)
    assert balance(shop.payable.pk) == payable
    actions.approve_adjustment(shop.actor("city_admin"), adjustment_id=made.pk)
    assert balance(shop.payable.pk) - payable == budget - balance(shop.money.city.account_id) == 100
    row = statement_of(shop, disputed.period)
    assert (row.adjusted_fen, row.owed_fen, row.lines.count()) == (100, 900, 3)
    assert (reconcile(row).is_equal, trial()) == (True, 0)
    dispute = Dispute.objects.unscoped("test").get()
    finance = shop.actor("finance_officer")
    actions.answer_dispute(finance, dispute_id=dispute.pk, answer="已补一元。", outcome="adjusted")
    again = actions.send_statement(finance, statement_id=row.pk)
    assert list(again.sendings.order_by("round").values_list("total_fen", flat=True)) == [800, 900]


def test_adjustment_waits_for_its_second_hand_and_its_sum_is_not_published(client, shop, disputed):
    QuorumRule.objects.create(union=shop.partner.union, matter="adjust", hands=2)
    made, payable = proposed(shop, disputed), balance(shop.payable.pk)
    assert actions.approve_adjustment(shop.actor("city_admin"), adjustment_id=made.pk).state == "proposed"
    assert (balance(shop.payable.pk), disputed.lines.count()) == (payable, 2)
    page = shop.cast.sign_in(client, "city_checker").get(reverse("admin:statement", args=[disputed.pk]))
    assert "要 2 位同意，还差 1 位。" in page.content.decode()
    assert actions.approve_adjustment(shop.actor("city_checker"), adjustment_id=made.pk).state == "approved"
    assert (balance(shop.payable.pk) - payable, disputed.lines.count()) == (100, 3)
    one = Decision.objects.unscoped("test").get(matter="adjust")
    assert (one.state, one.words, one.is_sum_public, one.given) == ("effective", "结算调整", False, 2)


def test_adjustment_cools_off_and_moves_its_money_then(shop, disputed):
    QuorumRule.objects.create(union=shop.partner.union, matter="adjust", hands=1, cooling_h=24)
    made, payable = proposed(shop, disputed), balance(shop.payable.pk)
    actions.approve_adjustment(shop.actor("city_admin"), adjustment_id=made.pk)
    assert balance(shop.payable.pk) == payable
    with time_machine.travel(on(11, 4), tick=False):
        take_due_effects(0)
    assert (balance(shop.payable.pk) - payable, Adjustment.objects.unscoped("test").get().state) == (
        100,
        "approved",
    )


def test_deduction_goes_back_to_its_budget(shop, disputed):
    before = balance(shop.money.city.account_id)
    made = proposed(shop, disputed, amount_fen=-200)
    actions.approve_adjustment(shop.actor("city_admin"), adjustment_id=made.pk)
    assert balance(shop.money.city.account_id) - before == 200
    assert statement_of(shop, disputed.period).owed_fen == 600


def test_adjustment_beyond_the_budget_moves_nothing(shop, disputed):
    made = proposed(shop, disputed, amount_fen=100_000_000)
    error = refused(
        "budget_short", actions.approve_adjustment, shop.actor("city_admin"), adjustment_id=made.pk
    )
    assert "元" in error.message
    made.refresh_from_db()
    assert (made.state, statement_of(shop, disputed.period).owed_fen) == ("proposed", 800)


def test_adjustment_of_another_unions_budget_is_refused(shop, disputed):
    refused("adjustment_budget_elsewhere", proposed, shop, disputed, budget_id=shop.money.province.pk)
    assert not Adjustment.objects.unscoped("test").exists()


def test_maker_of_an_adjustment_is_not_its_checker(shop, disputed):
    made = proposed(shop, disputed)
    with (
        pytest.raises(DatabaseError, match="settlement_adjustment_maker_is_not_checker"),
        transaction.atomic(),
    ):
        Adjustment.objects.unscoped("test").filter(pk=made.pk).update(state="approved", checker=made.maker_id)
    actions.reject_adjustment(shop.actor("city_admin"), adjustment_id=made.pk)
    with pytest.raises(DatabaseError, match="from rejected to approved"), transaction.atomic():
        Adjustment.objects.unscoped("test").filter(pk=made.pk).update(state="approved")


def test_line_of_an_adjustment_nobody_approved_is_refused(shop, disputed):
    made = proposed(shop, disputed)
    with pytest.raises(DatabaseError, match="settlement_line_is_one_thing"), transaction.atomic():
        StatementLine.objects.create(
            statement=disputed, kind="adjustment", adjustment=made, partner=shop.partner, account=shop.payable, at=on(11, 2),
            adjusted_fen=100, owed_fen=100,
        )  # fmt: skip


def test_disputed_statement_takes_no_further_bills(shop, disputed):
    bill = sold(shop, ("union", 500), at=on(10, 11))
    with pytest.raises(DatabaseError, match="settlement_statement_facts"), transaction.atomic():
        StatementLine.objects.create(
            statement=disputed, kind="bill", bill=bill, partner=shop.partner, account=shop.payable, at=on(10, 11),
            list_fen=500, union_fen=500, owed_fen=500,
        )  # fmt: skip


def test_deduction_reaches_the_budget_above_a_closed_one(cast, shop, disputed):
    closed = shop.money.factory
    budgets.close_budget(cast.actor("city_finance"), budget_id=closed.pk)
    before = balance(shop.money.city.account_id)
    made = proposed(shop, disputed, amount_fen=-50, budget_id=closed.pk)
    actions.approve_adjustment(shop.actor("city_admin"), adjustment_id=made.pk)
    assert balance(shop.money.city.account_id) - before == 50
    assert trial() == 0
