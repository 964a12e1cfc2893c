"""A dry run: the answers of posting, before it; nothing written, nothing sealed, nobody kept waiting."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import WAITING, wait_for
from gonghui.ledger import engine
from gonghui.ledger.engine import create_transfers, transfer_all, try_all, try_transfers
from gonghui.ledger.models import Transfer
from gonghui.ledger.tests.books import all_totals, move, purse, resolve, said, totals, transfer_count
from gonghui.ledger.tests.test_model import FIRST, LIMITS, batches, ordered
from gonghui.ledger.tests.test_sealing import seal_all, wrong
from gonghui.ledger.verify import unsealed_count

pytestmark = pytest.mark.django_db


def refusal(orders) -> str:
    """Of `transfer_all`, taken back."""
    with transaction.atomic():
        try:
            transfer_all(orders)
        except DomainError as error:
            return str(error)
        finally:
            transaction.set_rollback(True)
    return ""


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(play=st.lists(batches, min_size=1, max_size=5))
def test_dry_run_answers_what_posting_answers_and_leaves_no_trace(cast, play):
    with transaction.atomic():
        purses = [purse(cast.unions["city"], f"model {n}", limited=limit) for n, limit in enumerate(LIMITS)]
        pks = [one.pk for one in purses]
        for batch in [[[order] for order in FIRST], *play]:
            orders = [
                ordered(facts, pks, n if len(chain) > 1 else None)
                for n, chain in enumerate(batch, 1)
                for facts in chain
            ]
            before = all_totals(purses), transfer_count()
            tried, as_one = try_transfers(orders), try_all(orders)
            assert (all_totals(purses), transfer_count()) == before
            assert str(as_one or "") == refusal(orders)
            assert tried == create_transfers(orders)
        transaction.set_rollback(True)


def test_dry_run_sees_what_an_earlier_batch_of_it_would_bring(books, monkeypatch):
    monkeypatch.setattr(engine, "BATCH_MAX", 1)
    _source, a, b = books
    orders = [move(a, b, 100), move(b, a, 60), move(b, a, 60)]
    assert try_transfers(orders) == ["ok", "ok", "overdrawn"]
    assert (totals(a), totals(b), transfer_count()) == ((0, 0, 0, 100), (0, 0, 0, 0), 1)


def test_both_phases_are_tried_together_and_alone(books):
    _source, a, b = books
    held = move(a, b, 40, kind="pending")
    both = [held, resolve("post", held.id, 41), resolve("post", held.id, 30), resolve("void", held.id)]
    assert try_transfers(both) == ["ok", "beyond", "ok", "resolved"]
    assert try_transfers(both[2:3]) == ["not_pending"]
    assert said(held) == ["ok"]
    assert try_transfers([held, *both[2:]]) == ["exists", "ok", "resolved"]
    assert try_all([resolve("void", held.id)]) is None
    assert (totals(a), totals(b)) == ((40, 0, 0, 100), (0, 0, 40, 0))


def test_refusal_of_a_trial_names_the_order_as_posting_does(books):
    _source, a, b = books
    refused = try_all([move(a, b, 60, code="one"), move(a, b, 60, code="two")])
    assert (refused.code, refused.facts) == ("overdrawn", {"code": "two"})


@pytest.mark.django_db(transaction=True)
def test_what_was_only_tried_is_never_sealed(books):
    """Numbers it passed over are missing in the books as after any refusal, and nobody misses a transfer there."""
    _source, a, b = books
    for _n in range(3):
        assert try_transfers([move(a, b, 1), move(a, b, 1)]) == ["ok", "ok"]
    assert said(move(a, b, 1)) == ["ok"]
    assert try_transfers([move(a, b, 1)]) == ["ok"]
    seal_all()
    assert (transfer_count(), unsealed_count(), wrong()) == (2, 0, [])
    first, last = Transfer.objects.unscoped("test").order_by("seq").values_list("seq", flat=True)
    assert last - first == 7


@pytest.mark.django_db(transaction=True)
def test_dry_run_lets_go_of_the_accounts_once_it_has_answered(books):
    """A second till waits behind the trial only until it answered, though the caller's transaction goes on."""
    _source, a, b = books
    answers: list[str] = []

    def work() -> None:
        try:
            answers.extend(create_transfers([move(a, b, 100, id=uuid4())]))
        finally:
            connection.close()

    with transaction.atomic():
        assert try_transfers([move(a, b, 100)]) == ["ok"]
        other = threading.Thread(target=work)
        other.start()
        other.join(20)
        wait_for(WAITING, 0)
    assert (answers, totals(b)) == (["ok"], (0, 0, 0, 100))
