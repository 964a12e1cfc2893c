"""每日总额: published once, provable by whoever sees an account, and no change of anything goes unseen."""

from __future__ import annotations

import copy
import datetime as dt
import json
import signal
import subprocess
import sys
import time

import pytest
import time_machine
from click.testing import CliRunner
from django.db import DatabaseError, connection, transaction

from gonghui.benefits.tests.servers import environment
from gonghui.config.cli.ledger import ledger
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.tests.racing import at_once
from gonghui.ledger import days
from gonghui.ledger.day_proofs import as_document, first_broken_day, proofs_of, proven_by
from gonghui.ledger.days import leaves_of, publish_days, published_days, tree_of
from gonghui.ledger.models import DayTotals, DayTree, Ledger, LedgerAccount
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.tests.books import fund, move, purse, said
from gonghui.ledger.tests.test_sealing import behind_the_back, wrong
from gonghui.ledger.verify import verify_ledger

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("test")
CHAIN = "每日总额首尾相接，一天不缺，指纹没有变过"
SUMS = "每日总额等于到那天为止的全部分录之和"
ONCE = "公示的总额里每个账户恰好一次，数额与分录相符"


def seal_all() -> None:
    for _minute in range(3):
        seal_transfers(SYSTEM)


def a_day_later(n: int = 1):
    return time_machine.travel(clock.now() + dt.timedelta(days=n), tick=True)


def published(n: int = 1) -> int:
    """Days made when `n` days have passed and all is sealed."""
    seal_all()
    with a_day_later(n):
        return publish_days(SYSTEM)


@pytest.fixture
def many(books, cast):
    """The books, and a hundred purses more with 1, 2, 3 … in them."""
    source, a, b = books
    said(move(a, b, 30))
    purses = [purse(cast.unions["city"], f"p{n}") for n in range(100)]
    fund(source, *((row, n) for n, row in enumerate(purses, 1)))
    return [source, a, b, *purses]


def fen() -> DayTotals:
    return published_days(Ledger.FEN).first()


def document_of(*accounts: LedgerAccount) -> dict:
    return json.loads(json.dumps(as_document(fen(), proofs_of(accounts, fen()))))


def test_day_is_published_once_it_is_over_and_sealed_and_only_once(many):
    assert publish_days(SYSTEM) == 0  # not over
    with a_day_later():
        assert publish_days(SYSTEM) == 0  # not sealed
    assert (published(), published()) == (1, 0)
    assert [(row.ledger, row.number, row.accounts, row.debits, row.credits) for row in published_days()] == [
        (Ledger.FEN, 1, 103, 100 + 30 + 5050, 100 + 30 + 5050), (Ledger.POINTS, 1, 0, 0, 0),
    ]  # fmt: skip
    assert wrong() == []


def test_days_that_were_missed_are_made_up_for_each_as_it_stood(many):
    published()
    assert published(4) == 3
    found = list(published_days(Ledger.FEN))
    assert [row.number for row in found] == [4, 3, 2, 1]
    assert {row.credits for row in found} == {5180}
    assert [bytes(row.previous) for row in found[:-1]] == [bytes(row.hash) for row in found[1:]]
    assert (wrong(), [c.ok for c in verify_ledger(every_day=True)]) == ([], [True] * 9)


def test_what_moves_after_midnight_counts_the_next_day(many):
    source, a, b, *_purses = many
    published()
    then = document_of(a)
    said(move(source, a, 1_000), move(a, b, 5))
    seal_all()
    assert (fen().credits, document_of(a)) == (5180, then)
    assert published(2) == 1
    assert (fen().credits, proven_by(document_of(a)).credits) == (6185, 1_100)
    assert wrong() == []


def test_every_account_is_proven_from_its_file_alone(many, tmp_path):
    published()
    for account in many:
        account.refresh_from_db()
        proven = proven_by(document_of(account))
        assert (proven.debits, proven.credits) == (account.debits_posted, account.credits_posted)
        assert (proven.accounts, proven.day.credits) == (1, 5180)
    together = proven_by(document_of(*many))
    assert (together.accounts, together.debits, together.credits) == (103, 5180, 5180)
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(document_of(many[1])))
    assert CliRunner().invoke(ledger, ["totals-check", str(file)]).exit_code == 0


def test_account_that_has_not_moved_by_then_has_no_proof(many, cast):
    empty = purse(cast.unions["city"], "empty")
    published()
    assert proofs_of([empty], fen()) == []
    assert proven_by(as_document(fen(), [])) is None


