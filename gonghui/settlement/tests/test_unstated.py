"""未出账: whatever stands on no statement yet is stated, however late, and making looks at nothing else."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import time_machine
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from gonghui.kit import clock
from gonghui.settlement import actions
from gonghui.settlement.making import covered_by
from gonghui.settlement.models import StatementLine, Unstated
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests.stage import SYSTEM, on, period, refunded, sold, statement_of

pytestmark = pytest.mark.django_db
NOVEMBER = on(11, 2)
LONG_AGO = dt.datetime(2023, 1, 5, 12, tzinfo=clock.CHINA)


def waiting() -> list[tuple[int | None, int | None]]:
    return list(Unstated.objects.unscoped("test").order_by("id").values_list("bill_id", "refund_id"))


@time_machine.travel(NOVEMBER, tick=False)
def test_bill_and_refund_of_years_ago_are_stated_however_late(shop, october):
    old = sold(shop, ("union", 500), ("worker", 100), at=LONG_AGO)
    back = refunded(shop, old, at=LONG_AGO + dt.timedelta(days=1), share=(1, 2))
    actions.make_statements(SYSTEM, period_id=october.pk)
    row = statement_of(shop, october)
    assert [(line.bill_id, line.refund_id) for line in row.lines.order_by("id")] == [
        (old.pk, None),
        (None, back.pk),
    ]
    assert (row.owed_fen, reconcile(row).is_equal, waiting()) == (250, True, [])


@time_machine.travel(NOVEMBER, tick=False)
def test_what_waits_is_what_stands_on_no_statement(shop, october):
    bill = sold(shop, ("union", 500), at=on(10, 9))
    later = sold(shop, ("union", 70), at=on(11, 1, 0))
    back = refunded(shop, bill, at=on(10, 10))
    assert waiting() == [(bill.pk, None), (later.pk, None), (None, back.pk)]
    actions.make_statements(SYSTEM, period_id=october.pk)
    assert waiting() == [(later.pk, None)]


@time_machine.travel(NOVEMBER, tick=False)
def test_refund_is_stated_after_its_bill_whatever_its_clock_said(cast, shop, october):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    bill = sold(shop, ("union", 500), at=on(11, 1, 0))
    back = refunded(shop, bill, at=on(10, 31, 23, 59))
    assert actions.make_statements(SYSTEM, period_id=october.pk) == 0
    with time_machine.travel(on(12, 2), tick=False):
        actions.make_statements(SYSTEM, period_id=november.pk)
    row = statement_of(shop, november)
    assert {(line.bill_id, line.refund_id) for line in row.lines.all()} == {(bill.pk, None), (None, back.pk)}


@time_machine.travel(NOVEMBER, tick=False)
def test_what_waits_follows_the_books_only(shop, october):
    bill = sold(shop, ("union", 500), at=on(10, 9))
    held = Unstated.objects.unscoped("test")
    for attempt in (
        held.all().delete,
        lambda: held.update(at=on(12, 1)),
        lambda: Unstated.objects.create(bill_id=bill.pk + 1, partner=shop.partner, at=on(10, 9)),
    ):
        with pytest.raises(DatabaseError, match="what is due follows"), transaction.atomic():
            attempt()
    assert waiting() == [(bill.pk, None)]


@time_machine.travel(NOVEMBER, tick=False)
def test_making_reads_no_more_with_a_long_past(cast, shop, october):
    """Years that are stated stay out of it: what is due is asked of the list of what waits, never of all bills."""
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    for day in range(1, 29):
        sold(shop, ("union", 100 + day), at=on(10, day))
    actions.make_statements(SYSTEM, period_id=october.pk)
    sold(shop, ("union", 70), at=on(11, 1))
    with CaptureQueriesContext(connection) as found:
        assert [one.partner_ids for one in covered_by(november)] == [[shop.partner.pk]]
    asked = next(q["sql"] for q in found.captured_queries if "busy" in q["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}")
        plan = cursor.fetchone()[0]
    text = json.dumps(plan)
    assert "settlement_unstated" in text
    assert not {"bills_bill", "bills_billrefund", "settlement_statementline"} & set(
        tables_of(plan[0]["Plan"])
    )
    assert Unstated.objects.unscoped("test").count() == 1
    assert StatementLine.objects.unscoped("test").count() == 28


def tables_of(node: dict) -> list[str]:
    below = [name for part in node.get("Plans", []) for name in tables_of(part)]
    return [*below, node["Relation Name"]] if "Relation Name" in node else below
