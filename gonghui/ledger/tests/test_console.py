"""The ledger in the back office: each subtree its own accounts, nothing to write, the same figures in page and sheet."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from gonghui.kit.actors import Actor
from gonghui.kit.models import AuditEntry
from gonghui.ledger import queries
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
    assert heading[:4] == ["序号", "时间", "事由", "类型"]
    assert [row[5:8] for row in rows] == [[None, 23.45, 100], [123.45, None, 123.45]]
    trail = AuditEntry.objects.unscoped("test").filter(op="EXPORT", table_name="ledger_transfer").get()
    assert (trail.after["rows"], trail.after["asked"]) == (2, {"account": account.pk})


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


def test_way_of_a_fen_is_followed_from_its_source_to_its_end(cast):
    source, budget = source_of(cast), purse(cast.unions["city"], "预算")
    purses = [purse(cast.unions["city"], name) for name in ("会员", "商户", "付款")]
    steps = [move(a, b, 100) for a, b in zip((source, budget, *purses), (budget, *purses), strict=False)]
    assert set(said(*steps)) == {"ok"}
    hops = queries.trace(steps[2].id)
    assert [(hop.depth, hop.transfer.pk) for hop in hops] == [
        (-2, steps[0].id), (-1, steps[1].id), (0, steps[2].id), (1, steps[3].id)
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_trial_page_names_the_last_block(cast, client):
    funded(cast, "city", "慰问")
    for _minute in range(3):
        seal_transfers(Actor.system("test"))
    cast.sign_in(client, "city_admin")
    page = client.get(reverse("admin:ledger_trial")).content.decode()
    assert bytes(Block.objects.get().hash).hex() in page
    assert Transfer.objects.unscoped("test").count() == 1
