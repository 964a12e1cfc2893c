"""当日总额 as people meet it: published to all, a statement with its proof, a branch without names."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.ledger import day_pages
from gonghui.ledger.day_proofs import proven_by
from gonghui.ledger.days import publish_days
from gonghui.ledger.models import Ledger
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.tests.books import fund, move, purse, said

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("test")


def publish() -> None:
    for _minute in range(3):
        seal_transfers(SYSTEM)
    with time_machine.travel(clock.now() + dt.timedelta(days=1), tick=True):
        publish_days(SYSTEM)


@pytest.fixture
def unions_books(cast):
    """A source of the province; purses of the city, of a person there, and of the sister city."""
    source = purse(cast.unions["province"], "source", limited="")
    city, sister = purse(cast.unions["city"], "city"), purse(cast.unions["sister"], "sister")
    own = purse(cast.unions["city"], "own", kind="paid", person=cast.people["mei"])
    fund(source, (city, 12_345), (sister, 50_000))
    said(move(city, own, 345))
    return source, city, own, sister


def test_published_page_says_totals_to_anybody_and_names_nobody(unions_books, client):
    assert "还没有公示过" in client.get("/ledger/days").content.decode()
    publish()
    page = client.get("/ledger/days").content.decode()
    assert "626.90" in page and "4 个账户" in page
    assert ("city" in page, client.get("/ledger/days.json").json()["days"][0].get("secret")) == (False, None)


def test_statement_proves_its_account_and_gives_the_file(unions_books, cast, client):
    _source, city, *_others = unions_books
    cast.sign_in(client, "city_admin")
    at, file = (
        reverse(f"admin:{name}", args=[city.pk]) for name in ("ledger_statement", "ledger_account_totals")
    )
    assert ("还没有公示过" in client.get(at).content.decode(), client.get(file).status_code) == (True, 404)
    publish()
    page = client.get(at).content.decode()
    assert "累计收入 123.45 元、支出 3.45 元" in page and "恰好一次" in page
    proven = proven_by(client.get(file).json())
    assert (proven.accounts, proven.credits, proven.debits) == (1, 12_345, 345)
    late = purse(cast.unions["city"], "late")
    page = client.get(reverse("admin:ledger_statement", args=[late.pk])).content.decode()
    assert "还没有入账" in page


@pytest.mark.parametrize(
    ("who", "status"),
    [("city_admin", 200), ("province_admin", 200), ("finance_officer", 200), ("sister_admin", 404), ("judge", 403),
     ("mei", 302), ("anonymous", 302)],
)  # fmt: skip
def test_proof_of_an_account_is_for_those_who_see_it(unions_books, cast, client, who, status):
    publish()
    cast.sign_in(client, who)
    file = reverse("admin:ledger_account_totals", args=[unions_books[1].pk])
    assert client.get(file).status_code == status


def test_branch_sums_its_own_against_the_published_and_names_nobody(unions_books, cast, client):
    cast.sign_in(client, "city_admin")
    assert "还没有公示过" in client.get(reverse("admin:ledger_branch")).content.decode()
    publish()
    answer = client.get(reverse("admin:ledger_branch"))
    page, [fen, points] = answer.content.decode(), answer.context["tables"]
    assert [(row["kind"], row["accounts"], row["credits"], row["debits"]) for row in fen["rows"]] == [
        ("职工自付", 1, "3.45", "0"), ("test", 1, "123.45", "3.45"),
    ]  # fmt: skip
    assert (fen["all"], fen["proven"], fen["is_wrong"], points["rows"]) == ("626.90", 1, False, [])
    assert (cast.people["mei"].name in page, "西岭" in page) == (False, False)
    file = client.get(reverse("admin:ledger_branch_file", args=[Ledger.FEN]))
    assert proven_by(file.json()).accounts == 1 and '"own"' not in file.content.decode()


def test_branch_of_others_does_not_exist(unions_books, cast, client):
    publish()
    cast.sign_in(client, "city_admin")
    for name, args in (("ledger_branch", []), ("ledger_branch_file", [1])):
        at = reverse(f"admin:{name}", args=args)
        assert client.get(at, {"union": cast.unions["sister"].pk}).status_code == 404
        assert client.get(at, {"union": cast.unions["city"].pk}).status_code == 200
    assert client.get(reverse("admin:ledger_branch_file", args=[7])).status_code == 404


def test_branch_of_many_accounts_says_that_it_is_cut(unions_books, cast, client, monkeypatch):
    monkeypatch.setattr(day_pages, "PROVEN_MAX", 1)
    publish()
    cast.sign_in(client, "province_admin")
    page = client.get(reverse("admin:ledger_branch")).content.decode()
    assert "已核对：1 个单位账户" in page and "单位账户较多" in page
