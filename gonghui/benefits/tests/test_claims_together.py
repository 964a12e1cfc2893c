"""Many connections at once: never oversold, nobody twice, no deadlock, every seat accounted for."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from uuid import uuid4

import pytest

from gonghui.benefits.models import Voucher, WaitEntry
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.benefits.tests.wire import connect

pytestmark = pytest.mark.django_db(transaction=True)
BATCH = "SELECT answer, serial, voucher_id FROM benefits_claim_batch($1, $2, $3, $4, $5, $6)"


async def claim(connection, pool_id: int, people: list[int], seats: int = 1) -> list:
    size = len(people)
    keys = [uuid4() for _ in people]
    return await connection.fetch(BATCH, pool_id, people, [None] * size, [seats] * size, keys, [True] * size)


def in_parallel(workers: int, work) -> list:
    async def one(number: int):
        connection = await connect()
        try:
            return await work(connection, number)
        finally:
            await connection.close()

    async def everybody():
        return await asyncio.gather(*(one(n) for n in range(workers)))

    return asyncio.run(everybody())


def test_twelve_connections_sell_380_places_once(cast):
    pool = new_pool(new_release(cast.unions["province"], waitlist_max=0), capacity=380)
    crowd = new_crowd(2400)

    async def work(connection, number):
        answers = []
        mine = crowd[number % 6 :: 6]  # every person comes through two connections
        for start in range(0, len(mine), 25):
            answers += [row["answer"] for row in await claim(connection, pool.pk, mine[start : start + 25])]
        return answers

    answers = Counter(a for part in in_parallel(12, work) for a in part)
    assert answers["won"] == 380
    assert set(answers) <= {"won", "already", "sold_out"}
    assert counts(pool) == (380, 0)
    tickets = Voucher.objects.unscoped("test").filter(pool=pool)
    assert sorted(tickets.values_list("serial", flat=True)) == list(range(1, 381))
    assert tickets.values("person_id").distinct().count() == 380


def test_everything_at_once_neither_deadlocks_nor_loses_a_seat(cast):
    release = new_release(cast.unions["province"], party_max=3, waitlist_max=20, confirm_within_s=60)
    pools = [new_pool(release, capacity=15, label=f"第 {n} 场") for n in range(3)]
    other = new_pool(new_release(cast.unions["province"], waitlist_max=5), capacity=10)
    ids = [p.pk for p in [*pools, other]]
    crowd = new_crowd(150)

    async def work(connection, number):
        chance = random.Random(number)
        verbs = (_claims, _claims, _gives_back, _expires, _leaves, _redeems, _moves_capacity)
        for _ in range(60):
            await chance.choice(verbs)(connection, chance, ids, crowd)

    in_parallel(10, work)
    for pool in [*pools, other]:
        counts(pool)
    live = Voucher.objects.unscoped("test").exclude(state__in=["returned", "expired", "voided"])
    per_person = Counter(live.values_list("release_id", "person_id"))
    assert set(per_person.values()) == {1}
    waiting = WaitEntry.objects.unscoped("test").filter(state="waiting")
    holding = set(live.values_list("release_id", "person_id"))
    assert holding.isdisjoint(waiting.values_list("release_id", "person_id"))


async def _claims(connection, chance, pools, crowd):
    people = chance.choices(crowd, k=chance.randint(1, 30))
    await claim(connection, chance.choice(pools), people, seats=chance.randint(1, 3))


async def _gives_back(connection, chance, pools, crowd):
    ticket = await connection.fetchval("SELECT id FROM benefits_voucher ORDER BY random() LIMIT 1")
    if ticket:
        to = chance.choice(["returned", "expired", "voided"])
        await connection.fetch("SELECT * FROM benefits_return_voucher($1, $2)", ticket, to)


async def _expires(connection, chance, pools, crowd):
    pool = chance.choice(pools)
    await connection.execute(
        "UPDATE benefits_voucher SET confirm_by = now() - interval '1 s' WHERE id IN"
        " (SELECT id FROM benefits_voucher WHERE pool_id = $1 AND state = 'held' ORDER BY id LIMIT 2"
        " FOR UPDATE)",
        pool,
    )
    await connection.fetch("SELECT * FROM benefits_expire_pool($1)", pool)


async def _leaves(connection, chance, pools, crowd):
    pool, person = chance.choice(pools), chance.choice(crowd)
    await connection.fetchval("SELECT benefits_leave_line($1, $2)", pool, person)


async def _redeems(connection, chance, pools, crowd):
    await connection.execute(
        "UPDATE benefits_voucher SET state = 'redeemed' WHERE state = 'confirmed' AND id ="
        " (SELECT id FROM benefits_voucher WHERE state = 'confirmed' ORDER BY random() LIMIT 1)"
    )


async def _moves_capacity(connection, chance, pools, crowd):
    pool = chance.choice(pools)
    await connection.execute("UPDATE benefits_pool SET capacity = capacity + 1 WHERE id = $1", pool)
    await connection.fetch("SELECT * FROM benefits_fill_pool($1)", pool)


def test_same_key_on_many_connections_is_one_ticket(cast):
    pool = new_pool(new_release(cast.unions["province"]), capacity=100)
    (person,) = new_crowd(1)
    key = uuid4()

    async def work(connection, number):
        return await connection.fetchrow(BATCH, pool.pk, [person], [None], [1], [key], [True])

    answers = in_parallel(20, work)
    assert {(row["answer"], row["voucher_id"]) for row in answers} == {("won", answers[0]["voucher_id"])}
    assert counts(pool) == (1, 99)


def test_one_person_in_all_pools_of_a_release_at_once_gets_one(cast):
    release = new_release(cast.unions["province"])
    pools = [new_pool(release, label=f"第 {n} 场") for n in range(8)]
    people = new_crowd(20)

    async def work(connection, number):
        return [row["answer"] for row in await claim(connection, pools[number].pk, people)]

    answers = Counter(a for part in in_parallel(8, work) for a in part)
    tickets = Voucher.objects.unscoped("test").filter(release=release)
    assert tickets.count() == tickets.values("person_id").distinct().count() == answers["won"]