def tampered(document: dict):
    """One change at a time, of everything a file says."""
    for change in (
        lambda d: d["day"].update(credits=d["day"]["credits"] + 1),
        lambda d: d["day"].update(debits=d["day"]["debits"] - 1),
        lambda d: d["day"].update(day="2020-01-01"),
        lambda d: d["day"].update(accounts=7),
        lambda d: d["day"].update(block_hash="00" * 32),
        lambda d: d["day"].update(previous="11" * 32),
        lambda d: d["accounts"][0].update(credits=1),
        lambda d: d["accounts"][0].update(account=999),
        lambda d: d["accounts"][0]["halves"].reverse() or d["accounts"][0]["halves"].pop(),
        lambda d: d["accounts"][0]["halves"].__setitem__(1, d["accounts"][0]["halves"][0]),
        lambda d: d["accounts"].append(copy.deepcopy(d["accounts"][0])),
        lambda d: d["accounts"][0]["halves"][0]["steps"].pop(),
        lambda d: d["accounts"][0]["halves"][0]["steps"][0].update(debits=5),
        lambda d: d["accounts"][0]["halves"][0]["steps"][0].update(credits=-5),
        lambda d: d["accounts"][0]["halves"][0]["steps"][-1].update(hash="22" * 32),
        lambda d: d["accounts"][0]["halves"][0].update(leaf=d["accounts"][0]["halves"][0]["leaf"] + "x"),
        lambda d: d["accounts"][0]["halves"][0].update(debits="1"),
        lambda d: d.update(accounts=[]),
        lambda d: d.update(form="something else"),
    ):
        changed = copy.deepcopy(document)
        change(changed)
        yield changed
    yield from ([], None, {}, {"form": 1})


def test_file_that_was_changed_anywhere_proves_nothing(many):
    published()
    document = document_of(many[2])
    assert proven_by(document).accounts == 1
    assert [proven_by(changed) for changed in tampered(document)] == [None] * 23


def test_file_of_another_day_is_not_the_published_one(many, tmp_path, client):
    published()
    early = document_of(many[2])
    said(move(many[0], many[2], 9))
    published(2)
    days_file, proof = tmp_path / "days.json", tmp_path / "proof.json"
    document = client.get("/ledger/days.json").json()
    days_file.write_text(json.dumps(document))
    proof.write_text(json.dumps(early))
    run = CliRunner().invoke
    assert run(ledger, ["totals-check", str(proof), "--published", str(days_file)]).exit_code == 0
    assert run(ledger, ["totals-check", str(days_file)]).exit_code == 0
    document["days"] = [one for one in document["days"] if one["number"] > 1]
    days_file.write_text(json.dumps(document))
    assert run(ledger, ["totals-check", str(proof), "--published", str(days_file)]).exit_code == 1
    assert run(ledger, ["totals-check", __file__]).exit_code == 1


def test_published_days_are_computed_anew_by_anybody_and_a_gap_shows(many, client):
    published()
    published(4)
    document = client.get("/ledger/days.json").json()
    assert (len(document["days"]), first_broken_day(document)) == (8, None)
    assert len(client.get("/ledger/days.json?after=3").json()["days"]) == 2
    gap = {"days": [one for one in document["days"] if one["number"] != 2]}
    assert first_broken_day(gap) == document["days"][4]["day"]
    document["days"][2]["credits"] += 1
    assert first_broken_day(document) == document["days"][2]["day"]


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE ledger_day_totals SET credits = credits + 1, debits = debits + 1 WHERE ledger = 1", {CHAIN, SUMS}),
        ("UPDATE ledger_day_totals SET accounts = accounts - 1 WHERE ledger = 1", {CHAIN, SUMS}),
        ("UPDATE ledger_day_totals SET day = day - 400 WHERE number = 1", {CHAIN}),
        ("DELETE FROM ledger_day_tree t USING ledger_day_totals d WHERE d.id = t.totals_id AND d.number = 1;"
         "DELETE FROM ledger_day_totals WHERE number = 1", {CHAIN}),
        ("UPDATE ledger_day_tree SET secret = sha256('x')", {ONCE}),
        ("UPDATE ledger_block SET hash = sha256('x')", {CHAIN}),
        ("UPDATE ledger_transfer SET amount = 29 WHERE amount = 30", {SUMS, ONCE}),
        ("DELETE FROM ledger_transfer WHERE amount = 50", {SUMS, ONCE}),
    ],
)  # fmt: skip
def test_every_change_behind_the_back_of_the_days_is_found(many, statement, names):
    published()
    published(2)
    assert wrong() == []
    behind_the_back(statement)
    assert names <= set(wrong())


