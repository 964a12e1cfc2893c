"""The ledger: the last of an account, pending transfers, the same order again, late commits; many at once, and killed."""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest
from django.utils import timezone

from benchmarks.servers import environment, own_postgres
from gonghui.config.launcher import postgres
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import Keyring
from gonghui.kit.tests.racing import at_once
from gonghui.ledger import engine
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.ledger.queries import statement
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.tests.books import fund, move, purse, resolve, said, totals, transfer_count
from gonghui.ledger.verify import unsealed_count, verify_ledger
from tests.databases import lay_tables
from tests.races.stage import child, in_turn, killed_at, killed_inside, lock_on, past_the_check
from tests.test_gate_crashes import kill_postgres

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
SYSTEM = Actor.system("test")
MOVES = """
from gonghui.ledger.engine import Order, create_transfers
from uuid import uuid4
create_transfers([Order(uuid4(), "test", amount, debit, credit)])
"""


def answers_of(said_by_each) -> list[str]:
    return sorted(answer for answers in said_by_each for answer in answers)


def wrong() -> list[str]:
    return [check.name for check in verify_ledger() if not check.ok]


# --- The last of it -------------------------------------------------------------------------------------------


def test_the_last_of_it_is_given_once(books):
    """Medusa #16012: the amount left was read, judged in the program and written, so two at once both had the last of it. Here:
    eight stand before the account, each for more than half; one has it."""
    _source, a, b = books
    said_by_each = past_the_check(lock_on(a), *[partial(said, move(a, b, 60)) for _n in range(8)])
    assert answers_of(said_by_each) == ["ok"] + ["overdrawn"] * 7
    assert totals(a) == (0, 60, 0, 100)


def test_six_set_aside_a_thousand_each_of_five(cast):
    """Blnk #181: six debits of 1,000 in flight were accepted on 5,000, because only what was posted was looked at. Here: what
    is set aside is gone; five at once are accepted, the sixth is not, and all five can be posted."""
    source, a, b = (
        purse(cast.unions["city"], name, limited="debits" if name == "a" else "") for name in "sab"
    )
    fund(source, (a, 5000))
    holds = [move(a, b, 1000, kind="pending") for _n in range(6)]
    said_by_each = past_the_check(lock_on(a), *[partial(said, hold) for hold in holds])
    assert answers_of(said_by_each) == ["ok"] * 5 + ["overdrawn"]
    posted = said(*(resolve("post", hold.id) for hold in holds))
    assert sorted(posted) == ["not_pending"] + ["ok"] * 5
    assert totals(a) == (0, 5000, 0, 5000)


def test_what_was_refused_cannot_be_posted_and_nothing_negative_is_taken(books):
    """Blnk PR #315: commits of negative amounts went through. Here: neither a transfer nor the posting of a pending one takes
    an amount of nothing or less, from any side; what was set aside stays so."""
    _source, a, b = books
    hold = move(a, b, 80, kind="pending")
    said(hold)
    calls = [partial(said, resolve("post", hold.id, amount)) for amount in (-80, 0, 81)]
    calls += [partial(said, move(a, b, amount)) for amount in (-1, 0)]
    answers = [answer for (answer,) in at_once(*calls)]
    assert sorted(answers) == ["amount"] * 4 + ["beyond"]
    assert totals(a) == (80, 0, 0, 100)


def test_pending_is_posted_or_voided_by_one_of_many(books):
    """Blnk PR #315: two refunds at once of one debit both went back. Here: four post and four void one pending transfer; one of
    them has resolved it, the other seven hear so."""
    _source, a, b = books
    hold = move(a, b, 80, kind="pending")
    said(hold)
    calls = [partial(said, resolve(kind, hold.id)) for kind in ("post", "void") * 4]
    assert answers_of(past_the_check(lock_on(a), *calls)) == ["ok"] + ["resolved"] * 7
    pending, posted, _, _ = totals(a)
    assert (pending, posted in (0, 80)) == (0, True)


def test_sweeps_at_once_give_back_once(books):
    """Medusa #16595, on the way of holds that end: a release that runs twice frees twice. Here: four sweeps, five holds past
    their time; each goes back once."""
    _source, a, b = books
    past = timezone.now() - dt.timedelta(seconds=1)
    said(*(move(a, b, 10, kind="pending", expires_at=past) for _n in range(5)))
    assert sum(past_the_check(lock_on(a), *[engine.void_expired] * 4)) == 5
    assert totals(a) == (0, 0, 0, 100)


# --- The same again -------------------------------------------------------------------------------------------


