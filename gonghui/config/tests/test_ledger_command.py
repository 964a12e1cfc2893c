"""`gonghui ledger verify`, as its own process against the test database."""

import os
import subprocess
import sys

import pytest
from django.db import connection, transaction

from gonghui.benefits.tests.wire import database_url
from gonghui.kit.actors import Actor
from gonghui.ledger.models import Block
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.tests.books import fund, move, purse, said

pytestmark = pytest.mark.django_db(transaction=True)


def verify(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gonghui", "ledger", "verify", *words],
        env={**os.environ, "DATABASE_URL": database_url(), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_books_are_proven_and_a_change_behind_the_back_is_named(cast):
    source, a, b = (purse(cast.unions["city"], name, limited="") for name in ("source", "a", "b"))
    fund(source, (a, 100))
    said(move(a, b, 40))
    for _minute in range(3):
        seal_transfers(Actor.system("test"))
    kept = f"1:{bytes(Block.objects.get().hash).hex()}"
    code, text = verify("--noted", kept)
    assert (code, "账本完整，全部相符" in text) == (0, True), text
    assert "区块里的每一笔都与封存时一致（2）" in text
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_transfer SET amount = 41 WHERE amount = 40")
    code, text = verify("--noted", kept)
    assert (code, "账本完整" in text) == (1, False)
    assert f"账户余额等于全部分录之和（3）：不相符的有 {a.pk}、{b.pk}" in text, text
    assert "区块里的每一笔都与封存时一致（2）：不相符的有 1" in text


def test_hash_written_wrongly_is_said(db):
    code, text = verify("--noted", "1:abc")
    assert (code, "写法不对" in text) == (2, True)
