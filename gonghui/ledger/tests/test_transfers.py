"""What a transfer may do: the answers of the field's reference, whoever writes."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from gonghui.benefits.tests.wire import database_url
from gonghui.config.databases import serving_url
from gonghui.kit.errors import DomainError
from gonghui.ledger import engine
from gonghui.ledger.engine import transfer_all
from gonghui.ledger.errors import REFUSALS
from gonghui.ledger.models import AMOUNT_MAX, Ledger, LedgerAccount, Transfer
from gonghui.ledger.tests.books import all_totals, move, purse, resolve, said, totals, transfer_count

pytestmark = pytest.mark.django_db


def soon(seconds: float = 3600) -> dt.datetime:
    return timezone.now() + dt.timedelta(seconds=seconds)


# --- One transfer -------------------------------------------------------------------------------------------


def test_posted_moves_from_debit_to_credit(books):
    _source, a, b = books
    assert said(move(a, b, 40)) == ["ok"]
    assert (totals(a), totals(b)) == ((0, 40, 0, 100), (0, 0, 0, 40))


def test_overdraft_is_refused_and_moves_nothing(books):
    _source, a, b = books
    assert said(move(a, b, 101)) == ["overdrawn"]
    assert (totals(a), totals(b), transfer_count()) == ((0, 0, 0, 100), (0, 0, 0, 0), 1)


def test_credits_limited_account_refuses_more_than_it_gave(cast):
    union = cast.unions["city"]
    source, promised = purse(union, "source", limited=""), purse(union, "promised", limited="credits")
    assert said(move(promised, source, 30), move(source, promised, 31), move(source, promised, 30)) == [
        "ok",
        "overdrawn",
        "ok",
    ]
    assert totals(promised) == (0, 30, 0, 30)


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": AMOUNT_MAX + 1}, "amount"),
        ({"amount": 2**63 - 1}, "amount"),
        ({"amount": None}, "amount"),
        ({"ledger": Ledger.POINTS}, "account"),
        ({"credit_id": 987654321}, "account"),
        ({"credit_id": None}, "account"),
        ({"debit_id": None}, "account"),
        ({"kind": "nonsense"}, "bad"),
        ({"code": "NO|PIPES"}, "bad"),
        ({"subject": "a|b"}, "bad"),
        ({"expires_at": dt.datetime(2030, 1, 1, tzinfo=dt.UTC)}, "bad"),
    ],
)
def test_bad_order_is_answered_and_moves_nothing(books, facts, answer):
    _source, a, b = books
    before = all_totals(books)
    order = move(a, b, facts.get("amount", 10), **{k: v for k, v in facts.items() if k != "amount"})
    assert said(order) == [answer]
    assert (all_totals(books), transfer_count()) == (before, 1)
    with pytest.raises(DomainError) as refused:
        transfer_all([order])
    assert refused.value.reason is REFUSALS[answer]
    assert (all_totals(books), transfer_count()) == (before, 1)


@pytest.mark.parametrize("answer", sorted(REFUSALS))
def test_every_refusal_says_why_and_what_to_do(answer):
    """In Chinese, ended as sentences are, without the words of the tables."""
    refusal = REFUSALS[answer]
    for text in (str(refusal.message), str(refusal.advice)):
        assert text.endswith("。") and not re.search("[A-Za-z_]", text), text


def test_account_cannot_pay_itself(books):
    _source, a, _b = books
    assert said(move(a, a, 10)) == ["same_account"]


def test_closed_account_neither_gives_nor_takes(books):
    source, a, b = books
    LedgerAccount.objects.unscoped("test").filter(pk=a.pk).update(closed_at=timezone.now())
    assert said(move(a, b, 10), move(source, a, 10)) == ["account", "account"]
    assert totals(a) == (0, 0, 0, 100)


def test_account_with_something_pending_is_not_closed(books):
    """What was set aside there could never be given back."""
    _source, a, b = books
    hold = move(a, b, 10, kind="pending")
    said(hold)
    for account in (a, b):
        with pytest.raises(IntegrityError, match="ledger_account_closed_at_rest"), transaction.atomic():
            LedgerAccount.objects.unscoped("test").filter(pk=account.pk).update(closed_at=timezone.now())
    assert said(resolve("void", hold.id)) == ["ok"]
    LedgerAccount.objects.unscoped("test").filter(pk=a.pk).update(closed_at=timezone.now())


def test_ledgers_never_mix(books, cast):
    _source, a, _b = books
    points = purse(cast.unions["city"], "points", ledger=Ledger.POINTS)
    assert said(move(a, points, 10), move(a, points, 10, ledger=Ledger.POINTS)) == ["account", "account"]
    assert (totals(a), totals(points)) == ((0, 0, 0, 100), (0, 0, 0, 0))


# --- The same again -----------------------------------------------------------------------------------------


def test_same_id_again_exists_and_with_other_fields_conflicts(books):
    _source, a, b = books
    order = move(a, b, 10)
    assert said(order) == ["ok"]
    other = [
        move(a, b, 11, id=order.id),
        move(b, a, 10, id=order.id),
        move(a, b, 10, id=order.id, subject="x:1"),
    ]
    assert said(order, *other, order) == ["exists", "conflicts", "conflicts", "conflicts", "exists"]
    assert totals(a) == (0, 10, 0, 100)


def test_same_id_twice_in_one_batch_is_written_once(books):
    _source, a, b = books
    order = move(a, b, 10)
    assert said(order, order, move(a, b, 20, id=order.id)) == ["ok", "exists", "conflicts"]
    assert totals(b) == (0, 0, 0, 10)


# --- Two phases ---------------------------------------------------------------------------------------------


def test_pending_counts_as_given_and_not_as_received(books):
    _source, a, b = books
    assert said(move(a, b, 80, kind="pending")) == ["ok"]
    assert (totals(a), totals(b)) == ((80, 0, 0, 100), (0, 0, 80, 0))
    assert said(move(a, b, 21), move(b, a, 1), move(a, b, 20)) == ["overdrawn", "overdrawn", "ok"]


@pytest.mark.parametrize(("part", "rest"), [(None, 20), (80, 20), (30, 70), (1, 99)])
def test_post_takes_all_or_a_part_and_gives_the_rest_back(books, part, rest):
    _source, a, b = books
    hold = move(a, b, 80, kind="pending")
    assert said(hold) == ["ok"]
    assert said(resolve("post", hold.id, part)) == ["ok"]
    assert (totals(a), totals(b)) == ((0, 100 - rest, 0, 100), (0, 0, 0, 100 - rest))


def test_void_gives_all_back(books):
    _source, a, b = books
    hold = move(a, b, 80, kind="pending")
    assert said(hold, resolve("void", hold.id)) == ["ok", "ok"]
    assert (totals(a), totals(b)) == ((0, 0, 0, 100), (0, 0, 0, 0))


def test_pending_is_resolved_at_most_once(books):
    _source, a, b = books
    hold = move(a, b, 80, kind="pending")
    first = resolve("post", hold.id, 50)
    assert said(hold, first) == ["ok", "ok"]
    assert said(resolve("post", hold.id, 30), resolve("void", hold.id), first) == [
        "resolved",
        "resolved",
        "exists",
    ]
    assert totals(a) == (0, 50, 0, 100)


def test_post_beyond_the_pending_amount_is_refused(books):
    _source, a, b = books
    hold = move(a, b, 50, kind="pending")
    assert said(hold, resolve("post", hold.id, 51)) == ["ok", "beyond"]
    assert totals(a) == (50, 0, 0, 100)


def test_only_pending_transfers_are_resolved(books):
    _source, a, b = books
    done = move(a, b, 50)
    assert said(done, resolve("post", done.id), resolve("void", uuid4())) == [
        "ok",
        "not_pending",
        "not_pending",
    ]


def test_pending_past_its_time_cannot_be_posted_and_gives_back_at_the_sweep(books):
    _source, a, b = books
    hold = move(a, b, 80, kind="pending", expires_at=soon(-1))
    assert said(hold) == ["ok"]
    assert said(resolve("post", hold.id)) == ["expired"]
    assert totals(a) == (80, 0, 0, 100)
    assert engine.void_expired() == 1
    assert engine.void_expired() == 0
    assert totals(a) == (0, 0, 0, 100)
    void = Transfer.objects.unscoped("test").get(pending_id=hold.id)
    assert (void.kind, void.code, void.amount, void.released) == ("void", "expired", 0, 80)


def test_pending_in_time_is_left_alone_by_the_sweep(books):
    _source, a, b = books
    hold = move(a, b, 80, kind="pending", expires_at=soon())
    assert said(hold) == ["ok"]
    assert engine.void_expired() == 0
    assert said(resolve("post", hold.id)) == ["ok"]


# --- Chains -------------------------------------------------------------------------------------------------


def test_chain_is_written_whole_or_not_at_all(books):
    _source, a, b = books
    chain = [move(a, b, 60, chain=1), move(a, b, 60, chain=1), move(b, a, 1, chain=1)]
    assert said(*chain, move(a, b, 5)) == ["linked", "overdrawn", "linked", "ok"]
    assert (totals(a), transfer_count()) == ((0, 5, 0, 100), 2)


def test_chain_again_exists_whole(books):
    _source, a, b = books
    chain = [move(a, b, 60, chain=1), move(b, a, 10, chain=1)]
    assert said(*chain) == ["ok", "ok"]
    assert said(*chain) == ["exists", "exists"]
    assert said(chain[0], move(b, a, 5, chain=1)) == ["exists", "linked"]
    assert totals(a) == (0, 60, 0, 110)


def test_what_an_earlier_order_brings_a_later_one_may_spend(books):
    _source, a, b = books
    assert said(move(b, a, 10), move(a, b, 100), move(b, a, 10)) == ["overdrawn", "ok", "ok"]
    assert (totals(a), totals(b)) == ((0, 100, 0, 110), (0, 10, 0, 100))


def test_transfer_all_raises_the_refusal_of_the_first(books):
    _source, a, b = books
    with pytest.raises(DomainError) as refused:
        engine.transfer_all([move(a, b, 60), move(a, b, 60)])
    assert (refused.value.code, totals(a)) == ("overdrawn", (0, 0, 0, 100))
    engine.transfer_all([move(a, b, 60), move(b, a, 60)])
    assert totals(a) == (0, 60, 0, 160)


def test_transfer_all_of_old_and_new_orders_is_a_conflict_and_moves_nothing(books):
    _source, a, b = books
    old, new = move(a, b, 60), move(a, b, 5)
    engine.transfer_all([old])
    for orders in ([old, new], [new, old]):
        with pytest.raises(DomainError) as refused:
            engine.transfer_all(orders)
        assert (refused.value.code, totals(a), transfer_count()) == ("transfer_conflict", (0, 60, 0, 100), 2)
    engine.transfer_all([old])
    assert totals(a) == (0, 60, 0, 100)


# --- By hand, in psql ---------------------------------------------------------------------------------------


def tried(statement: str) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return str(error).splitlines()[0]
    return "done"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfer SET amount = 1",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer CASCADE",
        "UPDATE ledger_account SET credits_posted = 1000",
        "UPDATE ledger_account SET ledger = 2",
        "UPDATE ledger_account SET person_id = NULL, name = 'x'",
        "DELETE FROM ledger_account",
        "TRUNCATE ledger_account CASCADE",
        "INSERT INTO ledger_account (ledger, kind, name, union_id, limited, debits_pending, debits_posted, credits_pending,"
        " credits_posted) SELECT 1, 'test', 'rich', union_id, '', 0, 0, 0, 5 FROM ledger_account LIMIT 1",
        "INSERT INTO ledger_transfer (id, kind, ledger, debit_id, credit_id, amount, released, code, subject)"
        " SELECT gen_random_uuid(), 'posted', 1, a.id, b.id, 101, 0, 'test', '' FROM ledger_account a, ledger_account b"
        " WHERE a.name = 'a' AND b.name = 'b'",
    ],
)
def test_nobody_gets_around_the_transfers(books, statement):
    before = (all_totals(books), transfer_count())
    assert tried(statement) != "done"
    assert (all_totals(books), transfer_count()) == before


FORBIDDEN = [
    "UPDATE ledger_transfer SET amount = amount + 1",
    "DELETE FROM ledger_transfer",
    "TRUNCATE ledger_transfer CASCADE",
    "SELECT 1 FROM ledger_transfer FOR UPDATE",
    "UPDATE ledger_block SET hash = hash",
    "DELETE FROM ledger_day_totals",
    "UPDATE kit_audit SET reason = ''",
    "UPDATE ledger_account SET credits_posted = credits_posted + 1",
    "ALTER TABLE ledger_transfer DISABLE TRIGGER ALL",
    "DROP TRIGGER ledger_transfer_b_moves ON ledger_transfer",
    "CREATE OR REPLACE FUNCTION ledger_transfer_moves() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "SET session_replication_role = replica",
]


@contextmanager
def as_the_services():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE gonghui_app")
        yield cursor
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_services_may_not_change_what_was_written(books, statement):
    """By privilege: no trigger is asked."""
    with as_the_services() as cursor:
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            cursor.execute(statement)
        assert caught.value.__cause__.sqlstate == "42501"


def test_services_cannot_become_the_owner_or_give_themselves_a_right(db):
    with psycopg.connect(serving_url(database_url()), autocommit=True) as services:
        assert services.execute("SELECT session_user").fetchone() == ("gonghui_app",)
        services.execute("GRANT UPDATE ON ledger_transfer TO gonghui_app")  # a warning, no grant
        asked = "SELECT has_any_column_privilege('ledger_transfer', 'UPDATE')"
        assert services.execute(asked).fetchone() == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            services.execute(f"SET ROLE {connection.settings_dict['USER']}")


def test_services_add_transfers_and_the_totals_move(books):
    _source, a, b = books
    with as_the_services():
        assert said(move(a, b, 40), move(a, b, 70)) == ["ok", "overdrawn"]
    assert (totals(a), totals(b)) == ((0, 40, 0, 100), (0, 0, 0, 40))


def test_insert_by_hand_moves_the_accounts_too(books):
    _source, a, b = books
    statement = (
        "INSERT INTO ledger_transfer (id, kind, ledger, debit_id, credit_id, amount, released, code, subject)"
        f" SELECT gen_random_uuid(), 'posted', 1, {a.pk}, {b.pk}, 7, 0, 'test', '' FROM generate_series(1, 3)"
    )
    assert tried(statement) == "done"
    assert (totals(a), totals(b)) == ((0, 21, 0, 100), (0, 0, 0, 21))