def test_same_order_from_eight_sides_is_written_once(books):
    """Blnk PR #315 and Formance stack #1633: what is ordered again must be known again. Here: one order from eight sides is one
    transfer, and seven hear that it exists."""
    _source, a, b = books
    order = move(a, b, 60)
    assert answers_of(past_the_check(lock_on(a), *[partial(said, order)] * 8)) == ["exists"] * 7 + ["ok"]
    assert (totals(a), transfer_count()) == ((0, 60, 0, 100), 2)


def test_same_id_twice_in_one_batch_is_written_once(books):
    """Formance stack #1633: the same idempotency key twice in one batch crashed the ledger. Here: it is answered, alone and
    from four sides, and with other fields it conflicts; other orders of the batch are written."""
    _source, a, b = books
    order, other = move(a, b, 30), move(a, b, 5)
    assert said(order, order, replace(order, amount=31), other) == ["ok", "exists", "conflicts", "ok"]
    twice = move(a, b, 10)
    said_by_each = past_the_check(lock_on(a), *[partial(said, twice, twice)] * 4)
    assert answers_of(said_by_each) == ["exists"] * 7 + ["ok"]
    assert totals(a) == (0, 45, 0, 100)


def test_batch_goes_on_or_back_as_it_was_told(books):
    """Formance stack #1596: whether a batch with a bad line goes on or back was nobody's choice. Here: the same three orders,
    the middle one beyond what is there: alone, two are written; in a chain, none; also with others at the same account."""
    _source, a, b = books
    alone = [move(a, b, amount) for amount in (10, 500, 20)]
    chained = [move(a, b, amount, chain=1) for amount in (10, 500, 20)]
    said_by_each = past_the_check(lock_on(a), partial(said, *alone), partial(said, *chained))
    assert said_by_each == [["ok", "overdrawn", "ok"], ["linked", "overdrawn", "linked"]]
    assert totals(a) == (0, 30, 0, 100)


def test_accounts_opened_at_once_are_one(cast):
    """CiviCRM PR #33002 (peers §5), played in the ledger: the same thing made twice because nobody had it yet. Here: eight open
    one account; it is one."""
    opening = engine.Opening("test", cast.unions["city"].pk, "same")
    opened = at_once(*[partial(engine.open_account, opening)] * 8)
    assert len({account.pk for account in opened}) == 1
    assert LedgerAccount.objects.unscoped("test").filter(name="same").count() == 1


# --- Late commits ---------------------------------------------------------------------------------------------


def test_late_commit_is_in_every_total(books, cast):
    """django-hordak PR #142, PR #76: a cached running total took the highest id as its cut-off; a transfer with a lower id that
    committed later was in no balance ever after. Here: another process writes first and stays open, others write, read and seal
    meanwhile; once it commits it is in the balance, the statement and the sealed history."""
    source, a, b = books
    c = purse(cast.unions["city"], "c")
    late = 'with transaction.atomic():\n    exec(moves)\n    print("inside", flush=True)\n    input()\nprint("done", flush=True)'
    facts = {"moves": MOVES, "amount": 5, "debit": a.pk, "credit": b.pk}
    with child(late, **facts) as slow:
        assert slow.said() == "inside"
        assert said(move(source, c, 7)) == ["ok"]  # its number is higher, and it is on file first
        for _minute in range(3):
            seal_transfers(SYSTEM)
        slow.process.stdin.write("\n")
        slow.process.stdin.flush()
        assert slow.said() == "done"
    for _minute in range(3):
        seal_transfers(SYSTEM)
    assert (totals(a), totals(b), totals(c)) == ((0, 5, 0, 100), (0, 0, 0, 5), (0, 0, 0, 7))
    assert [line.balance for line in statement(fresh(b))] == [5]
    assert [line.balance for line in statement(fresh(a))] == [95, 100]
    assert (unsealed_count(), wrong()) == (0, [])


def fresh(account: LedgerAccount) -> LedgerAccount:
    return LedgerAccount.objects.unscoped("test").get(pk=account.pk)


def test_who_writes_first_is_waited_for_by_who_comes_second(books):
    """django-hordak PR #142: a deferred foreign key locks no account until the commit, so a lock on the account kept no writer
    out. Here: the account's row itself moves with the transfer; of two that want the rest the second judges by what the first
    left, in both orders."""
    _source, a, b = books
    more, less = partial(said, move(a, b, 70)), partial(said, move(a, b, 40))
    assert in_turn(lock_on(a), more, less) == [["ok"], ["overdrawn"]]
    assert in_turn(lock_on(a), partial(said, move(a, b, 31)), partial(said, move(a, b, 30))) == [
        ["overdrawn"],
        ["ok"],
    ]
    assert totals(a) == (0, 100, 0, 100)


# --- Everything at once, and killed ---------------------------------------------------------------------------


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
    assert wrong() == []


