"""Sealed history: nothing left out, nothing changed unseen, and everybody can check their own line."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import connection, transaction

from gonghui.kit import chain
from gonghui.kit.actors import Actor
from gonghui.kit.merkle import leads_to
from gonghui.ledger.models import Block, SealMark, Transfer
from gonghui.ledger.sealing import TRANSFERS, proof_of, seal_transfers
from gonghui.ledger.tests.books import move, purse, resolve, said
from gonghui.ledger.verify import unsealed_count, verify_ledger

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("test")
RESOLVED = "每笔预留至多结清一次，不超过预留，也不晚于到期"


def seal_all() -> None:
    """As the minutes pass."""
    for _minute in range(3):
        seal_transfers(SYSTEM)


def wrong() -> list[str]:
    return [check.name for check in verify_ledger() if not check.ok]


def behind_the_back(statement: str) -> None:
    """What only somebody with the keys of the database server can do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)


def test_blocks_follow_each_other_and_leave_nothing_out(books, monkeypatch):
    monkeypatch.setattr(chain, "BLOCK_MAX", 3)
    _source, a, b = books
    for _n in range(7):
        said(move(a, b, 1))
    seal_all()
    blocks = list(Block.objects.order_by("number"))
    assert [block.count for block in blocks] == [3, 3, 2]
    assert [block.first_seq for block in blocks[1:]] == [block.last_seq + 1 for block in blocks[:-1]]
    assert [bytes(block.previous) for block in blocks[1:]] == [bytes(block.hash) for block in blocks[:-1]]
    assert (unsealed_count(), wrong()) == (0, [])
    said(move(a, b, 1))
    assert unsealed_count() == 1
    seal_all()
    assert (Block.objects.count(), wrong()) == (4, [])


def test_nothing_to_seal_makes_no_block(db):
    seal_all()
    assert (Block.objects.count(), wrong()) == (0, [])


def test_transfer_that_commits_late_is_not_left_out(books, cast):
    """Its number is smaller than that of others already on file; the sealing waits for it without making anybody wait."""
    source, a, b = books
    c = purse(cast.unions["city"], "c")
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            said(move(a, b, 5))
            written.set()
            go_on.wait(30)
        connection.close()

    seal_all()
    worker = threading.Thread(target=slow)
    worker.start()
    written.wait(30)
    before = TRANSFERS.sealed_to()
    assert said(move(source, c, 7)) == ["ok"]  # commits first
    seal_all()
    assert TRANSFERS.sealed_to() == before
    go_on.set()
    worker.join(30)
    seal_all()
    assert (unsealed_count(), wrong()) == (0, [])


def test_mark_whose_writers_are_gone_with_their_server_holds_nothing_up(books):
    SealMark.objects.unscoped("test").create(seq=1, writers=["9999/7"])
    seal_all()
    assert (unsealed_count(), wrong()) == (0, [])


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE ledger_transfer SET amount = amount + 1 WHERE amount < 100",
         ["区块里的每一笔都与封存时一致", "账户余额等于全部分录之和"]),
        ("DELETE FROM ledger_transfer WHERE amount < 100", ["区块里的每一笔都与封存时一致", "账户余额等于全部分录之和"]),
        ("UPDATE ledger_transfer SET subject = 'x:1'", ["区块里的每一笔都与封存时一致"]),
        ("UPDATE ledger_transfer SET at = at + interval '1 second'", ["区块里的每一笔都与封存时一致"]),
        ("UPDATE ledger_block SET root = sha256('x')", ["区块首尾相接，指纹没有变过", "区块里的每一笔都与封存时一致"]),
        ("UPDATE ledger_block SET sealed_at = sealed_at + interval '1 second'", ["区块首尾相接，指纹没有变过"]),
        ("UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE name = 'b'",
         ["账户余额等于全部分录之和", "试算平衡：借方合计等于贷方合计"]),
        ("UPDATE ledger_transfer SET released = 29 WHERE kind = 'post'", [RESOLVED]),
        ("UPDATE ledger_transfer SET expires_at = at WHERE kind = 'pending'", [RESOLVED]),
        ("UPDATE ledger_transfer SET kind = 'posted', expires_at = NULL WHERE kind = 'pending'", [RESOLVED]),
    ],
)  # fmt: skip
def test_every_change_behind_the_back_is_found(books, statement, names):
    _source, a, b = books
    hold = move(a, b, 30, kind="pending")
    said(move(a, b, 10), hold, resolve("post", hold.id, 20))
    seal_all()
    assert wrong() == []
    behind_the_back(statement)
    assert set(names) <= set(wrong())


