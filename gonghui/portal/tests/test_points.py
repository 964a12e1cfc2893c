"""我的账: one's own points, where they came from, and the proof of it; nobody else's."""

import datetime as dt
import json

import pytest
import time_machine
from click.testing import CliRunner

from gonghui.config.cli.ledger import ledger
from gonghui.funds import accounts
from gonghui.funds.models import Section
from gonghui.funds.tests.granting import SYSTEM, granted, spend, till
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.ledger.day_proofs import proven_by
from gonghui.ledger.days import publish_days
from gonghui.ledger.engine import open_account
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.ledger.proofs import is_sound
from gonghui.ledger.sealing import seal_transfers
from tests.cast import IDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(cast):
    money = build_money(cast)
    granted(money, title="国庆慰问")
    return money


@pytest.fixture
def mei(client, money):
    return money.cast.sign_in(client, "mei")


def text(answer) -> str:
    return answer.content.decode()


def own_entry(money, name: str = "mei") -> Transfer:
    found = Transfer.objects.unscoped("test").filter(
        credit__person=money.cast.people[name], code="grant_points"
    )
    return found.get()


def test_page_shows_balance_lots_and_statement(mei, money):
    page = text(mei.get("/me/points"))
    assert "国庆慰问" in page
    assert '<p class="purse-number num">100</p>' in page
    assert f"/me/points/{own_entry(money).pk}" in page
    assert "全部专区" in page


@pytest.mark.parametrize("name", ["stranger", "clerk", "qiang"])
def test_page_without_points_says_so(client, money, name):
    page = text(money.cast.sign_in(client, name).get("/me/points"))
    assert "还没有福豆" in page


def test_fullest_page_takes_at_most_ten_queries(mei, money, django_assert_max_num_queries):
    """Several lots, some for one shelf only, points spent at a merchant."""
    mei.get("/me")  # the day's first request also notes that the device was seen
    Section.objects.create(code="books", name="图书专区")
    for n in range(3):
        granted(money, title=f"生日慰问 {n}", sections=["books"] if n else [])
    merchant = money.cast.store.partner
    shop = open_account(
        accounts.merchant_account("payable", union_id=money.cast.unions["city"].pk, partner_id=merchant.pk)
    )
    for n in range(25):
        spend(SYSTEM, person_id=money.cast.people["mei"].pk, points=1, subject=f"bill:{n}", credit_id=shop.pk)
    with django_assert_max_num_queries(10):
        page = text(mei.get("/me/points"))
    assert ("图书专区" in page, page.count(merchant.name)) == (True, 20)


def test_long_statement_turns_pages(mei, money):
    shop = till(money)
    for n in range(25):
        spend(SYSTEM, person_id=money.cast.people["mei"].pk, points=1, subject=f"bill:{n}", credit_id=shop.pk)
    first, second = text(mei.get("/me/points")), text(mei.get("/me/points?page=2"))
    assert (first.count("purse-n num"), second.count("purse-n num")) == (20 + 1, 6 + 1)
    assert "第 1–20 项，共 26 项" in first


def test_entry_leads_from_the_source_to_the_member(mei, money):
    page = text(mei.get(f"/me/points/{own_entry(money).pk}"))
    places = [page.index(word) for word in (money.source.name, "普惠预算", "发放：国庆慰问", "到您账上")]
    assert places == sorted(places)
    assert not any(name in page for key, (name, *_rest) in IDS.items() if key != "mei")
    assert "一两分钟后封存" in page


def test_spent_entry_leads_to_the_merchant(mei, money):
    partner = money.cast.store.partner
    purse = open_account(
        accounts.merchant_account("payable", union_id=money.cast.unions["city"].pk, partner_id=partner.pk)
    )
    spend(SYSTEM, person_id=money.cast.people["mei"].pk, points=30, subject="bill:1", credit_id=purse.pk)
    spent = Transfer.objects.unscoped("test").get(code="spend_points")
    page = text(mei.get(f"/me/points/{spent.pk}"))
    assert page.index(money.source.name) < page.rindex(partner.name)
    assert partner.name in text(mei.get("/me/points"))


@pytest.mark.django_db(transaction=True)
def test_proof_leads_to_the_sealed_root_and_a_changed_one_does_not(mei, money, tmp_path):
    entry = own_entry(money)
    assert mei.get(f"/me/points/{entry.pk}/proof.json").status_code == 404
    for _look in range(3):  # the first look only marks how far it may go
        seal_transfers(SYSTEM)
    assert "已封存在第" in text(mei.get(f"/me/points/{entry.pk}"))
    document = json.loads(mei.get(f"/me/points/{entry.pk}/proof.json").content)
    assert is_sound(document)
    assert str(entry.pk) in document["leaf"]
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(document))
    assert CliRunner().invoke(ledger, ["proof-check", str(file)]).exit_code == 0
    for broken in ({**document, "leaf": document["leaf"].replace("|100|", "|900|")}, {}, [], {"leaf": 1}):
        assert not is_sound(broken)
        file.write_text(json.dumps(broken))
        assert CliRunner().invoke(ledger, ["proof-check", str(file)]).exit_code == 1
    file.write_text("no json")
    assert CliRunner().invoke(ledger, ["proof-check", str(file)]).exit_code == 1


@pytest.mark.django_db(transaction=True)
def test_own_account_stands_in_the_published_totals_of_the_day(mei, money):
    entry = own_entry(money)
    assert mei.get(f"/me/points/{entry.pk}/totals.json").status_code == 404
    assert "明天凌晨就能查验" in text(mei.get(f"/me/points/{entry.pk}/totals"))
    for _look in range(3):
        seal_transfers(SYSTEM)
    with time_machine.travel(clock.now() + dt.timedelta(days=1), tick=True):
        assert publish_days(SYSTEM) == 1
    page = text(mei.get(f"/me/points/{entry.pk}/totals"))
    assert "恰好一次" in page and "100 福豆" in page
    answer = mei.get(f"/me/points/{entry.pk}/totals.json")
    proven = proven_by(answer.json())
    assert (proven.accounts, proven.credits, proven.debits) == (1, 100, 0)
    others = LedgerAccount.objects.unscoped("test").exclude(pk=entry.credit_id)
    assert [pk for pk in others.values_list("pk", flat=True) if f'"{pk}|' in text(answer)] == []


@pytest.mark.parametrize("name", ["hua", "qiang", "stranger", "city_admin"])
def test_entry_of_somebody_else_does_not_exist(client, money, name):
    money.cast.sign_in(client, name)
    for path in ("", "/proof.json", "/totals", "/totals.json"):
        assert client.get(f"/me/points/{own_entry(money).pk}{path}").status_code == 404


def test_me_page_leads_to_it(mei):
    assert "/me/points" in text(mei.get("/me"))