def test_batch_killed_in_the_middle_leaves_nothing(books):
    """Formance stack #1633: a crash in the middle of a batch. Here: a process killed with -9 once everything but the commit is
    written, and one killed while it stands before an account, leave no transfer and no total, and keep nobody waiting."""
    _source, a, b = books
    facts = {"debit": a.pk, "credit": b.pk}
    killed_inside(MOVES, amount=60, **facts)
    killed_at(lock_on(b), MOVES, amount=60, **facts)
    assert (totals(a), Transfer.objects.unscoped("test").filter(amount=60).count()) == ((0, 0, 0, 100), 0)
    assert (said(move(a, b, 100)), wrong()) == (["ok"], [])


# --- The database itself killed -------------------------------------------------------------------------------

WORLD = """
import json
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from gonghui.ledger.tests.books import fund, purse
from tests.cast import new_union
union = new_union("东江市总工会", "city")
purses = [purse(union, f"p{n}", limited="debits" if n else "") for n in range(5)]
fund(purses[0], *((each, 10_000) for each in purses[1:]))
print(json.dumps([each.pk for each in purses]))
"""
WRITES = """
import random
import django
django.setup()
from django.db import connection
from uuid import uuid4
from gonghui.kit.actors import Actor
from gonghui.ledger.engine import Order, create_transfers
from gonghui.ledger.sealing import seal_transfers
dice = random.Random(writer)
for n in range(100_000):
    pairs = [dice.sample(purses, 2) for _n in range(size)]
    said = create_transfers([
        Order(uuid4(), "test", dice.randint(1, 9), debit, credit, subject=f"batch:{writer}.{n}", chain=1)
        for debit, credit in pairs
    ])
    print(n, *set(said), flush=True)
    if writer == 0 and n % 5 == 0:
        seal_transfers(Actor.system("test"))
"""
READS = """
import json
import django
django.setup()
from django.db import connection
from django.db.models import Count
from gonghui.funds.tests.stage import trial
from gonghui.kit.actors import Actor
from gonghui.ledger.models import Transfer
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.verify import unsealed_count, verify_ledger
for _minute in range(3):
    seal_transfers(Actor.system("test"))
rows = Transfer.objects.unscoped("test").filter(subject__startswith="batch:").order_by().values_list("subject")
with connection.cursor() as cursor:
    asked = [cursor.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit")]
print(json.dumps({
    "batches": dict(rows.annotate(n=Count("pk"))), "asked": asked, "trial": trial(), "unsealed": unsealed_count(),
    "wrong": [check.name for check in verify_ledger() if not check.ok],
}))
"""
WRITERS, SIZE, ANSWERED = 3, 20, 12


def program(text: str, url: str, keys: str, **facts: object) -> subprocess.Popen:
    """Our own process on a database that is not the tests'."""
    known = "\n".join(f"{name} = {value!r}" for name, value in facts.items())
    silent = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    return subprocess.Popen([sys.executable, "-c", f"{known}\n{text}"], env=environment(url, keys), **silent)


def printed(text: str, url: str, keys: str) -> object:
    said, _errors = program(text, url, keys).communicate(timeout=300)
    return json.loads(said.splitlines()[-1])


def test_answered_batches_outlive_the_database_killed_with_nine(tmp_path):
    """What is answered is on the disk: three processes write batches without a pause, one of them seals; PostgreSQL and all its
    backends are killed with -9 in the middle, with fsync and synchronous_commit on. Afterwards every batch that was answered is
    there, none in part, the books agree and the whole is proved."""
    folder, keys = tmp_path / "pg", Keyring.generate().to_json()
    with own_postgres(folder) as url:
        lay_tables(url)
        purses = printed(WORLD, url, keys)
        facts = {"purses": purses, "size": SIZE}
        writers = [program(WRITES, url, keys, writer=n, **facts) for n in range(WRITERS)]
        heard = [[writer.stdout.readline() for _n in range(ANSWERED)] for writer in writers]
        kill_postgres(folder)
        for lines, writer in zip(heard, writers, strict=True):
            lines += writer.stdout.read().splitlines()
        assert [writer.wait(60) for writer in writers] == [1] * WRITERS
        postgres.start_server(folder)
        found = printed(READS, url, keys)
    told = [(n, *line.split()) for n, lines in enumerate(heard) for line in lines]
    assert {words[2:] for words in told} <= {("ok",), ("linked", "overdrawn"), ("overdrawn", "linked")}
    answered = {f"batch:{writer}.{n}" for writer, n, *words in told if words == ["ok"]}
    assert len(answered) >= WRITERS * ANSWERED // 2
    assert answered - found["batches"].keys() == set()
    assert set(found["batches"].values()) == {SIZE}
    assert len(found["batches"].keys() - answered) <= WRITERS  # committed, but the answer was cut off
    assert found["asked"] == ["on", "on"]
    assert (found["trial"], found["unsealed"], found["wrong"]) == (0, 0, [])
