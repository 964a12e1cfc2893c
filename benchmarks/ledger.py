"""The ledger beside bare SQL: the same rows into the same tables without triggers, checks or answers of ours."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.table import Row

PURSES = 10_000
BATCH = 5_000
PLENTY = 10**9  # fen in each purse
TRANSFERS_PER_S = 20_000
TIMES_MAX = 1.5
SINGLE_SHARE = 0.5
VERIFY_S = 30
SEAL = """
import django; django.setup()
from gonghui.kit.actors import Actor
from gonghui.ledger.sealing import seal_transfers
while seal_transfers(Actor.system("bench")): pass
"""

# The same tables and indexes under other names, with nothing of ours on them.
BARE = """
CREATE TABLE bare_account (LIKE ledger_account INCLUDING DEFAULTS INCLUDING INDEXES);
CREATE TABLE bare_transfer (LIKE ledger_transfer INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
INSERT INTO bare_account SELECT * FROM ledger_account;
"""
BARE_INSERT = """
INSERT INTO bare_transfer (id, kind, ledger, debit_id, credit_id, amount, released, code, subject)
SELECT o.id, 'posted', 1, o.debit, o.credit, o.amount, 0, 'bench', ''
  FROM jsonb_to_recordset(%s) AS o(id uuid, debit bigint, credit bigint, amount bigint)
"""
BARE_UPDATE = """
WITH part AS (SELECT o.debit AS id, o.amount AS d, 0 AS c FROM jsonb_to_recordset(%(orders)s) AS o(debit bigint, amount bigint)
              UNION ALL
              SELECT o.credit, 0, o.amount FROM jsonb_to_recordset(%(orders)s) AS o(credit bigint, amount bigint)),
     delta AS (SELECT id, sum(d)::bigint AS d, sum(c)::bigint AS c FROM part GROUP BY id)
UPDATE bare_account a SET debits_posted = debits_posted + delta.d, credits_posted = credits_posted + delta.c
  FROM delta WHERE a.id = delta.id
"""


def new_books(connection: psycopg.Connection, purses: int) -> list[int]:
    """A source without a limit first, then purses that each have plenty."""
    made = connection.execute(
        "INSERT INTO ledger_account (ledger, kind, name, union_id, limited, debits_pending, debits_posted,"
        " credits_pending, credits_posted)"
        " SELECT 1, 'bench', 'purse ' || n, (SELECT min(id) FROM orgs_union), CASE n WHEN 0 THEN '' ELSE 'debits' END,"
        " 0, 0, 0, 0 FROM generate_series(0, %s) n RETURNING id",
        [purses],
    )
    return sorted(row[0] for row in made)


def orders_of(
    dice: random.Random, accounts: list[int], count: int, *, source: int | None = None
) -> list[dict[str, Any]]:
    """Between purses, or from the source to each in turn."""
    made = []
    for n in range(count):
        debit, credit = dice.sample(accounts, 2) if source is None else (source, accounts[n % len(accounts)])
        made.append({"n": n + 1, "id": str(UUID(int=dice.getrandbits(128), version=4)), "kind": "posted", "ledger": 1,
                     "debit": debit, "credit": credit, "amount": dice.randint(1, 5), "code": "bench", "subject": ""})  # fmt: skip
    return made


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ledger_rows(url: str, env: dict[str, str], *, transfers: int, singles: int) -> list[Row]:
    dice = random.Random(20260101)
    with psycopg.connect(url, autocommit=True) as connection:
        source, *purses = new_books(connection, PURSES)
        for start in range(0, PURSES, BATCH):
            filling = orders_of(dice, purses[start : start + BATCH], BATCH, source=source)
            ours(connection, [{**order, "amount": PLENTY} for order in filling])
        connection.execute(BARE)
        connection.execute("ANALYZE ledger_account; ANALYZE ledger_transfer; ANALYZE bare_account")
        batches = [orders_of(dice, purses, BATCH) for _ in range(transfers // BATCH)]
        bare_s = ours_s = 0.0
        for batch in batches:  # in turns: a slow moment strikes both
            bare_s += timed(lambda batch=batch: bare(connection, batch))
            ours_s += timed(lambda batch=batch: ours(connection, batch))
        one = orders_of(dice, purses, singles)
        bare_one_s = ours_one_s = 0.0
        for order in one:
            bare_one_s += timed(lambda order=order: bare(connection, [order]))
            ours_one_s += timed(lambda order=order: ours(connection, [{**order, "n": 1}]))
        halves = purses[: PURSES // 2], purses[PURSES // 2 :]
        shared = [[orders_of(dice, own, BATCH) for _ in range(transfers // BATCH // 4)] for own in halves]
    beside = sum(len(batches) for batches in shared) * BATCH
    at_once = beside / timed(lambda: side_by_side(url, shared))
    rate = transfers / ours_s
    single, bare_single = singles / ours_one_s, singles / bare_one_s
    return [
        Row(f"ledger: transfers, batches of {BATCH:,}", f"{rate:,.0f}/s", good=ours_s <= TIMES_MAX * bare_s,
            note=f"one connection, committed, all checks; {ours_s / bare_s:.2f} × the time of bare SQL, wanted ≤ {TIMES_MAX}"),
        Row("ledger: the same from two connections", f"{at_once:,.0f}/s", good=at_once >= TRANSFERS_PER_S,
            note=f"≥ {TRANSFERS_PER_S:,}/s, committed, all checks; each moves accounts of its own, as two cities do"),
        Row("ledger: one transfer, committed", f"{single:,.0f}/s", good=single >= SINGLE_SHARE * bare_single,
            note=f"{single / bare_single:.2f} × bare INSERT and UPDATE, wanted ≥ {SINGLE_SHARE}"),
        verify_row(env, PURSES + transfers + singles + beside),
    ]  # fmt: skip


def verify_row(env: dict[str, str], transfers: int) -> Row:
    """The command as an auditor runs it, after all has been sealed."""
    sealed_s = timed(lambda: run(env, "-c", SEAL))
    took_s = timed(lambda: run(env, "-m", "gonghui", "ledger", "verify"))
    return Row(f"ledger: verify {transfers:,} transfers", f"{took_s:.1f} s", good=took_s < VERIFY_S,
               note=f"< {VERIFY_S} s for 1,000,000; sealed before in {sealed_s:.1f} s")  # fmt: skip


def run(env: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], env=env, stdout=subprocess.DEVNULL, check=True)


def ours(connection: psycopg.Connection, orders: list[dict[str, Any]]) -> None:
    said = connection.execute("SELECT ledger_create_transfers(%s)", [json.dumps(orders)]).fetchone()[0]
    assert set(said) == {"ok"}, set(said)


def side_by_side(url: str, shared: list[list[list[dict[str, Any]]]]) -> None:
    """Each list of batches by a connection of its own, all at once."""

    def write(batches: list[list[dict[str, Any]]]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for batch in batches:
                ours(connection, batch)

    with ThreadPoolExecutor(len(shared)) as pool:
        list(pool.map(write, shared))


def bare(connection: psycopg.Connection, orders: list[dict[str, Any]]) -> None:
    text = json.dumps(orders)
    with connection.transaction():
        connection.execute(BARE_INSERT, [text])
        connection.execute(BARE_UPDATE, {"orders": text})
