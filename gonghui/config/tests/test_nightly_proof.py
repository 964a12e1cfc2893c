"""The nightly proof of the books: kept, told to those who read the ledger at the root, and said by doctor and readyz."""

import psycopg
import pytest
from django.db import IntegrityError, transaction

from gonghui.benefits.tests.wire import database_url
from gonghui.config.launcher import doctor
from gonghui.config.launcher.doctor import Level
from gonghui.funds.ledger_reactions import tell_of_books
from gonghui.funds.tests.stage import build_money
from gonghui.kit.actors import Actor
from gonghui.ledger.events import BooksDisagree
from gonghui.ledger.models import Proof
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.tasks import prove_books
from gonghui.ledger.tests.test_sealing import behind_the_back
from gonghui.notices.models import Message
from gonghui.payments.tests.figures import jobs

pytestmark = pytest.mark.django_db(transaction=True)


def doctor_says() -> doctor.Finding:
    with psycopg.connect(database_url(), autocommit=True) as connection:
        return doctor.books(connection)


def test_books_that_do_not_agree_are_told_in_the_morning(cast, client):
    money = build_money(cast)
    for _minute in range(2):
        seal_transfers(Actor.system("test"))
    assert (doctor_says().level, client.get("/readyz").json()["warnings"]) == (Level.GOOD, [])
    prove_books(timestamp=0)
    assert (Proof.objects.get().wrong, jobs("tell_of_books")) == ([], 0)
    assert (doctor_says().level, "全部相符" in doctor_says().sentence) == (Level.GOOD, True)

    behind_the_back(
        f"UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE id = {money.city.account_id}"
    )
    prove_books(timestamp=0)
    found = Proof.objects.latest("id")
    assert [one["name"] for one in found.wrong] == [
        "账户余额等于全部分录之和",
        "试算平衡：借方合计等于贷方合计",
    ]
    assert (found.wrong[0]["of"], jobs("tell_of_books")) == ([str(money.city.account_id)], 1)
    for _again in range(2):
        tell_of_books(BooksDisagree(found.pk))
    told = Message.objects.unscoped("test").filter(title="账本核对发现不一致")
    wanted = {cast.users[name].pk for name in ("province_admin", "province_finance", "auditor")}
    assert (set(told.values_list("user_id", flat=True)), told.count()) == (wanted, 3)
    assert "账户余额等于全部分录之和" in told[0].body
    assert (doctor_says().level, "2 项不一致" in doctor_says().sentence) == (Level.BAD, True)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["warnings"] == ["账本自动核对发现不一致：请运行 gonghui ledger verify。"]

    behind_the_back(
        f"UPDATE ledger_account SET credits_posted = credits_posted - 1 WHERE id = {money.city.account_id}"
    )
    prove_books(timestamp=0)
    assert (doctor_says().level, client.get("/readyz").json()["warnings"], jobs("tell_of_books")) == (
        Level.GOOD,
        [],
        1,
    )


def test_what_a_proof_found_stays(db):
    prove_books(timestamp=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proof.objects.update(wrong=["x"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Proof.objects.all().delete()
    assert Proof.objects.get().wrong == []
