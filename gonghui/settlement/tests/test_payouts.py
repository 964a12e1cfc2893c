"""Payouts and closing: what is paid, what bounces, and when the books of a period are shut."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import openpyxl
import pytest
import time_machine
from django.db import Error as DatabaseError
from django.db import transaction
from django.urls import reverse

from gonghui.bills.origins import ways_of
from gonghui.funds.actions.decisions import object_to_decision
from gonghui.funds.models import Decision, QuorumRule
from gonghui.funds.tasks import take_due_effects
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit.models import AuditEntry
from gonghui.notices.models import Message
from gonghui.partners.models import MerchantRole
from gonghui.settlement import actions
from gonghui.settlement.bank_file import PayoutRow, bank_file
from gonghui.settlement.models import Payout, PayoutBatch, Statement
from gonghui.settlement.queries import arrival_of
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests.stage import (
    SYSTEM,
    build_shop,
    on,
    period,
    refunded,
    sold,
    statement_of,
)
from gonghui.settlement.tests.test_disputes import refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("november")]


@pytest.fixture
def november():
    with time_machine.travel(on(11, 2), tick=False):
        yield


def approved(shop, of, name: str = "好味食堂") -> Statement:
    actions.make_statements(SYSTEM, period_id=of.pk)
    row = actions.send_statement(shop.actor("finance_officer"), statement_id=statement_of(shop, of).pk)
    owner = shop.actor(f"owner of {name}")
    actions.confirm_statement(owner, statement_id=row.pk, total_fen=row.total_fen)
    return actions.approve_statement(shop.actor("city_admin"), statement_id=row.pk)


def batched(shop) -> PayoutBatch:
    batch = actions.make_payout_batch(shop.actor("finance_officer"), union_id=shop.partner.union_id)
    return actions.approve_batch(shop.actor("city_admin"), batch_id=batch.pk)


def paid(shop, payout: Payout) -> Payout:
    facts = {"payout_id": payout.pk, "result": "paid", "bank_number": "NX20261103001"}
    return actions.record_payout(shop.actor("finance_officer"), **facts)


def test_what_is_owed_is_paid_once(shop, october):
    sold(shop, ("union", 500), ("worker", 100), at=on(10, 9), method="wechat")
    row = approved(shop, october)
    payout = batched(shop).payouts.get()
    refused(
        "batch_nothing_to_pay",
        actions.make_payout_batch,
        shop.actor("finance_officer"),
        union_id=row.union_id,
    )
    assert balance(shop.payable.pk) == 600
    paid(shop, payout)
    assert (balance(shop.payable.pk), statement_of(shop, october).state, trial()) == (0, "paid", 0)
    refused("illegal_move", paid, shop, payout)
    assert PayoutBatch.objects.unscoped("test").get().state == "done"


def test_way_of_a_bills_money_ends_where_the_merchant_was_paid(shop, october):
    bill = sold(shop, ("union", 500), ("worker", 100), at=on(10, 9))

    def onward():
        return {way.payer: [(step.kind, step.name) for step in way.onward] for way in ways_of(bill)}

    assert onward() == {
        "union": [("payable", "已记到商户账上，等下次结算")],
        "worker": [("counter", "在柜台当面付给商户")],
    }
    row = approved(shop, october)
    assert onward()["union"] == [("statement", f"商户结算单 {row.number}"), ("waiting", "已批准")]
    paid(shop, batched(shop).payouts.get())
    assert onward()["union"][1] == ("paid", "11月2日 周一已付给商户")


def test_maker_of_a_batch_is_not_its_checker(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    approved(shop, october)
    batch = actions.make_payout_batch(shop.actor("finance_officer"), union_id=shop.partner.union_id)
    refused("not_allowed", actions.approve_batch, shop.actor("finance_officer"), batch_id=batch.pk)
    refused("batch_not_approved", actions.download_batch, shop.actor("finance_officer"), batch_id=batch.pk)
    held = PayoutBatch.objects.unscoped("test").filter(pk=batch.pk)
    with pytest.raises(DatabaseError, match="settlement_batch_maker_is_not_checker"), transaction.atomic():
        held.update(state="approved", checker=batch.maker_id, approved_at=on(11, 2))
    actions.cancel_batch(shop.actor("finance_officer"), batch_id=batch.pk)
    assert batched(shop).count == 1


def test_batch_cools_off_before_its_file_may_be_taken(shop, october):
    QuorumRule.objects.create(union=shop.partner.union, matter="payout", hands=1, cooling_h=24)
    sold(shop, ("union", 500), at=on(10, 9))
    approved(shop, october)
    maker, checker = shop.actor("finance_officer"), shop.actor("city_admin")
    batch = batched(shop)
    decision = Decision.objects.unscoped("test").get(matter="payout")
    assert (batch.state, decision.words, decision.is_sum_public) == ("made", "付款给商户", False)
    refused("batch_not_approved", actions.download_batch, maker, batch_id=batch.pk)
    object_to_decision(checker, decision_id=decision.pk, reason="账户要核对")
    batch = actions.approve_batch(checker, batch_id=batch.pk)  # anew
    assert batch.state == "made"
    with time_machine.travel(on(11, 4), tick=False):
        take_due_effects(0)
        take_due_effects(0)
        batch = PayoutBatch.objects.unscoped("test").get()
        assert (batch.state, batch.payouts.get().state) == ("approved", "sent")
        assert batch.checker_id == shop.cast.users["city_admin"].pk
        actions.download_batch(maker, batch_id=batch.pk)
    found = Decision.objects.unscoped("test").filter(matter="payout").order_by("pk")
    assert list(found.values_list("state", flat=True)) == ["back", "effective"]


def test_whoever_has_a_hand_in_the_merchant_approves_neither_statement_nor_payout(shop, october):
    sold(shop, ("union", 500), ("worker", 100), at=on(10, 9))
    row = approved(shop, october)
    batch = actions.make_payout_batch(shop.actor("finance_officer"), union_id=shop.partner.union_id)
    MerchantRole.objects.create(
        user=shop.cast.users["city_admin"], partner=shop.partner, role="manager", store=shop.stores[0]
    )
    refused("own_merchant", actions.approve_batch, shop.actor("city_admin"), batch_id=batch.pk)
    refused("own_merchant", actions.approve_statement, shop.actor("city_admin"), statement_id=row.pk)
    assert PayoutBatch.objects.unscoped("test").get().checker_id is None
    assert actions.approve_batch(shop.actor("city_checker"), batch_id=batch.pk).checker_id


def test_bank_file_is_what_was_hashed_and_each_download_is_recorded(shop, october):
    sold(shop, ("union", 123_45), at=on(10, 9))
    row = approved(shop, october)
    batch = batched(shop)
    _batch, content = actions.download_batch(shop.actor("finance_officer"), batch_id=batch.pk)
    assert hashlib.sha256(content).hexdigest() == batch.sha256
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    payout = batch.payouts.get()
    assert [cell.value for cell in sheet[2]] == [
        1, payout.number, "好味食堂有限公司", "东江农商行江口支行", "6228480402564890018", 123.45, f"工会普惠结算 {row.number}",
    ]  # fmt: skip
    entry = AuditEntry.objects.unscoped("test").get(op="EXPORT")
    assert (entry.actor_id, entry.after["asked"]["sha256"]) == (
        shop.cast.users["finance_officer"].pk,
        batch.sha256,
    )
    assert "6228480402564890018" not in str(
        AuditEntry.objects.unscoped("test").values_list("after", flat=True)
    )


def test_bank_file_runs_no_formula_and_has_one_hash():
    rows = [PayoutRow("FK1", '=HYPERLINK("http://x")', "+银行", "@1234", 1, "-1+1")]
    assert bank_file(rows) == bank_file(rows)
    sheet = openpyxl.load_workbook(io.BytesIO(bank_file(rows))).active
    assert [cell.data_type for cell in sheet[2]][1:5] == ["s"] * 4


def test_bounced_payout_is_paid_again(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    approved(shop, october)
    first = batched(shop).payouts.get()
    finance = shop.actor("finance_officer")
    refused("payout_bounce_reason", actions.record_payout, finance, payout_id=first.pk, result="bounced")
    actions.record_payout(finance, payout_id=first.pk, result="bounced", note="户名与账号不符")
    assert (balance(shop.payable.pk), statement_of(shop, october).state) == (500, "approved")
    second = batched(shop).payouts.get()
    paid(shop, second)
    assert (balance(shop.payable.pk), statement_of(shop, october).state) == (0, "paid")


def test_money_that_comes_back_later_is_owed_again(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    approved(shop, october)
    payout = batched(shop).payouts.get()
    paid(shop, payout)
    actions.record_payout(
        shop.actor("finance_officer"), payout_id=payout.pk, result="bounced", note="次日退汇"
    )
    assert (balance(shop.payable.pk), statement_of(shop, october).state, trial()) == (500, "approved", 0)
    paid(shop, batched(shop).payouts.get())
    assert balance(shop.payable.pk) == 0


def test_payout_that_is_not_the_statement_is_refused(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    row = approved(shop, october)
    batch = batched(shop)
    facts = {"batch": batch, "statement": row, "account": "x", "account_shown": "x"}
    for amount, what in ((499, "settlement_payout_of_approved"), (500, "settlement_statement_paid_once")):
        with pytest.raises(DatabaseError, match=what), transaction.atomic():
            Payout.objects.create(key="00000000-0000-4000-8000-000000000001", amount_fen=amount, **facts)


def test_merchant_without_an_account_keeps_the_batch_waiting(shop, october):
    sold(shop, ("union", 500), at=on(10, 9))
    approved(shop, october)
    type(shop.agreement).objects.unscoped("test").update(payout_account=None)
    error = refused(
        "batch_no_account",
        actions.make_payout_batch,
        shop.actor("finance_officer"),
        union_id=shop.partner.union_id,
    )
    assert "好味食堂" in error.message
    assert not PayoutBatch.objects.unscoped("test").exists()


def test_debt_of_a_merchant_is_carried_to_its_next_statement_once(cast, shop, october):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    december = period(cast, dt.date(2026, 12, 1), dt.date(2027, 1, 1))
    bill = sold(shop, ("union", 500), at=on(9, 9))
    with time_machine.travel(on(11, 1), tick=False):
        early = period(cast, dt.date(2026, 9, 1), dt.date(2026, 10, 1))
        approved(shop, early)
        paid(shop, batched(shop).payouts.get())
    refunded(shop, bill, at=on(10, 9))
    debt = approved(shop, october)
    assert (debt.total_fen, balance(shop.payable.pk)) == (-500, -500)
    refused(
        "batch_nothing_to_pay",
        actions.make_payout_batch,
        shop.actor("finance_officer"),
        union_id=debt.union_id,
    )
    actions.close_period(shop.actor("finance_officer"), period_id=october.pk)
    with time_machine.travel(on(12, 2), tick=False):
        sold(shop, ("union", 800), at=on(11, 9))
        second = approved(shop, november)
        assert (second.owed_fen, second.carried_fen, second.total_fen) == (800, -500, 300)
        paid(shop, batched(shop).payouts.get())
    assert (balance(shop.payable.pk), trial()) == (0, 0)
    with time_machine.travel(dt.datetime(2027, 1, 2, tzinfo=dt.UTC), tick=False):
        sold(shop, ("union", 100), at=on(12, 9))
        assert approved(shop, december).carried_fen == 0


def test_shop_that_owes_is_evened_out_within_its_group(cast, shop, october):
    from gonghui.partners.tests.stage import new_partner, new_store

    child = new_partner(cast, "好味食堂二分店", parent=shop.partner)
    branch = type(shop)(cast, shop.money, child, [new_store(child)], shop.agreement, shop.commitment_id)
    early = period(cast, dt.date(2026, 9, 1), dt.date(2026, 10, 1))
    bill = sold(branch, ("union", 300), at=on(9, 9))
    approved(shop, early)
    paid(shop, batched(shop).payouts.get())
    refunded(branch, bill, at=on(10, 9))
    sold(shop, ("union", 500), at=on(10, 9))
    row = approved(shop, october)
    assert sorted(part.total_fen for part in row.accounts.all()) == [-300, 500]
    payout = batched(shop).payouts.get()
    paid(shop, payout)
    assert (payout.amount_fen, balance(shop.payable.pk), balance(branch.payable.pk), trial()) == (
        200,
        0,
        0,
        0,
    )


def test_period_closes_when_all_is_paid_and_takes_nothing_in(shop, october):
    bill = sold(shop, ("union", 500), ("worker", 100), at=on(10, 9))
    finance = shop.actor("finance_officer")
    refused("period_not_made", actions.close_period, finance, period_id=october.pk)
    approved(shop, october)
    refused("period_still_owed", actions.close_period, finance, period_id=october.pk)
    paid(shop, batched(shop).payouts.get())
    assert actions.close_period(finance, period_id=october.pk).state == "closed"
    for write in (
        lambda: sold(shop, ("union", 5), at=on(10, 31, 23, 59)),
        lambda: refunded(shop, bill, at=on(10, 20)),
    ):
        with pytest.raises(DatabaseError, match="books of that day are closed"), transaction.atomic():
            write()
    sold(shop, ("union", 5), at=on(11, 1, 0))
    held = Statement.objects.unscoped("test").filter(period=october)
    assert (held.get().state, held.get().owed_fen) == ("closed", 500)
    with pytest.raises(DatabaseError, match="settlement_period_closed"), transaction.atomic():
        Statement.objects.create(
            period=october, union=shop.partner.union, partner=build_shop(
                shop.cast, shop.money, phone="13800000073", name="迟到的店"
            ).partner, agreement=shop.agreement,
        )  # fmt: skip


def test_dates_of_another_cycle_stay_open(cast, shop, october):
    other = build_shop(cast, shop.money, phone="13800000072", name="顺风车行")
    type(other.agreement).objects.unscoped("test").filter(pk=other.agreement.pk).update(cycle="weekly")
    actions.make_statements(SYSTEM, period_id=october.pk)
    actions.close_period(shop.actor("finance_officer"), period_id=october.pk)
    assert sold(other, ("union", 5), at=on(10, 20)).pk


def closed(shop, of) -> Payout:
    """Paid, and its period closed."""
    approved(shop, of)
    payout = paid(shop, batched(shop).payouts.get())
    actions.close_period(shop.actor("finance_officer"), period_id=of.pk)
    return payout


def bounced(shop, payout: Payout) -> Payout:
    facts = {"payout_id": payout.pk, "result": "bounced", "note": "账号已销户"}
    return actions.record_payout(shop.actor("finance_officer"), **facts)


def test_payout_that_comes_back_after_the_close_is_paid_with_the_next_statement(client, cast, shop, october):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    december = period(cast, dt.date(2026, 12, 1), dt.date(2027, 1, 1))
    sold(shop, ("union", 500), at=on(10, 9))
    payout = closed(shop, october)
    bounced(shop, payout)
    refused("illegal_move", bounced, shop, payout)
    row = statement_of(shop, october)
    assert (row.state, balance(shop.payable.pk), reconcile(row).is_equal, trial()) == ("closed", 500, True, 0)
    refused(
        "batch_nothing_to_pay",
        actions.make_payout_batch,
        shop.actor("finance_officer"),
        union_id=row.union_id,
    )
    first = row.lines.get().bill
    assert arrival_of(first)[-1].name == "银行退回，随下一张结算单再付"
    page = cast.sign_in(client, "city_admin").get(reverse("admin:statement", args=[row.pk])).content.decode()
    assert "关账后银行退回了这笔款 5 元（账号已销户）" in page and "自动并入" in page
    sold(shop, ("union", 80), at=on(11, 1, 9))
    with time_machine.travel(on(12, 2), tick=False):
        second = approved(shop, november)
        assert (second.owed_fen, second.carried_fen, second.total_fen) == (80, 500, 580)
        assert reconcile(second).is_equal
        page = (
            cast.sign_in(client, "owner of 好味食堂")
            .get(f"/merchant/statements/{second.pk}")
            .content.decode()
        )
        assert "曾被银行退回，这一期补付" in page
        batch = batched(shop)
        _batch, content = actions.download_batch(shop.actor("finance_officer"), batch_id=batch.pk)
        assert openpyxl.load_workbook(io.BytesIO(content)).active["F2"].value == 5.8
        paid(shop, batch.payouts.get())
        assert (balance(shop.payable.pk), trial()) == (0, 0)
        assert arrival_of(first)[-1].kind == "paid"
    with time_machine.travel(dt.datetime(2027, 1, 2, tzinfo=dt.UTC), tick=False):
        sold(shop, ("union", 100), at=on(12, 9))
        assert approved(shop, december).carried_fen == 0


def test_money_that_came_back_is_stated_also_to_who_sold_nothing_since(client, cast, shop, october):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    sold(shop, ("union", 500), at=on(10, 9))
    bounced(shop, closed(shop, october))
    with time_machine.travel(on(12, 2), tick=False):
        second = approved(shop, november)
        assert (second.bill_count, second.total_fen) == (0, 500)
        paid(shop, batched(shop).payouts.get())
        assert (balance(shop.payable.pk), trial()) == (0, 0)
        first = statement_of(shop, october)
        page = (
            cast.sign_in(client, "owner of 好味食堂").get(f"/merchant/statements/{first.pk}").content.decode()
        )
        assert "银行退回了这笔款 5 元" in page and f"/merchant/statements/{second.pk}" in page
    told = Message.objects.unscoped("test").filter(title="结算款被银行退回").get()
    assert "并入您的下一张结算单" in told.body


def test_what_was_paid_is_carried_nowhere(shop, october, cast):
    november = period(cast, dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    sold(shop, ("union", 500), at=on(10, 9))
    closed(shop, october)
    with time_machine.travel(on(12, 2), tick=False):
        assert actions.make_statements(SYSTEM, period_id=november.pk) == 0
    draft = Statement.objects.unscoped("test").get(period=october)
    with pytest.raises(DatabaseError, match="left over is carried once"), transaction.atomic():
        Statement.objects.unscoped("test").filter(pk=draft.pk).update(carried_into=draft)
