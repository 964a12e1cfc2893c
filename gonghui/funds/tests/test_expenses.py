"""支出类别: asked of every new budget, summed up for a year, none of it twice."""

from __future__ import annotations

import datetime as dt
import io
from uuid import uuid4

import openpyxl
import pytest
import time_machine
from django.urls import reverse

from gonghui.funds.actions import budgets
from gonghui.funds.actions.commitments import reserve
from gonghui.funds.expenses import class_sums, total_of
from gonghui.funds.models import Budget
from gonghui.funds.tests.granting import SYSTEM, till
from gonghui.funds.tests.stage import approved, submitted
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.ledger.engine import Order, transfer_all

pytestmark = pytest.mark.django_db
YUAN = 100


def spent(money, account_id: int, yuan: int, *, back: bool = False) -> None:
    ends = (account_id, till(money).pk)
    debit, credit = ends[::-1] if back else ends
    transfer_all([Order(uuid4(), "buy", yuan * YUAN, debit, credit, subject="purchase:1")])


def sums(money, who: str, year: int) -> dict[str, tuple[int, ...]]:
    """By class, in yuan: budgets, own, set aside, spent in the year, spent, left; classes without budgets left out."""
    return {
        one.code: (one.budgets, *(fen // YUAN for fen in (one.own, one.committed, one.spent_in_year, one.spent, one.available)))
        for one in class_sums(money.actor(who), year)
        if one.budgets
    }  # fmt: skip


@pytest.fixture
def programme(money) -> Budget:
    """Of the city, for the rights of members; 3,000 yuan, of which 500 are set aside and 120 spent of these, 80 outright."""
    made = approved(
        money.cast, "city", parent=money.city, yuan=3_000, by="city_finance", expense_class="rights"
    )
    purse = reserve(SYSTEM, budget_id=made.pk, amount_fen=500 * YUAN, purpose="test:1").account_id
    spent(money, purse, 150)
    spent(money, purse, 30, back=True)
    spent(money, made.account_id, 80)
    return made


def test_year_is_summed_by_class_and_nothing_counts_twice(money, programme):
    year = clock.today().year
    found = sums(money, "province_finance", year)
    assert found["rights"] == (1, 3_000, 380, 200, 200, 2_420)
    # 100,000 of the province and 40,000 of the city and 10,000 of the factory, each less what it gave below.
    assert found["activity"] == (3, 100_000 - 3_000, 0, 0, 0, 97_000)
    whole = total_of(class_sums(money.actor("province_finance"), year))
    assert (whole.own, whole.committed + whole.spent + whole.available) == (100_000 * YUAN,) * 2
    assert sums(money, "city_finance", year)["activity"][:2] == (2, 37_000)


def test_what_was_spent_in_another_year_counts_there(money, programme):
    year = clock.today().year
    with time_machine.travel(dt.datetime(year + 1, 3, 1, 9, tzinfo=clock.CHINA), tick=False):
        assert sums(money, "city_finance", year + 1)["rights"] == (1, 3_000, 380, 0, 200, 2_420)
    assert sums(money, "city_finance", 2023) == {}


def test_budget_without_a_class_is_not_submitted_and_an_old_one_gets_it_once(money):
    with pytest.raises(DomainError) as refused:
        submitted(money.cast, "city", parent=money.province, yuan=10, expense_class="")
    assert refused.value.code == "expense_class_missing"
    Budget.objects.unscoped("test").filter(pk=money.city.pk).update(expense_class="")
    assert sums(money, "city_finance", clock.today().year)[""][0] == 1
    actor = money.actor("city_admin")
    assert (
        budgets.classify_budget(actor, budget_id=money.city.pk, expense_class="business").class_name
        == "业务支出"
    )
    with pytest.raises(DomainError) as refused:
        budgets.classify_budget(actor, budget_id=money.city.pk, expense_class="other")
    assert refused.value.code == "expense_class_set"


def test_class_stands_in_the_tree_in_the_list_and_in_the_sheets(money, programme, client):
    money.cast.sign_in(client, "province_finance")
    tree = client.get(reverse("admin:budgets")).content.decode()
    assert "维权支出" in tree and "职工活动支出" in tree
    page = client.get(reverse("admin:budget_classes"))
    assert (page.status_code, "97,000" in page.content.decode()) == (200, True)
    answer = client.get(reverse("admin:budget_classes_sheet"))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    rows = {row[0]: row[1:] for row in sheet.iter_rows(values_only=True)}
    assert rows["维权支出"] == (1, 3_000, 380, 200, 200, 2_420)
    assert rows["合计"][:2] == (4, 100_000)
    trail = AuditEntry.objects.unscoped("test").filter(op="EXPORT", table_name="funds_budget").get()
    assert trail.after["asked"] == {"classes": clock.today().year}
    listed = client.get(reverse("admin:funds_budget_export"))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(listed.streaming_content))).worksheets[0]
    heading, *rows = list(sheet.iter_rows(values_only=True))
    place = heading.index("支出类别")
    assert sorted(row[place] for row in rows) == ["维权支出", *["职工活动支出"] * 3]
