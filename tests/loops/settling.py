"""The last stretch of every loop: the month's statement, the merchant's word, the bank, the closed period. In a browser."""

from __future__ import annotations

import datetime as dt
import re

from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.templatetags.kit import yuan
from gonghui.settlement.models import Payout, PayoutBatch, Period, Statement
from tests.loops.conftest import People, do, press


def first_of_next_month() -> dt.datetime:
    first = (clock.today().replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return dt.datetime.combine(first, dt.time(10), clock.CHINA)


def confirmed_by(people: People, owner: str, *, fen: int) -> Statement:
    """Made and sent by finance when the month is over; it agrees with the ledger, and its owner confirms it."""
    period = Period.objects.unscoped("test").get(cycle="monthly", starts_on__lt=clock.today())
    do(people, "city_finance", "admin:settlement_period_make", period, "出账")
    do(people, "city_finance", "admin:settlement_period_send_all", period, "全部发给商户")
    statement = Statement.objects.unscoped("test").get()
    page = people.at(owner, reverse("merchant_statement", args=[statement.pk]))
    assert people.findings(owner) == []
    page.wait_for_selector(f"text=确认后，工会按 {yuan(fen)} 元")
    press(page, "核对无误，确认")
    page.wait_for_selector("text=已确认")
    return statement


def reconciled_by_finance(people: People, statement: Statement, *, fen: int) -> None:
    """What finance reads before anything is paid: the ledger moved by as much as the statement says, and this is what is paid."""
    page = people.at("city_finance", reverse("admin:statement", args=[statement.pk]))
    said = page.locator("[role=status].st-check.good").first.inner_text()
    assert f"与账本相符：应付账户这一期变动 {yuan(fen)} 元，分毫不差" in said


def paid_out(people: People, statement: Statement, *, fen: int) -> None:
    """Reconciled, approved by another, batched, the file taken, booked against the bank's slip; then the month is closed."""
    reconciled_by_finance(people, statement, fen=fen)
    do(people, "city_admin", "admin:settlement_statement_approve", statement, "批准付款")
    page = people.at("city_finance", reverse("admin:payout_batch_new"))
    page.select_option("[name=union]", label="东江市总工会")
    press(page, "制作付款批次")
    page.wait_for_url(re.compile(r"/settlement/batches/\d+"))
    batch = PayoutBatch.objects.unscoped("test").get()
    do(people, "city_admin", "admin:settlement_payoutbatch_approve", batch, "批准付款批次")
    page = people.at("city_finance", reverse("admin:payout_batch", args=[batch.pk]))
    with page.expect_download() as taken:
        page.locator(f"a[href$='/batches/{batch.pk}.xlsx']").first.click()
    assert taken.value.suggested_filename.endswith(".xlsx")
    payout = Payout.objects.unscoped("test").defer("account").get()
    assert payout.amount_fen == fen
    page = people.at("city_finance", reverse("admin:settlement_payout_paid", args=[payout.pk]))
    page.fill("[name=bank_number]", "2026120100017")
    press(page, "已到账")
    page.wait_for_load_state("load")
    do(people, "city_finance", "admin:settlement_period_close", statement.period, "关账")
    assert Period.objects.unscoped("test").get(pk=statement.period_id).state == "closed"
