"""Periods and statements: what is stated once, by whom, and to the fen."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from uuid import uuid4

import pytest
import time_machine
from django.db import Error as DatabaseError
from django.db import transaction

from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.ledger.engine import Order, transfer_all
from gonghui.settlement import actions
from gonghui.settlement.cycles import bounds_of, periods_between
from gonghui.settlement.models import Period, Statement, StatementLine
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests.stage import SYSTEM, build_shop, on, period, refunded, sold, statement_of

pytestmark = pytest.mark.django_db
NOVEMBER = on(11, 2)


def made(shop, of: Period) -> Statement:
    actions.make_statements(SYSTEM, period_id=of.pk)
    return statement_of(shop, of)


def sent(shop, of: Period) -> Statement:
    row = made(shop, of)
    return actions.send_statement(shop.actor("finance_officer"), statement_id=row.pk)


@pytest.mark.parametrize(
    ("cycle", "day", "bounds"),
    [
        ("monthly", dt.date(2026, 12, 31), (dt.date(2026, 12, 1), dt.date(2027, 1, 1))),
        ("half_monthly", dt.date(2028, 2, 29), (dt.date(2028, 2, 16), dt.date(2028, 3, 1))),
        ("half_monthly", dt.date(2026, 10, 15), (dt.date(2026, 10, 1), dt.date(2026, 10, 16))),
        ("weekly", dt.date(2026, 11, 1), (dt.date(2026, 10, 26), dt.date(2026, 11, 2))),
    ],
)
def test_period_has_its_days(cycle, day, bounds):
    assert bounds_of(cycle, day) == bounds


@pytest.mark.parametrize("cycle", ["monthly", "half_monthly", "weekly"])
def test_periods_leave_no_day_out_and_none_twice(cycle):
    found = list(periods_between(cycle, dt.date(2026, 1, 1), dt.date(2028, 3, 1)))
    assert all(one[1] == two[0] for one, two in pairwise(found))


def test_periods_never_overlap(cast, october):
    with pytest.raises(DatabaseError, match="settlement_periods_do_not_overlap"), transaction.atomic():
        period(cast, dt.date(2026, 10, 31), dt.date(2026, 11, 2))
    period(cast, dt.date(2026, 10, 1), dt.date(2026, 11, 1), cycle="weekly")
    assert Period.objects.unscoped("test").count() == 2


def test_periods_open_by_the_calendar_once(shop):
    assert actions.open_periods(SYSTEM, today=dt.date(2026, 10, 3)) == 1
    assert actions.open_periods(SYSTEM, today=dt.date(2027, 1, 1)) == 3
    assert actions.open_periods(SYSTEM, today=dt.date(2027, 1, 1)) == 0


@time_machine.travel(NOVEMBER, tick=False)
def test_statement_says_who_pays_what(shop, october):
    sold(shop, ("merchant", 300), ("union", 500), ("worker", 1200), at=on(10, 1, 0))
    sold(
        shop,
        ("merchant", 100),
        ("employer", 200),
        ("worker", 700),
        at=on(10, 31, 23, 59),
        method="wechat",
        store=1,
    )
    back = sold(shop, ("union", 100), ("worker", 900), at=on(10, 5), method="wechat")
    refunded(shop, back, at=on(10, 6))
    sold(shop, ("union", 999), ("worker", 1), at=on(11, 1, 0))
    row = made(shop, october)
    assert (row.bill_count, row.refund_count) == (3, 1)
    assert (row.list_fen, row.merchant_fen, row.union_fen, row.employer_fen) == (3000, 400, 500, 200)
    assert (row.cash_fen, row.online_fen, row.returned_fen, row.owed_fen) == (1200, 700, 100, 1400)
    funders = row.funders.values_list("payer", "budget_id", "fen", "returned_fen")
    city = shop.money.city.pk
    assert sorted(funders) == [("employer", city, 200, 0), ("union", city, 600, 100)]
    found = reconcile(row)
    assert (found.is_equal, found.owed_fen, found.moved_fen) == (True, 1400, 1400)
    assert trial() == 0


@time_machine.travel(NOVEMBER, tick=False)
def test_statements_made_twice_add_nothing(shop, october):
    sold(shop, ("union", 500), ("worker", 500), at=on(10, 9))
    assert actions.make_statements(SYSTEM, period_id=october.pk) == 1
    sold(shop, ("union", 70), ("worker", 30), at=on(10, 30))
    before = list(StatementLine.objects.unscoped("test").values())
    assert actions.make_statements(SYSTEM, period_id=october.pk) == 0
    assert list(StatementLine.objects.unscoped("test").values()) == before


@time_machine.travel(on(12, 2), tick=False)
def test_what_is_posted_late_goes_to_the_next_period(cast, shop, october):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    sold(shop, ("union", 500), ("worker", 500), at=on(10, 9))
    made(shop, october)
    late = sold(shop, ("union", 70), ("worker", 30), at=on(10, 30))
    row = made(shop, november)
    assert [line.bill_id for line in row.lines.all()] == [late.pk]
    assert row.owed_fen == 70


@time_machine.travel(on(12, 2), tick=False)
def test_refund_is_stated_in_the_period_it_was_made(cast, shop, october):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    bill = sold(shop, ("merchant", 200), ("union", 500), ("worker", 300), at=on(10, 31))
    refunded(shop, bill, at=on(11, 1, 0))
    assert made(shop, october).owed_fen == 500
    second = made(shop, november)
    assert (second.list_fen, second.owed_fen, second.returned_fen) == (-1000, -500, 500)
    assert reconcile(second).is_equal


def test_period_that_is_not_over_is_not_stated(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    with time_machine.travel(on(10, 31, 23, 59), tick=False), pytest.raises(DomainError) as refused:
        actions.make_statements(SYSTEM, period_id=october.pk)
    assert refused.value.code == "period_not_over"
    assert not Statement.objects.unscoped("test").exists()


@time_machine.travel(on(12, 2), tick=False)
def test_earlier_period_is_stated_first(cast, shop, october):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    with pytest.raises(DomainError) as refused:
        actions.make_statements(SYSTEM, period_id=november.pk)
    assert refused.value.code == "period_earlier_first"


@time_machine.travel(NOVEMBER, tick=False)
def test_shops_of_a_group_are_stated_with_whoever_signed(cast, shop, october):
    from gonghui.partners.tests.stage import new_partner, new_store

    child = new_partner(cast, "好味食堂二分店", parent=shop.partner)
    stores = [new_store(child)]
    branch = type(shop)(cast, shop.money, child, stores, shop.agreement, shop.commitment_id)
    sold(shop, ("union", 500), at=on(10, 9))
    sold(branch, ("union", 300), at=on(10, 10))
    row = made(shop, october)
    assert Statement.objects.unscoped("test").count() == 1
    assert sorted(part.owed_fen for part in row.accounts.all()) == [300, 500]


@time_machine.travel(NOVEMBER, tick=False)
def test_statement_that_differs_from_the_ledger_is_not_sent(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    row = made(shop, october)
    transfer_all([Order(uuid4(), "subsidise", 7, shop.commitment_id, shop.payable.pk, subject="mistake:1")])
    with pytest.raises(DomainError) as refused:
        actions.send_statement(shop.actor("finance_officer"), statement_id=row.pk)
    assert refused.value.code == "statement_differs_from_ledger"
    assert "7 分" in str(refused.value)
    assert statement_of(shop, october).state == "draft"


@time_machine.travel(NOVEMBER, tick=False)
def test_facts_of_a_sent_statement_never_change(shop, october):
    sold(shop, ("union", 500), ("worker", 100), at=on(10, 9))
    row = sent(shop, october)
    line = row.lines.get()
    held = Statement.objects.unscoped("test").filter(pk=row.pk)
    lines = StatementLine.objects.unscoped("test").filter(pk=line.pk)
    attempts = [
        lambda: held.update(owed_fen=1),
        lambda: held.update(carried_fen=-1),
        lambda: lines.update(owed_fen=1, union_fen=1),
        lines.delete,
        held.delete,
        lambda: held.update(state="paid"),
        lambda: row.funders.update(fen=1),
        lambda: row.sendings.update(total_fen=1),
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert held.get().owed_fen == 500


@time_machine.travel(NOVEMBER, tick=False)
def test_bill_is_on_one_statement_ever(cast, shop, october):
    bill = sold(shop, ("union", 500), at=on(10, 9))
    line = made(shop, october).lines.get()
    other = build_shop(cast, shop.money, phone="13800000072", name="顺风车行")
    sold(other, ("union", 500), at=on(11, 1))
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    draft = Statement.objects.create(
        period=november, union=shop.partner.union, partner=other.partner, agreement=other.agreement
    )
    with pytest.raises(DatabaseError, match="bill_id"), transaction.atomic():
        StatementLine.objects.create(
            statement=draft, kind="bill", bill=bill, partner=shop.partner, account_id=line.account_id, at=clock.now(),
            list_fen=500, union_fen=500, owed_fen=500,
        )  # fmt: skip


@time_machine.travel(NOVEMBER, tick=False)
def test_sender_is_not_approver(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    row = sent(shop, october)
    owner = shop.actor("owner of 好味食堂")
    actions.confirm_statement(owner, statement_id=row.pk, total_fen=500)
    for name, code in (("finance_officer", "not_allowed"), ("sister_admin", "not_found")):
        with pytest.raises(DomainError) as refused:
            actions.approve_statement(shop.actor(name), statement_id=row.pk)
        assert refused.value.code == code
    held = Statement.objects.unscoped("test").filter(pk=row.pk)
    with pytest.raises(DatabaseError, match="settlement_maker_is_not_checker"), transaction.atomic():
        held.update(checker=row.maker_id)
    assert actions.approve_statement(shop.actor("city_admin"), statement_id=row.pk).state == "approved"


@time_machine.travel(NOVEMBER, tick=False)
def test_merchant_confirms_the_total_it_read(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    row = sent(shop, october)
    owner = shop.actor("owner of 好味食堂")
    with pytest.raises(DomainError) as refused:
        actions.confirm_statement(owner, statement_id=row.pk, total_fen=499)
    assert refused.value.code == "statement_changed_since"
    with pytest.raises(DomainError) as refused:
        actions.confirm_statement(shop.actor("city_admin"), statement_id=row.pk, total_fen=500)
    assert refused.value.code == "not_found"
    assert actions.confirm_statement(owner, statement_id=row.pk, total_fen=500).state == "confirmed"


def test_silence_is_confirmed_only_where_the_agreement_says_so(cast, shop, october):
    other = build_shop(cast, shop.money, phone="13800000072", name="顺风车行")
    type(other.agreement).objects.unscoped("test").filter(pk=other.agreement.pk).update(silent_days=7)
    for one in (shop, other):
        sold(one, ("union", 500), at=on(10, 9))
    with time_machine.travel(NOVEMBER, tick=False):
        rows = [sent(one, october) if one is shop else None for one in (shop, other)]
        actions.send_statements(shop.actor("finance_officer"), period_id=october.pk)
    with time_machine.travel(on(11, 6), tick=False):
        assert actions.follow_silence(SYSTEM) == 0
    with time_machine.travel(on(11, 9), tick=False):
        assert actions.follow_silence(SYSTEM) == 1
    assert statement_of(shop, october).state == "sent"
    found = statement_of(other, october)
    assert (found.state, found.confirmed_by_id) == ("confirmed", None)
    assert rows[0] is not None
