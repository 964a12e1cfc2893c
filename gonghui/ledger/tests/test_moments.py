"""When a thing happened beside when it was recorded: shown where the two lie apart, and asked once a cause."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse

from gonghui.kit import clock
from gonghui.ledger import moments
from gonghui.ledger.models import Transfer
from gonghui.ledger.moments import is_apart, moments_of
from gonghui.ledger.tests.books import move, purse, said
from gonghui.ledger.tests.test_console import funded, page_of


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=clock.CHINA)


@pytest.mark.parametrize(
    ("happened", "recorded", "apart"),
    [
        (at(10, 9, 12), at(10, 9, 12), False),
        (at(10, 9, 12), at(10, 10, 12), False),
        (at(10, 9, 12), at(10, 10, 12, 1), True),
        (at(10, 31, 23, 50), at(11, 1, 0, 10), True),
        (at(10, 31, 23, 50).astimezone(dt.UTC), at(11, 1, 0, 10).astimezone(dt.UTC), True),
        (dt.date(2026, 10, 9), at(10, 10, 23), False),
        (dt.date(2026, 10, 9), at(10, 11, 0), True),
        (dt.date(2026, 10, 31), at(11, 1, 9), True),
    ],
)
def test_more_than_a_day_or_two_periods_is_apart(happened, recorded, apart):
    assert is_apart(happened, recorded) is apart


@pytest.fixture
def told(monkeypatch):
    """Numbers 1 to 9 happened three days ago, number 10 a moment ago, others nobody knows; each question is noted."""
    asked: list[list[int]] = []
    ago = clock.now() - dt.timedelta(days=3)

    def teller(ids: list[int]) -> dict:
        asked.append(ids)
        known = {**dict.fromkeys(range(1, 10), ago), 10: clock.now(), 11: None}
        return {pk: known[pk] for pk in ids if pk in known}

    monkeypatch.setitem(moments.MOMENTS, "test", teller)
    return asked, ago


@pytest.mark.django_db
def test_cause_is_asked_once_and_only_what_is_apart_is_told(cast, told):
    asked, ago = told
    account, other = funded(cast, "city", "慰问"), purse(cast.unions["city"], "商户")
    subjects = [
        "test:1",
        "test:2",
        "test:1",
        "test:10",
        "test:11",
        "test:12",
        "test",
        "test:x",
        "test:" + "9" * 20,
        "",
    ]
    orders = [move(account, other, n, subject=subject) for n, subject in enumerate(subjects, 1)]
    other_code = move(account, other, 1, subject="test:1", code="other")
    assert set(said(*orders, other_code)) == {"ok"}
    found = moments_of(Transfer.objects.unscoped("test").order_by("seq"))
    assert found == {orders[n].id: ago for n in (0, 1, 2)}
    assert asked == [[1, 2, 10, 11, 12]]


@pytest.mark.django_db
def test_statement_page_transfer_and_sheet_show_both(cast, client, told):
    _asked, ago = told
    account, other = funded(cast, "city", "慰问"), purse(cast.unions["city"], "商户")
    late, now = move(account, other, 2_345, subject="test:1"), move(account, other, 100, subject="test:10")
    said(late, now)
    page = page_of(cast, client, "city_admin", account)
    words = moments.says_moment(ago)
    assert page.content.decode().count("发生于") == 1
    assert [line["happened"] for line in page.context["lines"]] == ["", words, ""]
    one = client.get(reverse("admin:ledger_transfer", args=[late.id])).content.decode()
    assert f"发生于 {words}，记账于" in one
    assert "发生于" not in client.get(reverse("admin:ledger_transfer", args=[now.id])).content.decode()
    answer = client.get(reverse("admin:ledger_statement_sheet", args=[account.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    _heading, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert [row[2] and f"{row[2]:%Y-%m-%d %H:%M}" for row in rows] == [
        None, f"{ago.astimezone(clock.CHINA):%Y-%m-%d %H:%M}", None,
    ]  # fmt: skip
