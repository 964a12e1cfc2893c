"""A statement's line says when the thing happened, where that is not when it was recorded."""

from __future__ import annotations

import datetime as dt
import io
from uuid import uuid4

import openpyxl
import pytest
import time_machine
from django.urls import reverse

from gonghui.bills.models import Bill
from gonghui.ledger.models import Transfer
from gonghui.ledger.moments import moments_of
from gonghui.settlement import actions
from gonghui.settlement.queries import happened_apart, lines_of
from gonghui.settlement.tests.stage import SYSTEM, on, sold, statement_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(on(11, 2), tick=False):
        yield


def sold_offline(shop, taken: dt.datetime, recorded: dt.datetime) -> Bill:
    return sold(shop, ("union", 500), ("worker", 100), at=recorded, offline_at=taken)


def happenings(row) -> list[dt.datetime | None]:
    return [happened_apart(line, row.period) for line in lines_of(row)]


@pytest.fixture
def stated(cast, shop, october):
    """Of three offline bills one was taken the month before, one three days before it was recorded, one at lunch of that day."""
    sold_offline(shop, on(9, 30, 23, 50), on(10, 1, 0, 10))
    sold_offline(shop, on(10, 5), on(10, 8))
    sold_offline(shop, on(10, 9, 12), on(10, 9, 18))
    sold(shop, ("union", 300), ("worker", 100), at=on(10, 10))
    actions.make_statements(SYSTEM, period_id=october.pk)
    return actions.send_statement(shop.actor("finance_officer"), statement_id=statement_of(shop, october).pk)


def test_lines_of_another_period_or_more_than_a_day_ago_say_when_it_was(stated):
    assert happenings(stated) == [on(9, 30, 23, 50), on(10, 5), None, None]


def test_adjustment_says_when_what_it_puts_right_took_place(shop, stated):
    line = list(lines_of(stated))[1]
    actions.dispute_line(shop.actor("owner of 好味食堂"), line_id=line.pk, reason="少补了一元")
    for about, reason in ((line.pk, "补一元"), (None, "整张")):
        amends = actions.Amends(amount_fen=100, budget_id=shop.money.city.pk, reason=reason, line_id=about)
        made = actions.propose_adjustment(
            shop.actor("finance_officer"), statement_id=stated.pk, key=uuid4(), amends=amends
        )
        actions.approve_adjustment(shop.actor("city_checker"), adjustment_id=made.pk)
    assert happenings(stated)[-2:] == [on(10, 5), None]
    moved = Transfer.objects.unscoped("test").filter(code="adjust").order_by("seq")
    assert list(moments_of(moved).values()) == [on(10, 5)]


def test_both_are_on_the_pages_and_in_the_sheet(cast, client, stated):
    cast.sign_in(client, "finance_officer")
    page = client.get(reverse("admin:statement", args=[stated.pk])).content.decode()
    assert page.count("发生于") == 2 and "发生于 9月30日 周三 23:50" in page
    answer = client.get(reverse("admin:statement_sheet", args=[stated.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    titles, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    place = titles.index("发生时间（与记账不同的）")
    assert [row[place] for row in rows[:4]] == [
        dt.datetime(2026, 9, 30, 23, 50), dt.datetime(2026, 10, 5, 12), None, None,
    ]  # fmt: skip
    assert rows[4][titles.index("门店")] == "好味食堂"
    merchant = cast.sign_in(client, "owner of 好味食堂").get(f"/merchant/statements/{stated.pk}")
    assert merchant.content.decode().count("发生于") == 2


def test_lines_cost_the_same_queries_however_many(stated, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert len(happenings(stated)) == 4
    with django_assert_num_queries(2):
        assert [happened_apart(line, stated.period) for line in lines_of(stated)[:1]] == [on(9, 30, 23, 50)]
