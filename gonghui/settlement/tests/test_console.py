"""The back office of settlement: who opens what, what stands on the pages, and that refusals change nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gonghui.funds.tests.stage import balance
from gonghui.partners.tests.stage import new_partner, standing_agreement
from gonghui.settlement import actions
from gonghui.settlement.admin.statements import statement_address
from gonghui.settlement.models import Dispute, Payout, PayoutBatch, Period, Statement
from gonghui.settlement.tests.stage import SYSTEM, build_shop, on, period, sold, statement_of
from tests.console_contract import ConsoleContract

NOVEMBER = on(11, 2)


class TestPeriodScreen(ConsoleContract):
    model = Period

    def own(self, cast):
        return period(cast)

    def foreign(self, cast):
        return period(cast, union="sister")

    def more(self, cast, count):
        for n in range(count):
            period(cast, dt.date(2027, 1 + n, 1), dt.date(2027, 2 + n, 1))


def _draft(cast, union: str, name: str) -> Statement:
    partner = new_partner(cast, name, union)
    of = Period.objects.unscoped("test").filter(union=cast.unions[union]).first() or period(cast, union=union)
    agreement = standing_agreement(partner)
    return Statement.objects.create(period=of, union=cast.unions[union], partner=partner, agreement=agreement)


class TestStatementScreen(ConsoleContract):
    model = Statement

    def own(self, cast):
        return _draft(cast, "city", "好味食堂")

    def foreign(self, cast):
        return _draft(cast, "sister", "西岭小吃")

    def more(self, cast, count):
        for n in range(count):
            _draft(cast, "city", f"好味 {n}")


class TestBatchScreen(ConsoleContract):
    model = PayoutBatch

    def own(self, cast):
        return self._made(cast, "city", "city_admin")

    def foreign(self, cast):
        return self._made(cast, "sister", "sister_admin")

    def more(self, cast, count):
        for _n in range(count):
            self._made(cast, "city", "city_admin")

    def _made(self, cast, union: str, maker: str) -> PayoutBatch:
        facts = {"union": cast.unions[union], "maker": cast.users[maker], "amount_fen": 1, "count": 1}
        return PayoutBatch.objects.create(key=uuid4(), file="eA==", sha256="0" * 64, **facts)


@pytest.fixture
def sent(shop, october):
    with time_machine.travel(NOVEMBER, tick=False):
        sold(shop, ("merchant", 300), ("union", 500), ("worker", 1200), at=on(10, 9))
        sold(shop, ("union", 300), ("worker", 700), at=on(10, 10), method="wechat", store=1)
        actions.make_statements(SYSTEM, period_id=october.pk)
        row = statement_of(shop, october)
        return actions.send_statement(shop.actor("finance_officer"), statement_id=row.pk)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("province_admin", 200), ("city_admin", 200), ("finance_officer", 200), ("auditor", 200), ("sister_admin", 404),
        ("judge", 403), ("clerk", 302), ("mei", 302), ("owner of 好味食堂", 302),
    ],
)  # fmt: skip
def test_statement_page_is_for_those_it_concerns(client, cast, sent, who, status):
    page = cast.sign_in(client, who).get(reverse("admin:statement", args=[sent.pk]))
    assert page.status_code == status
    if status == 200:
        text = page.content.decode()
        assert "与账本相符" in text
        assert "15</dd>" in text  # 5 of the union twice and what was taken online


def test_audit_committee_reads_and_cannot_write(client, cast, shop, sent):
    signed_in = cast.sign_in(client, "auditor")
    for name in ("send", "adjust", "approve"):
        page = reverse(f"admin:settlement_statement_{name}", args=[sent.pk])
        assert signed_in.get(page).status_code == 403
        assert signed_in.post(page, {"reason": "x"}).status_code == 403
    for name in ("make", "send_all", "close"):
        page = reverse(f"admin:settlement_period_{name}", args=[sent.period_id])
        assert signed_in.post(page).status_code == 403
    assert signed_in.get(reverse("admin:payout_batch_new")).status_code == 403
    assert statement_of(shop, sent.period).state == "sent"


def test_statement_page_of_many_lines_takes_as_few_statements(client, cast, shop, october):
    def queries() -> int:
        row = statement_of(shop, october)
        with CaptureQueriesContext(connection) as found:
            assert signed_in.get(reverse("admin:statement", args=[row.pk])).status_code == 200
        return len(found)

    signed_in = cast.sign_in(client, "city_admin")
    with time_machine.travel(NOVEMBER, tick=False):
        for n in range(1, 21):
            sold(shop, ("union", 100 + n), at=on(10, n))
        actions.make_statements(SYSTEM, period_id=october.pk)
        queries()
        assert queries() <= 30


@time_machine.travel(NOVEMBER, tick=False)
def test_statement_is_settled_on_its_pages_from_dispute_to_payout(client, cast, shop, sent):
    finance, admin = "finance_officer", "city_admin"

    def press(who: str, screen: str, verb: str, row, **facts):
        answer = cast.sign_in(client, who).post(
            reverse(f"admin:settlement_{screen}_{verb}", args=[row.pk]), facts
        )
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        return answer

    line = sent.lines.order_by("id")[0]
    actions.dispute_line(shop.actor("owner of 好味食堂"), line_id=line.pk, reason="少补了一元")
    budget = shop.money.city.pk
    press(
        finance,
        "statement",
        "adjust",
        sent,
        key=uuid4(),
        line_id=line.pk,
        budget_id=budget,
        amount_fen="1.00",
        reason="少补一元",
    )
    press(admin, "adjustment", "approve", sent.adjustments.get())
    dispute = Dispute.objects.unscoped("test").get()
    press(finance, "dispute", "answer", dispute, outcome="adjusted", answer="已补")
    press(finance, "statement", "send", sent)
    actions.confirm_statement(shop.actor("owner of 好味食堂"), statement_id=sent.pk, total_fen=1600)
    press(admin, "statement", "approve", sent)
    door, nothing = reverse("admin:payout_batch_new"), "现在没有批准了还没付款的结算单"
    assert nothing not in cast.sign_in(client, finance).get(door).content.decode()
    made = client.post(door, {"union": shop.partner.union_id})
    assert nothing in client.get(door).content.decode()
    batch = PayoutBatch.objects.unscoped("test").get()
    assert made.headers["Location"].endswith(f"/settlement/batches/{batch.pk}")
    assert client.get(reverse("admin:payout_batch_file", args=[batch.pk])).status_code in (302, 409)
    press(admin, "payoutbatch", "approve", batch)
    page = cast.sign_in(client, finance).get(reverse("admin:payout_batch", args=[batch.pk])).content.decode()
    assert batch.sha256 in page and "尾号 0018" in page and "6228480402564890018" not in page
    file = client.get(reverse("admin:payout_batch_file", args=[batch.pk]))
    assert hashlib.sha256(b"".join(file.streaming_content)).hexdigest() == batch.sha256
    press(finance, "payout", "paid", Payout.objects.unscoped("test").get(), bank_number="NX1")
    press(finance, "period", "close", sent.period)
    assert (statement_of(shop, sent.period).state, balance(shop.payable.pk)) == ("closed", 0)


def test_sheet_is_for_whoever_may_export_and_is_recorded(client, cast, sent):
    from gonghui.kit.models import AuditEntry

    at = reverse("admin:statement_sheet", args=[sent.pk])
    assert cast.sign_in(client, "auditor").get(at).status_code == 403
    assert cast.sign_in(client, "sister_admin").get(at).status_code == 404
    assert cast.sign_in(client, "finance_officer").get(at).status_code == 200
    entry = AuditEntry.objects.unscoped("test").get(op="EXPORT")
    assert entry.after == {"rows": 2, "asked": {"statement": sent.pk}}


def test_first_page_says_what_waits(client, cast, shop, sent):
    actions.dispute_line(
        shop.actor("owner of 好味食堂"), line_id=sent.lines.order_by("id")[0].pk, reason="少补了一元"
    )
    assert (
        "结算异议待答复"
        in cast.sign_in(client, "finance_officer").get(reverse("admin:index")).content.decode()
    )


def test_row_of_the_list_leads_to_the_statements_own_page(client, cast, shop, sent):
    row = statement_of(shop, sent.period)
    page = cast.sign_in(client, "finance_officer").get(reverse("admin:settlement_statement_changelist"))
    # The row's own link, no link within its cell: lists turned into cards on a phone are headed by it.
    links = re.findall(r'<a href="([^"]+)"[^>]*>\s*([^<]*?)\s*</a>', page.content.decode())
    assert (statement_address(row), row.number) in links
    assert "text-link" not in page.content.decode()


def test_city_sees_its_own_merchants_only(client, cast, shop, sent):
    foreign = build_shop(cast, shop.money, phone="13800000079", name="别家")
    assert statement_of(shop, sent.period).pk == sent.pk
    page = cast.sign_in(client, "sister_admin").get(reverse("admin:settlement_statement_changelist"))
    assert page.status_code == 200
    assert "好味食堂" not in page.content.decode()
    assert foreign.partner.pk
