"""Statements from several sides at once, and a worker killed in the middle."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from django.db import connection, transaction

from gonghui.benefits.tests.servers import environment
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit import clock
from gonghui.kit.tests.racing import WAITING, WRITING, at_once, wait_for
from gonghui.settlement import actions
from gonghui.settlement.actions.periods import make_statement
from gonghui.settlement.making import covered_by
from gonghui.settlement.models import Payout, PayoutBatch, Statement, StatementLine
from gonghui.settlement.tests.stage import SYSTEM, build_shop, period, sold, statement_of

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = (dt.date(2024, 10, 1), dt.date(2024, 11, 1))


def at(day: int) -> dt.datetime:
    return dt.datetime(2024, 10, day, 12, tzinfo=clock.CHINA)


@pytest.fixture
def october(cast):
    return period(cast, *DAYS)


@pytest.fixture
def shops(cast, shop):
    other = build_shop(cast, shop.money, phone="13800000072", name="顺风车行")
    for one in (shop, other):
        for day in range(1, 11):
            sold(one, ("union", 100 + day), ("worker", 900), at=at(day))
    return [shop, other]


def test_statements_made_from_four_sides_count_every_bill_once(shops, october):
    said = at_once(*[lambda: actions.make_statements(SYSTEM, period_id=october.pk)] * 4)
    assert sum(said) == 2
    lines = StatementLine.objects.unscoped("test")
    assert lines.count() == lines.values("bill").distinct().count() == 20
    assert [statement_of(one, october).owed_fen for one in shops] == [1055, 1055]


@pytest.mark.faults
def test_making_killed_in_the_middle_goes_on(shops, october):
    script = (
        "import django; django.setup()\n"
        "from gonghui.settlement import actions\n"
        "from gonghui.kit.actors import Actor\n"
        f"actions.make_statements(Actor.system('test'), period_id={october.pk})\n"
    )
    first, _second = covered_by(october)
    make_statement(SYSTEM, period_id=october.pk, covered=first)
    with transaction.atomic(), connection.cursor() as cursor:
        # The second merchant's lines are written; its funders wait for this table until the worker is dead.
        cursor.execute("LOCK TABLE settlement_statementfunder IN SHARE MODE")
        worker = subprocess.Popen([sys.executable, "-c", script], env=environment())
        try:
            wait_for(WAITING, 1)
        finally:
            worker.kill()
            worker.wait()
    wait_for(WRITING, 0)
    made = Statement.objects.unscoped("test")
    assert list(made.values_list("partner", "bill_count")) == [(shops[0].partner.pk, 10)]
    assert actions.make_statements(SYSTEM, period_id=october.pk) == 1
    assert list(made.order_by("id").values_list("owed_fen", flat=True)) == [1055, 1055]
    assert StatementLine.objects.unscoped("test").count() == 20


def approved(shop, october, name: str) -> Statement:
    row = actions.send_statement(shop.actor("finance_officer"), statement_id=statement_of(shop, october).pk)
    actions.confirm_statement(shop.actor(f"owner of {name}"), statement_id=row.pk, total_fen=row.total_fen)
    return actions.approve_statement(shop.actor("city_admin"), statement_id=row.pk)


def test_batches_and_results_from_two_sides_pay_once(shops, october):
    actions.make_statements(SYSTEM, period_id=october.pk)
    for one, name in zip(shops, ("好味食堂", "顺风车行"), strict=True):
        approved(one, october, name)
    shop, finance = shops[0], shops[0].actor("finance_officer")
    at_once(*[lambda: actions.make_payout_batch(finance, union_id=shop.partner.union_id)] * 3)
    batch = PayoutBatch.objects.unscoped("test").get()
    assert batch.count == 2
    actions.approve_batch(shop.actor("city_admin"), batch_id=batch.pk)
    payout = Payout.objects.unscoped("test").get(statement__partner=shop.partner)
    facts = {"payout_id": payout.pk, "result": "paid", "bank_number": "NX1"}
    at_once(*[lambda: actions.record_payout(finance, **facts)] * 4)
    assert (balance(shop.payable.pk), trial()) == (0, 0)
