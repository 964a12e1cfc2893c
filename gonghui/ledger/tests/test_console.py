"""The ledger in the back office: each subtree its own accounts, nothing to write, the same figures in page and sheet."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.models import AuditEntry
from gonghui.ledger import admin, lineage, queries
from gonghui.ledger.models import Block, Ledger, LedgerAccount, Transfer
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.tests.books import fund, move, purse, resolve, said
from tests.console_contract import ConsoleContract


def source_of(cast) -> LedgerAccount:
    found = LedgerAccount.objects.unscoped("test").filter(name="source").first()
    return found or purse(cast.unions["province"], "source", limited="")


def funded(cast, union: str, name: str, amount: int = 12_345) -> LedgerAccount:
    account = purse(cast.unions[union], name)
    fund(source_of(cast), (account, amount))
    return LedgerAccount.objects.unscoped("test").get(pk=account.pk)


class TestLedgerAccountScreen(ConsoleContract):
    model = LedgerAccount

    def own(self, cast):
        return funded(cast, "city", "东江慰问")

    def foreign(self, cast):
        return funded(cast, "sister", "西岭慰问")

    def more(self, cast, count):
        for number in range(count):
            funded(cast, "city", f"专项 {number}")

    @pytest.mark.django_db
    def test_balance_is_said_in_yuan(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert "123.45" in client.get(self.at("change", row)).content.decode()


pytestmark = pytest.mark.django_db


def page_of(cast, client, who: str, account, **asked):
    cast.sign_in(client, who)
    return client.get(reverse("admin:ledger_statement", args=[account.pk]), asked)


def test_statement_tells_each_line_with_the_balance_after_it(cast, client):
    account, other = funded(cast, "city", "慰问"), purse(cast.unions["city"], "商户")
    hold = move(account, other, 5_000, kind="pending", subject="redemption:7")
    said(move(account, other, 2_345), hold, resolve("post", hold.id, 4_000))
    lines = queries.statement(account)
    assert [(line.amount, line.balance) for line in lines] == [
        (-4_000, 6_000),
        (0, 10_000),
        (-2_345, 10_000),
        (12_345, 12_345),
    ]
    answer = page_of(cast, client, "city_admin", account)
    text = answer.content.decode()
    assert (answer.status_code, "redemption:7" in text, "-40" in text, "123.45" in text) == (
        200,
        True,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("who", "status"),
    [("city_admin", 200), ("province_admin", 200), ("finance_officer", 200), ("sister_admin", 404), ("judge", 403),
     ("mei", 302), ("anonymous", 302)],
)  # fmt: skip
def test_statement_opens_within_ones_subtree_only(cast, client, who, status):
    account = funded(cast, "city", "慰问")
    assert page_of(cast, client, who, account).status_code == status


def test_statement_turns_its_pages(cast, client, monkeypatch):
    monkeypatch.setattr(queries, "STATEMENT_ROWS", 3)
    account, other = funded(cast, "city", "慰问"), purse(cast.unions["city"], "商户")
    said(*(move(account, other, n) for n in range(1, 6)))
    first = page_of(cast, client, "city_admin", account)
    assert len(first.context["lines"]) == 3
    second = page_of(cast, client, "city_admin", account, before=first.context["older"])
    assert [line["amount"] for line in second.context["lines"]] == ["-0.02", "-0.01", "+123.45"]
    assert second.context["older"] is None


def test_balance_at_the_end_of_a_day(cast, client):
    account = funded(cast, "city", "慰问")
    day = timezone.localdate()
    assert queries.balance_at(account, at=timezone.now() - dt.timedelta(days=1)) == 0
    asked = page_of(cast, client, "city_admin", account, on=day.isoformat())
    assert asked.context["balance_then"] == "123.45"
    before = page_of(cast, client, "city_admin", account, on=(day - dt.timedelta(days=3)).isoformat())
    assert before.context["balance_then"] == "0"
    assert "日期没有读懂" in page_of(cast, client, "city_admin", account, on="2026-13-77").content.decode()


def test_sheet_holds_the_lines_and_is_recorded(cast, client):
    account, other = funded(cast, "city", "慰问"), purse(cast.unions["city"], "商户")
    said(move(account, other, 2_345))
    cast.sign_in(client, "finance_officer")
    answer = client.get(reverse("admin:ledger_statement_sheet", args=[account.pk]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    heading, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert heading[:5] == ["序号", "时间", "发生时间（与记账不同的）", "事由", "类型"]
    assert [row[6:9] for row in rows] == [[None, 23.45, 100], [123.45, None, 123.45]]
    trail = AuditEntry.objects.unscoped("test").filter(op="EXPORT", table_name="ledger_transfer").get()
    assert (trail.after["rows"], trail.after["asked"]) == (2, {"account": account.pk})


def test_sheet_that_is_cut_short_says_so_and_goes_on_from_there(cast, client, monkeypatch):
    account, other = funded(cast, "city", "慰问"), purse(cast.unions["city"], "商户")
    said(*(move(account, other, fen) for fen in (100, 200)))
    monkeypatch.setattr(admin, "SHEET_ROWS_MAX", 2)
    cast.sign_in(client, "finance_officer")
    at = reverse("admin:ledger_statement_sheet", args=[account.pk])
    book = openpyxl.load_workbook(io.BytesIO(b"".join(client.get(at).streaming_content)))
    last = book.worksheets[0].cell(3, 1).value
    assert (book.worksheets[0].max_row, f"到序号 {last} 为止" in str(list(book.worksheets[1].values))) == (
        3,
        True,
    )
    rest = openpyxl.load_workbook(io.BytesIO(b"".join(client.get(f"{at}?before={last}").streaming_content)))
    assert [row[6] for row in rest.worksheets[0].iter_rows(min_row=2, values_only=True)] == [123.45]
    assert len(rest.worksheets) == 1


def test_trial_balance_is_even_over_the_whole_province(cast, client):
    funded(cast, "city", "慰问")
    funded(cast, "sister", "慰问", 500)
    points = purse(cast.unions["province"], "points source", limited="", ledger=Ledger.POINTS)
    fund(points, (purse(cast.unions["city"], "福豆", ledger=Ledger.POINTS), 800))
    lines = queries.trial_balance(cast.actor("province_admin"))
    sums = {line.ledger: (line.debits, line.credits) for line in lines}
    assert sums == {Ledger.FEN: (12_845, 12_845), Ledger.POINTS: (800, 800)}
    assert [line.credits for line in queries.trial_balance(cast.actor("sister_admin"))] == [500]
    cast.sign_in(client, "province_admin")
    assert "128.45" in client.get(reverse("admin:ledger_trial")).content.decode()


def test_trial_balance_of_a_day_comes_from_the_transfers(cast, client):
    funded(cast, "city", "慰问")
    today = clock.today()
    at_end = admin.end_of(today)
    assert (
        queries.trial_balance_at(cast.actor("province_admin"), admin.end_of(today - dt.timedelta(days=1)))
        == []
    )
    then = queries.trial_balance_at(cast.actor("province_admin"), at_end)
    assert [(line.kind, line.accounts, line.debits, line.credits) for line in then] == [
        ("test", 2, 12_345, 12_345)
    ]
    assert [line.credits for line in queries.trial_balance_at(cast.actor("sister_admin"), at_end)] == []
    cast.sign_in(client, "province_admin")
    page = client.get(reverse("admin:ledger_trial"), {"on": f"{today - dt.timedelta(days=1)}"})
    assert (page.context["tables"], "123.45" in page.content.decode()) == ([], False)
    page = client.get(reverse("admin:ledger_trial"), {"on": f"{today}"})
    assert page.context["tables"][0]["rows"][0]["debits"] == "123.45"


def test_trial_balance_is_taken_as_a_sheet_by_who_may_export(cast, client):
    funded(cast, "city", "慰问")
    at = reverse("admin:ledger_trial_sheet")
    answer = cast.sign_in(client, "province_admin").get(at)
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]
    heading, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert heading == ["账本", "科目", "账户", "借方（支出）", "贷方（收入）", "余额"]
    assert rows == [["人民币", "test", 2, 123.45, 123.45, 0], ["人民币", "合计", 2, 123.45, 123.45, 0]]
    trail = AuditEntry.objects.unscoped("test").filter(op="EXPORT", table_name="ledger_account").get()
    assert trail.after["asked"] == {"trial": ""}
    assert cast.sign_in(client, "judge").get(at).status_code == 403


def nested(cast) -> list[LedgerAccount]:
    """Source → budget → commitment, each within the one above it, and a merchant."""
    source = source_of(cast)
    budget = purse(cast.unions["province"], "预算", within=source)
    commitment = purse(cast.unions["city"], "专款", within=budget)
    return [source, budget, commitment, purse(cast.unions["city"], "商户")]


def test_transfer_shows_its_way_from_the_source_and_what_went_with_it(cast, client):
    source, budget, commitment, merchant = nested(cast)
    down = [move(a, b, 100) for a, b in ((source, budget), (budget, commitment))]
    paid = [move(commitment, merchant, part, subject="bill:7") for part in (60, 40)]
    assert set(said(*down, *paid)) == {"ok"}
    cast.sign_in(client, "city_admin")
    page = client.get(reverse("admin:ledger_transfer", args=[paid[0].id]))
    assert [step["name"] for step in page.context["way"]] == ["source", "预算", "专款", "商户"]
    assert [(one["id"], one["amount"], one["is_this"]) for one in page.context["beside"]] == [
        (paid[0].id, "0.60", True), (paid[1].id, "0.40", False),
    ]  # fmt: skip
    statement = page_of(cast, client, "city_admin", merchant).content.decode()
    assert reverse("admin:ledger_transfer", args=[paid[1].id]) in statement
    at = reverse("admin:ledger_transfer", args=[paid[0].id])
    assert cast.sign_in(client, "sister_admin").get(at).status_code == 404
    assert cast.sign_in(client, "judge").get(at).status_code == 403


def test_transfer_of_a_hold_stands_beside_what_it_became(cast):
    _source, _budget, commitment, merchant = nested(cast)
    fund(source_of(cast), (commitment, 100))
    hold = move(commitment, merchant, 30, kind="pending", subject="bill:8")
    post = resolve("post", hold.id, 20)
    said(hold, post)
    for order in (hold, post):
        row = lineage.transfer_for(cast.actor("city_admin"), order.id)
        assert [one.pk for one in lineage.transfers_beside(row)] == [hold.id, post.id]


@pytest.mark.django_db(transaction=True)
def test_trial_page_names_the_last_block(cast, client):
    funded(cast, "city", "慰问")
    for _minute in range(3):
        seal_transfers(Actor.system("test"))
    cast.sign_in(client, "city_admin")
    page = client.get(reverse("admin:ledger_trial")).content.decode()
    assert bytes(Block.objects.get().hash).hex() in page
    assert Transfer.objects.unscoped("test").count() == 1
