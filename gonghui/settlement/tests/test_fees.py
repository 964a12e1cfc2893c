"""服务费: a part of what the union hands over, given back with what goes back, the same on lines and in the ledger."""

from __future__ import annotations

import datetime as dt
import io
from uuid import uuid4

import openpyxl
import pytest
import time_machine
from django.db import Error as DatabaseError
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gonghui.funds.accounts import fee_of
from gonghui.funds.tests.stage import balance, trial
from gonghui.ledger.engine import Order, open_account, transfer_all
from gonghui.partners.tests.stage import standing_agreement
from gonghui.settlement import actions
from gonghui.settlement.models import Statement, StatementLine
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.sheets import statement_sheet
from gonghui.settlement.tests.stage import SYSTEM, build_shop, on, period, refunded, sold, statement_of
from gonghui.settlement.tests.test_disputes import refused

pytestmark = pytest.mark.django_db
NOVEMBER = on(11, 2)


@pytest.fixture
def shop(cast):
    """0.6 %, which is of no round sum a whole fen."""
    return build_shop(cast, fee_bp=60)


def fees(shop) -> int:
    return balance(open_account(fee_of(shop.partner.union_id)).pk)


def made(shop, of) -> Statement:
    actions.make_statements(SYSTEM, period_id=of.pk)
    return statement_of(shop, of)


@time_machine.travel(NOVEMBER, tick=False)
def test_fee_is_a_part_of_what_is_handed_over_rounded_down(client, cast, shop, october):
    sold(shop, ("merchant", 300), ("union", 1999), ("worker", 12_00), at=on(10, 9))
    sold(shop, ("union", 500), ("worker", 1166), at=on(10, 10), method="wechat", store=1)
    row = made(shop, october)
    assert [line.fee_fen for line in row.lines.order_by("id")] == [
        11,
        9,
    ]  # of 19.99 and of 16.66; cash is the merchant's own
    assert (row.fee_fen, row.owed_fen) == (20, 1999 + 1666 - 20)
    assert (balance(shop.payable.pk), fees(shop), trial()) == (3645, 20, 0)
    found = reconcile(row)
    assert (found.is_equal, found.moved_fen) == (True, 3645)
    actions.send_statement(shop.actor("finance_officer"), statement_id=row.pk)
    page = cast.sign_in(client, "owner of 好味食堂").get(f"/merchant/statements/{row.pk}").content.decode()
    assert "-0.20" in page and "不足一分的不收" in page
    answer = statement_sheet(shop.actor("finance_officer"), row)
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    titles = [cell.value for cell in sheet[1]]
    assert [cell.value for cell in sheet[4]][titles.index("服务费（元）")] == 0.2


@time_machine.travel(NOVEMBER, tick=False)
def test_payout_is_what_is_left_after_the_fee(shop, october):
    sold(shop, ("union", 10_000), at=on(10, 9))
    row = made(shop, october)
    actions.send_statement(shop.actor("finance_officer"), statement_id=row.pk)
    owner = shop.actor("owner of 好味食堂")
    refused(
        "statement_changed_since", actions.confirm_statement, owner, statement_id=row.pk, total_fen=10_000
    )
    actions.confirm_statement(owner, statement_id=row.pk, total_fen=9_940)
    actions.approve_statement(shop.actor("city_admin"), statement_id=row.pk)
    batch = actions.make_payout_batch(shop.actor("finance_officer"), union_id=shop.partner.union_id)
    actions.approve_batch(shop.actor("city_admin"), batch_id=batch.pk)
    payout = batch.payouts.get()
    actions.record_payout(
        shop.actor("finance_officer"), payout_id=payout.pk, result="paid", bank_number="NX1"
    )
    assert (payout.amount_fen, balance(shop.payable.pk), fees(shop), trial()) == (9_940, 0, 60, 0)


def test_rate_of_the_day_of_the_bill_holds_for_its_refunds_too(cast, shop, october):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    type(shop.agreement).objects.unscoped("test").filter(pk=shop.agreement.pk).update(
        state="renewed", ends_on=dt.date(2026, 10, 19), ended_at=on(10, 20)
    )
    standing_agreement(
        shop.partner, starts_on=dt.date(2026, 10, 20), fee_bp=500, signed_at=on(10, 1), payout_account="x"
    )
    early = sold(shop, ("union", 10_000), at=on(10, 19, 23, 59))
    sold(shop, ("union", 10_000), at=on(10, 20, 0))
    with time_machine.travel(NOVEMBER, tick=False):
        row = made(shop, october)
        assert list(row.lines.order_by("at").values_list("fee_bp", "fee_fen")) == [(60, 60), (500, 500)]
        refunded(shop, early, at=on(11, 1, 9), share=(1, 2))
    with time_machine.travel(on(12, 2), tick=False):
        back = made(shop, november)
        line = back.lines.get()
        assert (line.fee_bp, line.fee_fen, line.owed_fen) == (60, -30, -4_970)
        assert (reconcile(back).is_equal, fees(shop), trial()) == (True, 530, 0)


