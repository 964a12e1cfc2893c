"""The gate's answers to a claim: what it passes on, and what it says from memory."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.utils import timezone

from gonghui.benefits.gate import pictures
from gonghui.benefits.models import Pool, Release, Voucher
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.benefits.tests.gates import (
    asked_in_sql,
    grab,
    live,
    new_pass,
    running_gate,
    sql,
    sql_elsewhere,
    with_gate,
)
from gonghui.kit.tokens import normalise_short_code

PATIENCE_S = 20
pytestmark = pytest.mark.django_db(transaction=True)


def test_win_is_told_with_its_code_and_stands_in_the_database(union):
    pool = new_pool(new_release(union), capacity=2)
    (a,) = new_crowd(1)
    heard = with_gate(lambda gate: grab(gate, pool.pk, new_pass(a, pool.pk)))
    voucher = Voucher.objects.unscoped("test").get()
    assert (heard.status, heard.facts) == (
        200,
        {
            "answer": "won",
            "title": "抢到了",
            "message": f"券码 {voucher.code}。已放进“我的票”，届时出示即可。",
            "code": voucher.code,
            "remaining": 1,
        },
    )
    assert normalise_short_code(voucher.code) == voucher.code
    assert heard.headers["cache-control"] == "no-store"


def test_answers_follow_each_other_as_in_the_engine(union):
    pool = new_pool(new_release(union, waitlist_max=1), capacity=1)
    a, b, c = new_crowd(3)

    async def work(gate):
        mine = new_pass(a, pool.pk)
        return [
            await grab(gate, pool.pk, mine),
            await grab(gate, pool.pk, mine),
            await grab(gate, pool.pk, new_pass(a, pool.pk)),
            await grab(gate, pool.pk, new_pass(b, pool.pk)),
            await grab(gate, pool.pk, new_pass(c, pool.pk)),
        ]

    heard = with_gate(work)
    assert [h.answer for h in heard] == ["won", "won", "already", "waiting", "sold_out"]
    assert heard[3].facts["position"] == 1
    assert "第 1 位" in heard[3].facts["message"]
    assert {h.status for h in heard} == {200}


def test_same_pass_fifty_times_at_once_is_one_ticket(union):
    pool = new_pool(new_release(union), capacity=100)
    token = new_pass(new_crowd(1)[0], pool.pk)

    async def work(gate):
        return await asyncio.gather(*(grab(gate, pool.pk, token) for _ in range(50)))

    heard = with_gate(work)
    assert len({h.body for h in heard}) == 1
    assert heard[0].answer == "won"
    assert counts(pool) == (1, 99)


def test_crowd_is_settled_in_few_calls_in_order_of_arrival(union):
    pool = new_pool(new_release(union, waitlist_max=0), capacity=100)
    crowd = new_crowd(300)

    async def work(gate):
        heard = await asyncio.gather(*(grab(gate, pool.pk, new_pass(p, pool.pk)) for p in crowd))
        return heard, asked_in_sql(gate)

    heard, calls = with_gate(work)
    assert [h.answer for h in heard] == ["won"] * 100 + ["sold_out"] * 200
    tickets = Voucher.objects.unscoped("test").order_by("serial")
    assert list(tickets.values_list("person_id", flat=True)) == crowd[:100]
    assert calls <= 4


def test_two_gates_on_one_pool_sell_every_seat_once(union):
    pool = new_pool(new_release(union, waitlist_max=0), capacity=150)
    crowd = new_crowd(400)

    async def work():
        async with running_gate() as one, running_gate() as two:
            passes = [new_pass(p, pool.pk) for p in crowd]
            return await asyncio.gather(*(grab(g, pool.pk, t) for t in passes for g in (one, two)))

    heard = asyncio.run(work())
    answers = Counter(h.answer for h in heard)
    assert answers == {"won": 300, "sold_out": 500}  # each winner was told so at both gates
    assert len({h.facts["code"] for h in heard if h.answer == "won"}) == 150
    assert counts(pool) == (150, 0)


# --- From memory --------------------------------------------------------------------------------------------


def sold_out_pool(union, **facts):
    """One seat, gone; nobody may wait."""
    return new_pool(new_release(union, **{"waitlist_max": 0} | facts), capacity=1)


def test_sold_out_is_said_without_sql(union):
    pool = sold_out_pool(union)
    a, *others = new_crowd(51)

    async def work(gate):
        first = await grab(gate, pool.pk, new_pass(a, pool.pk))
        await live(gate, pool.pk)
        before = asked_in_sql(gate)
        heard = [await grab(gate, pool.pk, new_pass(p, pool.pk)) for p in others]
        return first, heard, asked_in_sql(gate) - before, gate.metrics()

    first, heard, calls, metrics = with_gate(work)
    assert first.answer == "won"
    assert {h.answer for h in heard} == {"sold_out"}
    assert calls <= 1
    assert 'gonghui_claims_total{answer="sold_out"} 50' in metrics


def test_winner_who_asks_again_when_all_is_gone_is_told_the_truth(union):
    pool = sold_out_pool(union)
    a, b = new_crowd(2)
    token = new_pass(a, pool.pk)

    async def work(gate):
        won = await grab(gate, pool.pk, token)
        assert (await live(gate, pool.pk))["remaining"] == 0
        assert (await grab(gate, pool.pk, new_pass(b, pool.pk))).answer == "sold_out"
        return won, await grab(gate, pool.pk, token), await grab(gate, pool.pk, new_pass(a, pool.pk))

    won, again, already = with_gate(work)
    assert [again.answer, already.answer] == ["won", "already"]
    assert won.facts["code"] == again.facts["code"] == already.facts["code"]


def test_winner_of_another_gate_is_told_the_truth_here(union):
    pool = sold_out_pool(union)
    a, b = new_crowd(2)
    token = new_pass(a, pool.pk)

    async def work():
        async with running_gate() as one, running_gate() as two:
            won = await grab(one, pool.pk, token)
            assert (await grab(two, pool.pk, new_pass(b, pool.pk))).answer == "sold_out"
            return won, await grab(two, pool.pk, token)

    won, again = asyncio.run(work())
    assert again.body == won.body


async def won_soon(gate, person, pool):
    """The first answer that is no refusal."""
    deadline = time.monotonic() + PATIENCE_S
    while (answer := await grab(gate, pool.pk, new_pass(person, pool.pk))).answer == "sold_out":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return answer


def test_seats_that_come_back_are_given_at_once(union, monkeypatch):
    pool = sold_out_pool(union)
    a, b, c = new_crowd(3)

    async def work(gate):
        await grab(gate, pool.pk, new_pass(a, pool.pk))
        assert (await grab(gate, pool.pk, new_pass(b, pool.pk))).answer == "sold_out"
        await sql_elsewhere("SELECT benefits_return_voucher(id) FROM benefits_voucher")
        return await won_soon(gate, c, pool)

    monkeypatch.setattr(pictures, "RECHECK_S", 60.0)  # nobody looks without being told
    assert with_gate(work).answer == "won"
    assert counts(pool) == (1, 0)


def test_seats_that_come_back_unheard_are_seen_when_the_gate_looks_again(union):
    pool = sold_out_pool(union)
    a, b, c = new_crowd(3)
    sql("DROP TRIGGER benefits_pool_told ON benefits_pool")

    async def work(gate):
        await grab(gate, pool.pk, new_pass(a, pool.pk))
        assert (await grab(gate, pool.pk, new_pass(b, pool.pk))).answer == "sold_out"
        await sql_elsewhere("UPDATE benefits_voucher SET state = 'returned'")  # no function, no notice
        return await won_soon(gate, c, pool)

    try:
        assert with_gate(work).answer == "won"
    finally:
        sql(
            "CREATE TRIGGER benefits_pool_told AFTER UPDATE OF capacity, opens_at, closes_at ON benefits_pool"
            " FOR EACH ROW EXECUTE FUNCTION benefits_tell_gates('pool', 'id')"
        )


def test_too_early_is_said_without_sql_and_opening_is_not_missed(union):
    opens_at = timezone.now() + dt.timedelta(seconds=4)
    pool = new_pool(new_release(union, state="announced", opens_at=opens_at))
    (a,) = new_crowd(1)

    async def work(gate):
        early = await grab(gate, pool.pk, new_pass(a, pool.pk))
        calls = asked_in_sql(gate)
        answers = [early.answer]
        while answers[-1] == "not_open" and time.time() < opens_at.timestamp() + 2:
            answers.append((await grab(gate, pool.pk, new_pass(a, pool.pk))).answer)
            await asyncio.sleep(0.01)
        return early, calls, answers

    early, calls, answers = with_gate(work)
    assert (early.status, early.answer, calls) == (200, "not_open", 0)
    assert f"{timezone.localtime(opens_at):%H:%M:%S}" in early.facts["message"]
    assert answers[-1] == "won"
    late = Voucher.objects.unscoped("test").get().claimed_at - opens_at
    assert dt.timedelta(0) <= late < dt.timedelta(seconds=2)


@pytest.mark.parametrize("skew_s", [-86_400.0, -30.0, 30.0, 86_400.0])
def test_clock_of_the_gate_may_be_wrong_by_a_day(union, skew_s):
    soon = timezone.now() + dt.timedelta(seconds=3)
    opening, running = (
        new_pool(new_release(union, state="announced", opens_at=soon)),
        new_pool(new_release(union)),
    )
    a, b = new_crowd(2)

    async def work(gate):
        won = await grab(gate, running.pk, new_pass(a, running.pk))
        early = await grab(gate, opening.pk, new_pass(b, opening.pk))
        shown = (await live(gate, opening.pk))["now_ms"] / 1000 - time.time()
        await asyncio.sleep(max(0, soon.timestamp() - time.time()))
        return won, early, shown, await grab(gate, opening.pk, new_pass(b, opening.pk))

    won, early, shown, late = with_gate(work, clock=lambda: time.time() + skew_s)
    assert [won.answer, early.answer, late.answer] == ["won", "not_open", "won"]
    assert abs(shown) < 2


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_clock_of_the_gate_may_jump(union, jump_s):
    pool = new_pool(new_release(union))
    a, b = new_crowd(2)
    skew = 0.0

    async def work(gate):
        nonlocal skew
        first = await grab(gate, pool.pk, new_pass(a, pool.pk))
        skew = jump_s
        second = await grab(gate, pool.pk, new_pass(b, pool.pk))
        return first, second, (await live(gate, pool.pk))["now_ms"] / 1000 - time.time()

    first, second, shown = with_gate(work, clock=lambda: time.time() + skew)
    assert [first.answer, second.answer] == ["won", "won"]
    assert abs(shown) < 2


def test_release_shut_by_its_verb_takes_no_more_claims(union):
    release = new_release(union)
    pool = new_pool(release)
    a, b = new_crowd(2)
    token = new_pass(a, pool.pk)

    async def work(gate):
        await grab(gate, pool.pk, token)
        await sql_elsewhere("UPDATE benefits_release SET state = 'closed' WHERE id = %s", release.pk)
        return await grab(gate, pool.pk, new_pass(b, pool.pk)), await grab(gate, pool.pk, token)

    late, retry = with_gate(work)
    assert [late.answer, retry.answer] == ["closed", "won"]
    assert Release.objects.unscoped("test").get(pk=release.pk).state == "closed"
    assert Pool.objects.unscoped("test").get(pk=pool.pk).remaining == 2


def test_lost_answer_is_told_after_the_end_of_release_and_pass(union):
    release = new_release(union)
    pool = new_pool(release)
    a, b = new_crowd(2)
    soon = time.time() + 5  # the gate starts and hears a claim within
    sql("UPDATE benefits_release SET closes_at = to_timestamp(%s) WHERE id = %s", soon, release.pk)
    mine, late = (new_pass(p, pool.pk, expires_at=soon) for p in (a, b))

    async def work(gate):
        won = await grab(gate, pool.pk, mine)
        await asyncio.sleep(soon + 1.1 - time.time())
        return won, await grab(gate, pool.pk, mine), await grab(gate, pool.pk, late)

    won, again, closed = with_gate(work)
    assert won.answer == "won"
    assert again.body == won.body
    assert closed.answer == "closed"
    assert counts(pool) == (1, 2)


def test_gate_is_free_of_django():
    code = (
        "import sys, gonghui.benefits.gate.app;"
        "print([m for m in sys.modules if m.split('.')[0] in ('django', 'psycopg', 'procrastinate')])"
    )
    heard = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heard.stdout.strip() == "[]"
