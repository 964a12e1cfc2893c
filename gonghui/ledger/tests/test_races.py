"""Many at once on real connections: totals hold, nothing is written twice, nobody waits in a circle."""

from __future__ import annotations

import random
from functools import partial
from uuid import uuid4

import pytest

from gonghui.kit.tests.racing import at_once
from gonghui.ledger import engine
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.ledger.tests.books import fund, move, purse, resolve, said, totals, transfer_count
from gonghui.ledger.verify import verify_ledger

pytestmark = pytest.mark.django_db(transaction=True)


def answers_of(said_by_each) -> list[str]:
    return sorted(answer for answers in said_by_each for answer in answers)


def test_the_last_of_it_is_given_once(books):
    _source, a, b = books
    said_by_each = at_once(*[partial(said, move(a, b, 60)) for _n in range(8)])
    assert answers_of(said_by_each) == ["ok"] + ["overdrawn"] * 7
    assert totals(a) == (0, 60, 0, 100)


def test_same_order_from_eight_sides_is_written_once(books):
    _source, a, b = books
    order = move(a, b, 60)
    assert answers_of(at_once(*[partial(said, order)] * 8)) == ["exists"] * 7 + ["ok"]
    assert (totals(a), transfer_count()) == ((0, 60, 0, 100), 2)


def test_pending_is_posted_or_voided_by_one_of_many(books):
    _source, a, b = books
    hold = move(a, b, 80, kind="pending")
    said(hold)
    calls = [partial(said, resolve(kind, hold.id)) for kind in ("post", "void") * 4]
    assert answers_of(at_once(*calls)) == ["ok"] + ["resolved"] * 7
    pending, posted, _, _ = totals(a)
    assert (pending, posted in (0, 80)) == (0, True)


def test_sweeps_at_once_give_back_once(books):
    import datetime as dt

    from django.utils import timezone

    _source, a, b = books
    past = timezone.now() - dt.timedelta(seconds=1)
    said(*(move(a, b, 10, kind="pending", expires_at=past) for _n in range(5)))
    assert sum(at_once(*[engine.void_expired] * 4)) == 5
    assert totals(a) == (0, 0, 0, 100)


def test_batches_over_the_same_accounts_in_any_order_end_without_deadlock(books, cast):
    """Sixteen threads, random batches back and forth: every one is answered, and the books agree afterwards."""
    source, *_rest = books
    purses = [purse(cast.unions["city"], f"p{n}") for n in range(6)]
    fund(source, *((p, 50) for p in purses))

    def play(seed: int) -> list[str]:
        dice, heard = random.Random(seed), []
        for _round in range(12):
            pairs = [dice.sample(purses, 2) for _n in range(dice.randint(1, 8))]
            chain = dice.choice([None, 1])
            heard += said(*(move(x, y, dice.randint(1, 30), chain=chain) for x, y in pairs))
        return heard

    heard = at_once(*[partial(play, seed) for seed in range(16)])
    assert [type(answers) for answers in heard] == [list] * 16
    assert {answer for answers in heard for answer in answers} <= {"ok", "overdrawn", "linked"}
    assert sum(totals(p)[3] - totals(p)[1] for p in purses) == 300
    assert [check.name for check in verify_ledger() if not check.ok] == []


def test_accounts_opened_at_once_are_one(cast):
    opening = engine.Opening("test", cast.unions["city"].pk, "same")
    opened = at_once(*[partial(engine.open_account, opening)] * 8)
    assert len({account.pk for account in opened}) == 1
    assert LedgerAccount.objects.unscoped("test").filter(name="same").count() == 1


def test_batch_killed_in_the_middle_leaves_nothing(books):
    """The connection dies before the commit: no transfer, no total."""
    from django.db import connection, transaction

    _source, a, b = books

    def dies() -> None:
        with transaction.atomic():
            said(move(a, b, 60, id=uuid4()))
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    at_once(dies)
    assert (totals(a), Transfer.objects.unscoped("test").filter(amount=60).count()) == ((0, 0, 0, 100), 0)