def wrong_without_the_rule(rule: str, statement: str) -> list[str]:
    """As if somebody had taken the rule away for a night; all of it is rolled back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{rule}; SET LOCAL session_replication_role = replica; {statement}")
        found = wrong()
        transaction.set_rollback(True)
    return found


def test_hold_resolved_twice_is_found_though_every_total_fits(books):
    _source, a, b = books
    holds = [move(a, b, 30, kind="pending") for _n in range(2)]
    said(*holds, *(resolve("void", hold.id) for hold in holds))
    found = wrong_without_the_rule(
        "DROP INDEX ledger_transfer_resolved_once",
        f"UPDATE ledger_transfer SET pending_id = '{holds[0].id}' WHERE kind = 'void'",
    )
    assert found == [RESOLVED]


def test_overdrawn_account_is_found_though_its_transfers_add_up(books):
    _source, a, b = books
    said(move(a, b, 60))
    found = wrong_without_the_rule(
        "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_not_overdrawn",
        "UPDATE ledger_transfer SET amount = 160 WHERE amount = 60;"
        f"UPDATE ledger_account SET debits_posted = 160 WHERE id = {a.pk};"
        f"UPDATE ledger_account SET credits_posted = 160 WHERE id = {b.pk}",
    )
    assert found == ["没有账户透支"]


def test_history_rewritten_from_the_ground_up_differs_from_a_hash_somebody_kept(books):
    _source, a, b = books
    said(move(a, b, 10))
    seal_all()
    kept = {1: bytes(Block.objects.get(number=1).hash).hex()}
    assert [c.ok for c in verify_ledger(kept)] == [True] * 9
    behind_the_back("UPDATE ledger_transfer SET amount = 9 WHERE amount = 10")
    behind_the_back("UPDATE ledger_account SET debits_posted = 9 WHERE name = 'a'")
    behind_the_back("UPDATE ledger_account SET credits_posted = 9 WHERE name = 'b'")
    behind_the_back("DELETE FROM ledger_block")
    seal_all()
    assert wrong() == []
    assert [c.ok for c in verify_ledger(kept)] == [False] + [True] * 8


def test_own_transfer_leads_to_the_root_of_its_block_and_another_does_not(books):
    _source, a, b = books
    orders = [move(a, b, n) for n in range(1, 12)]
    said(*orders)
    mine = Transfer.objects.unscoped("test").get(pk=orders[4].id)
    assert proof_of(mine) is None
    seal_all()
    proof = proof_of(mine)
    root = bytes(proof.block.root)
    assert leads_to(proof.leaf.encode(), proof.steps, root) is True
    assert leads_to(proof.leaf.replace("|5|", "|6|", 1).encode(), proof.steps, root) is False
    assert leads_to(proof.leaf.encode(), proof.steps[:-1], root) is False
    others = [str(order.id) for order in orders if order.id != mine.pk]
    assert [pk for pk in others if pk in str(proof)] == []


def test_two_who_seal_at_once_make_each_block_once(books):
    from gonghui.kit.tests.racing import at_once

    _source, a, b = books
    for _n in range(20):
        said(move(a, b, 1, id=uuid4()))
    for _minute in range(3):
        at_once(*[lambda: seal_transfers(SYSTEM)] * 4)
    assert (unsealed_count(), wrong()) == (0, [])