def publish_with(monkeypatch, change) -> None:
    """As if whoever publishes had made the tree of other accounts than there are."""
    honest = days.standings
    with monkeypatch.context() as patch:
        patch.setattr(days, "standings", lambda seq, **part: change(list(honest(seq, **part))))
        published()


def test_account_left_out_of_the_tree_is_found_by_the_ledger_and_by_its_owner(many, monkeypatch):
    source, _a, _b, *purses = many
    left_out = {purses[0].pk, purses[1].pk}

    def without(rows):
        kept = [row for row in rows if row.id not in left_out]
        return [row._replace(debits=row.debits - 3) if row.id == source.pk else row for row in kept]

    publish_with(monkeypatch, without)
    assert set(wrong()) == {SUMS, ONCE}
    assert proven_by(document_of(purses[0])) is None


def test_account_counted_twice_is_found(many, monkeypatch):
    source = many[0]

    def doubled(rows):
        kept = [row._replace(debits=row.debits + 100) if row.id == source.pk else row for row in rows]
        return [*kept, rows[-1]]

    publish_with(monkeypatch, doubled)
    assert fen().credits == 5280
    assert set(wrong()) == {SUMS, ONCE}


def test_totals_that_do_not_balance_are_not_published(many, monkeypatch):
    with pytest.raises(DatabaseError):
        publish_with(monkeypatch, lambda rows: rows[1:])
    assert published_days().count() == 0


def test_history_of_days_cannot_be_rewritten_by_anybody_who_works_here(many):
    published()
    for statement in (
        "UPDATE ledger_day_totals SET credits = 1",
        "DELETE FROM ledger_day_totals",
        "TRUNCATE ledger_day_totals CASCADE",
        "UPDATE ledger_day_tree SET secret = ''",
        "DELETE FROM ledger_day_tree",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert (published_days().count(), wrong()) == (2, [])


def test_two_builders_at_once_publish_each_day_once(many):
    seal_all()
    with a_day_later(3):
        answers = at_once(*[lambda: publish_days(SYSTEM)] * 4)
    assert (sum(answers), published_days(Ledger.FEN).count(), wrong()) == (1, 1, [])


KILLED = """
import django, time
django.setup()
from gonghui.kit.actors import Actor
from gonghui.ledger import days
whole = days._publish
def halting(*facts):
    whole(*facts)
    print("half", flush=True)
    time.sleep(60)
days._publish = halting
days.clock.today = lambda: __import__("datetime").date.fromisoformat("{today}")
days.publish_days(Actor.system("killed"))
"""


def test_builder_killed_in_the_middle_leaves_nothing_and_the_next_one_goes_on(many):
    seal_all()
    tomorrow = clock.today() + dt.timedelta(days=1)
    command = [sys.executable, "-c", KILLED.format(today=tomorrow.isoformat())]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    assert worker.stdout.readline() == "half\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait(30)
    assert published_days().count() == 0
    time.sleep(0.2)
    assert (published(), published_days().count(), wrong()) == (1, 2, [])


def test_neighbour_on_the_way_says_nothing_of_one_account(many):
    """Beside a leaf stands a half of something, or nothing; the next day other halves stand there."""
    published()
    first = document_of(many[40])
    published(2)
    second = document_of(many[40])
    one, two = (document["accounts"][0]["halves"][0]["steps"] for document in (first, second))
    assert {step["hash"] for step in one} & {step["hash"] for step in two} == set()
    assert [pk for pk in (row.pk for row in many) if f'"{pk}|' in json.dumps(first)] == [many[40].pk]
    rows = [row for row in days.standings(fen().block.last_seq) if row.id == many[1].pk]
    secrets = [tree_of(totals)[0] for totals in published_days(Ledger.FEN)]
    halves = [[leaf.node for leaf in leaves_of(1, rows, secret) if leaf.account_id] for secret in secrets]
    assert [(sum(n.debits for n in pair), sum(n.credits for n in pair)) for pair in halves] == [(30, 100)] * 2
    assert [len(leaves_of(1, rows, secret)) for secret in secrets] == [days.LEAVES_MIN] * 2
    assert halves[0] != halves[1]


def test_tree_is_made_of_one_cell_at_a_time_and_a_proof_reads_one(many, django_assert_max_num_queries):
    published()
    assert DayTree.objects.unscoped("test").count() == 2
    with django_assert_max_num_queries(6):
        assert proven_by(as_document(fen(), proofs_of(many[5:6], fen()))).accounts == 1