def test_fee_of_a_refunded_bill_is_nothing_for_any_partition(cast, october):
    shop = build_shop(cast, fee_bp=60)
    days = st.integers(0, 2)

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(
        fee_bp=st.integers(1, 10_000),
        bills=st.lists(
            st.tuples(st.integers(1, 3_000), st.lists(st.tuples(st.integers(1, 900), days), max_size=6)),
            min_size=1,
            max_size=4,
        ),
    )
    def check(fee_bp, bills):
        with transaction.atomic():
            check_partition(cast, shop, fee_bp, bills)
            transaction.set_rollback(True)

    check()


def check_partition(cast, shop, fee_bp: int, bills) -> None:
    """Each bill goes back whole, in parts of any size, stated in three periods in any order."""
    shop.agreement.fee_bp = fee_bp
    shop.agreement.save()
    months = [
        period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1)),
        period(cast, dt.date(2026, 12, 1), dt.date(2027, 1, 1)),
    ]
    months.insert(0, type(months[0]).objects.unscoped("test").get(starts_on=dt.date(2026, 10, 1)))
    for total, parts in bills:
        bill, left = sold(shop, ("union", total), at=on(10, 2)), total
        for fen, month in [*parts, (total, 2)]:
            fen = min(fen, left)
            left -= fen
            if fen:
                refunded(shop, bill, at=on(10 + month, 9), share=(fen, total))
    with time_machine.travel(dt.datetime(2027, 1, 2, tzinfo=dt.UTC), tick=False):
        rows = [made(shop, of) for of in months if _has_something(shop, of)]
    assert sum(row.fee_fen for row in rows) == sum(row.owed_fen for row in rows) == 0
    assert all(reconcile(row).is_equal for row in rows)
    assert (balance(shop.payable.pk), fees(shop), trial()) == (0, 0, 0)


def _has_something(shop, of) -> bool:
    actions.make_statements(SYSTEM, period_id=of.pk)
    return Statement.objects.unscoped("test").filter(period=of, partner=shop.partner).exists()


@time_machine.travel(NOVEMBER, tick=False)
def test_another_fee_than_the_rate_says_is_refused_by_the_database(cast, shop, october):
    bill = sold(shop, ("union", 10_000), at=on(10, 9))
    refund = refunded(shop, sold(shop, ("union", 10_000), at=on(10, 3)), at=on(10, 9), share=(1, 2))
    other = build_shop(cast, shop.money, phone="13800000072", name="顺风车行")
    draft = Statement.objects.create(
        period=october, union=shop.partner.union, partner=other.partner, agreement=other.agreement
    )
    facts = {"statement": draft, "partner": shop.partner, "account_id": shop.payable.pk, "at": on(10, 9)}
    charged = {"kind": "bill", "list_fen": 10_000, "union_fen": 10_000, "fee_bp": 60}
    for fee in (59, 61):
        with pytest.raises(DatabaseError, match="settlement_line_fee"), transaction.atomic():
            StatementLine.objects.create(**facts, **charged, bill=bill, fee_fen=fee, owed_fen=10_000 - fee)
    back = {"kind": "refund", "list_fen": -5_000, "union_fen": -5_000, "fee_bp": 60, "refund": refund}
    with pytest.raises(DatabaseError, match="fee of what is left"), transaction.atomic():
        StatementLine.objects.create(**facts, **back, fee_fen=-30, owed_fen=-4_970)  # before its bill
    StatementLine.objects.create(**facts, **charged, bill=refund.bill, fee_fen=60, owed_fen=9_940)
    with pytest.raises(DatabaseError, match="fee of what is left"), transaction.atomic():
        StatementLine.objects.create(**facts, **back, fee_fen=-29, owed_fen=-4_971)
    with pytest.raises(DatabaseError, match="fee in the ledger"), transaction.atomic():
        Statement.objects.unscoped("test").filter(pk=draft.pk).update(state="sent", sent_at=NOVEMBER)
    assert StatementLine.objects.unscoped("test").count() == 1


@time_machine.travel(NOVEMBER, tick=False)
def test_fee_that_was_posted_otherwise_is_not_sent(shop, october):
    sold(shop, ("union", 10_000), at=on(10, 9))
    row = made(shop, october)
    bank = open_account(fee_of(shop.partner.union_id)).pk
    transfer_all([Order(uuid4(), "take_fee", 5, shop.payable.pk, bank, subject=f"statement:{row.pk}")])
    error = refused(
        "statement_differs_from_ledger",
        actions.send_statement,
        shop.actor("finance_officer"),
        statement_id=row.pk,
    )
    assert "5 分（服务费）" in error.message
    assert statement_of(shop, october).state == "draft"
