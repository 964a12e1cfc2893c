"""A release that is paused: nobody gets anything by any door, what was claimed stays, its end still ends it."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections import Counter
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from gonghui.benefits import engine, queries, tasks
from gonghui.benefits.actions import claims, draws, grants, passes, releases
from gonghui.benefits.actions.redemptions import redeem_voucher
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import DrawEntry, GrantRun, Release, Voucher, WaitEntry
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.benefits.tests.gates import asked_in_sql, grab, live, new_pass, running_gate, with_gate
from gonghui.benefits.tests.plans import (
    SYSTEM,
    announced,
    fresh,
    in_minutes,
    jobs,
    opened,
    pool_of,
    refused,
    reviewed,
    won,
)
from gonghui.benefits.tests.test_claims_together import BATCH
from gonghui.benefits.tests.test_redemptions import scan_of
from gonghui.benefits.tests.wire import connect
from gonghui.kit.audit import trail_of
from gonghui.kit.jobs import run_due
from gonghui.notices.models import Send

WHY = "场馆停电检修，预计明天恢复"


def paused(cast, **fields) -> Release:
    release = opened(cast, **fields)
    return releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)


def asked(pool, *people: int, **facts) -> list[str]:
    found = engine.settle_claims(pool.pk, [Claim(one, key=uuid4(), **facts) for one in people])
    return [one.answer for one in found]


# --- The verbs ----------------------------------------------------------------------------------------------


def test_pause_and_resume_go_from_open_and_back_with_a_reason_the_trail_keeps(cast):
    release, admin = opened(cast), cast.actor("city_admin")
    assert refused(releases.pause_release, admin, release_id=release.pk, reason=" ") == "reason_missing"
    assert fresh(release).state == "open"
    releases.pause_release(admin, release_id=release.pk, reason=WHY)
    assert (fresh(release).state, fresh(release).pause_reason) == ("paused", WHY)
    assert trail_of(release).first().reason == WHY
    releases.resume_release(admin, release_id=release.pk)
    assert (fresh(release).state, fresh(release).pause_reason) == ("open", "")


@pytest.mark.parametrize(
    ("name", "code"),
    [("sister_admin", "not_allowed"), ("finance_officer", "not_allowed"), ("judge", "not_allowed"),
     ("mei", "not_allowed"), ("clerk", "not_allowed"), ("anonymous", "not_allowed")],
)  # fmt: skip
def test_passers_by_neither_pause_nor_resume(cast, name, code):
    release, actor = opened(cast), cast.actor(name)
    assert refused(releases.pause_release, actor, release_id=release.pk, reason=WHY) == code
    assert fresh(release).state == "open"
    held = paused(cast)
    assert refused(releases.resume_release, actor, release_id=held.pk) == code
    assert fresh(held).state == "paused"


def test_who_reviewed_it_may_pause_it_as_well(cast):
    release = opened(cast)
    releases.pause_release(cast.actor("province_admin"), release_id=release.pk, reason=WHY)
    assert fresh(release).state == "paused"


@pytest.mark.parametrize("state", ["reviewed", "announced", "closed", "cancelled"])
def test_only_what_goes_out_can_be_paused(cast, state):
    release = reviewed(cast)
    Release.objects.unscoped("test").filter(pk=release.pk).update(state=state)
    code = refused(releases.pause_release, cast.actor("city_admin"), release_id=release.pk, reason=WHY)
    assert (code, fresh(release).state) == ("not_open_to_pause", state)


def test_release_the_clock_has_opened_before_its_timer_can_be_paused(cast):
    release = announced(cast)
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        announce_at=in_minutes(-60), opens_at=in_minutes(-1)
    )
    releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)
    assert fresh(release).state == "paused"
    tasks.open_release(release.pk)
    tasks.follow_the_clock(0)
    assert fresh(release).state == "paused"


def test_paused_release_says_why_in_the_database(cast):
    release = opened(cast)
    rows = Release.objects.unscoped("test").filter(pk=release.pk)
    for wrong in ({"state": "paused"}, {"pause_reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
    assert fresh(release).state == "open"


# --- Nobody claims ------------------------------------------------------------------------------------------


def test_paused_release_refuses_new_claims_and_tells_holders_the_truth(cast):
    release, key = opened(cast), uuid4()
    pool, mei, lan = pool_of(release), cast.people["mei"].pk, cast.people["lan"].pk
    first = engine.settle_claims(pool.pk, [Claim(mei, key=key)])[0]
    releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)
    again, other, late = engine.settle_claims(
        pool.pk, [Claim(mei, key=key), Claim(mei, key=uuid4()), Claim(lan, key=uuid4())]
    )
    assert (again.answer, again.code) == ("won", first.code)
    assert (other.answer, other.code) == ("already", first.code)
    assert (late.answer, late.code) == ("paused", None)
    assert counts(pool) == (1, 2)
    releases.resume_release(cast.actor("city_admin"), release_id=release.pk)
    assert asked(pool, lan) == ["won"]


def test_door_of_ours_says_why_and_gives_no_pass(cast):
    pool, mei = pool_of(paused(cast)), cast.actor("mei")
    answer = claims.claim(mei, pool_id=pool.pk, key=uuid4())
    assert queries.answer_in_words(answer, pool.pk) == (
        "发放暂停了",
        f"主办方说：{WHY}。已经领到的仍然有效，照常使用。恢复后再来即可。",
    )
    assert refused(passes.issue_pass, mei, pool_id=pool.pk, seats=1, binding=b"x" * 16) == "release_paused"
    assert counts(pool) == (0, 3)


def test_what_was_claimed_is_redeemed_while_it_is_paused(cast):
    release = opened(cast)
    voucher = won(pool_of(release), cast.people["mei"].pk)
    releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)
    redeem_voucher(cast.actor("clerk"), scan=scan_of(voucher))
    assert fresh(voucher).state == "redeemed"


def test_voucher_of_a_paused_release_is_written_by_nobody(cast):
    pool = pool_of(paused(cast))
    with pytest.raises(IntegrityError, match="gives nothing"), transaction.atomic():
        engine.settle_claims(pool.pk, [Claim(cast.people["mei"].pk, key=uuid4())], issue=True)
    assert counts(pool) == (0, 3)


# --- The line -----------------------------------------------------------------------------------------------


def line_behind(cast, **fields) -> tuple[Release, Voucher]:
    """小梅 holds all three places, 阿兰 waits."""
    release = opened(cast, **fields)
    pool = pool_of(release)
    voucher = won(pool, cast.people["mei"].pk, 3)
    assert asked(pool, cast.people["lan"].pk) == ["waiting"]
    releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)
    return release, voucher


def test_line_stands_while_paused_and_moves_when_it_goes_on(cast):
    release, voucher = line_behind(cast)
    pool = pool_of(release)
    assert claims.return_voucher(cast.actor("mei"), voucher_id=voucher.pk) == []
    claims.fill_pool(SYSTEM, pool_id=pool.pk)
    assert (claims.fill_idle_pools(SYSTEM), counts(pool)) == (0, (0, 3))
    assert asked(pool, *new_crowd(1)) == ["paused"]
    releases.resume_release(cast.actor("city_admin"), release_id=release.pk)
    assert [args for _at, args in jobs("fill_pool")] == [{"pool_id": pool.pk}]
    tasks.fill_pool(pool.pk)
    assert Voucher.objects.unscoped("test").get(state="confirmed").person == cast.people["lan"]


def test_who_waits_may_leave_a_paused_line(cast):
    release, _voucher = line_behind(cast)
    claims.leave_waiting_list(cast.actor("lan"), pool_id=pool_of(release).pk)
    assert WaitEntry.objects.unscoped("test").get().state == "left"


def test_end_ends_a_paused_release_and_its_line_and_says_so(cast):
    release, voucher = line_behind(cast)
    pool = pool_of(release)
    claims.return_voucher(cast.actor("mei"), voucher_id=voucher.pk)
    with time_machine.travel(release.closes_at, tick=False):
        tasks.follow_the_clock(0)
    assert (fresh(release).state, fresh(release).pause_reason) == ("closed", "")
    assert WaitEntry.objects.unscoped("test").get().state == "lapsed"
    told = Send.objects.unscoped("test").get(key=f"line-over:{pool.pk}")
    assert (told.title, told.recipients) == ("候补已结束", 1)
    assert (claims.fill_pool(SYSTEM, pool_id=pool.pk), counts(pool)) == (0, (0, 3))


def test_paused_release_is_closed_and_cancelled_by_hand(cast):
    closed, cancelled, admin = paused(cast), paused(cast), cast.actor("city_admin")
    releases.close_release(admin, release_id=closed.pk, reason="不再恢复")
    releases.cancel_release(admin, release_id=cancelled.pk, reason="台风")
    assert (fresh(closed).state, fresh(cancelled).state) == ("closed", "cancelled")


# --- Draws and grants ---------------------------------------------------------------------------------------


def test_nobody_enters_a_paused_draw_and_it_is_drawn_at_its_promised_time(cast):
    release = announced(cast, mode="draw", places=1)
    pool = pool_of(release)
    with time_machine.travel(release.opens_at, tick=False):
        tasks.follow_the_clock(0)
        draws.enter_draw(cast.actor("mei"), pool_id=pool.pk)
        releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)
        assert refused(draws.enter_draw, cast.actor("lan"), pool_id=pool.pk) == "release_paused"
    assert [e.person for e in DrawEntry.objects.unscoped("test")] == [cast.people["mei"]]
    with time_machine.travel(release.closes_at, tick=False):
        tasks.follow_the_clock(0)
    with time_machine.travel(release.closes_at + dt.timedelta(minutes=11), tick=False):
        tasks.follow_draws(run_due)
    assert Voucher.objects.unscoped("test").get().person == cast.people["mei"]


def test_entry_is_withdrawn_from_a_paused_draw(cast):
    release = announced(cast, mode="draw")
    pool = pool_of(release)
    with time_machine.travel(release.opens_at, tick=False):
        tasks.follow_the_clock(0)
        draws.enter_draw(cast.actor("mei"), pool_id=pool.pk)
        releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)
        draws.leave_draw(cast.actor("mei"), pool_id=pool.pk)
    assert DrawEntry.objects.unscoped("test").count() == 0


def test_grant_stops_at_a_pause_and_goes_on_where_it_stood(cast, monkeypatch):
    monkeypatch.setattr(grants, "BATCH", 1)
    release, admin = opened(cast, mode="grant", places=9), cast.actor("city_admin")
    grants.grant_batch(SYSTEM, release_id=release.pk)
    given = Voucher.objects.unscoped("test").count()
    releases.pause_release(admin, release_id=release.pk, reason=WHY)
    tasks.grant_release(release.pk)
    run = GrantRun.objects.unscoped("test").get(release=release)
    assert (run.finished_at, given, Voucher.objects.unscoped("test").count()) == (None, 1, 1)
    releases.resume_release(admin, release_id=release.pk)
    assert [args for _at, args in jobs("grant_release")] == [{"release_id": release.pk}]
    tasks.grant_release(release.pk)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert Voucher.objects.unscoped("test").count() == run.granted > 1


# --- The gate -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_gate_refuses_with_the_reason_at_once_and_takes_claims_again_at_once(cast):
    """Its picture may be a second old; the answer is the database's, which it asks for every claim of a pause."""
    release = new_release(cast.unions["province"])
    pool = new_pool(release)
    first, second = new_crowd(2)

    def put(state: str, why: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE benefits_release SET state = %s, pause_reason = %s WHERE id = %s",
                [state, why, release.pk],
            )

    async def work(gate):
        assert (await live(gate, pool.pk))["state"] == "open"
        await asyncio.to_thread(put, "paused", WHY)
        refusal = (await grab(gate, pool.pk, new_pass(first, pool.pk))).facts
        shown = await live(gate, pool.pk)
        await asyncio.to_thread(put, "open", "")
        return refusal, shown, (await grab(gate, pool.pk, new_pass(second, pool.pk))).answer

    refusal, shown, later = with_gate(work)
    assert (refusal["answer"], refusal["title"]) == ("paused", "发放暂停了")
    assert refusal["message"].startswith(f"主办方说：{WHY}。已经领到的仍然有效")
    assert (shown["state"], shown["reason"]) == ("paused", WHY)
    assert (later, counts(pool)) == ("won", (1, 2))


@pytest.mark.django_db(transaction=True)
def test_batch_that_waits_behind_a_pause_is_refused_whole(cast):
    """The pause holds the release's lock; claims queue in the gate and in PostgreSQL, and are answered when it commits."""
    release = new_release(cast.unions["province"])
    pool, crowd = new_pool(release, capacity=100), new_crowd(40)

    async def work(gate):
        officer = await connect()
        pausing = officer.transaction()
        await pausing.start()
        await officer.execute(
            "UPDATE benefits_release SET state = 'paused', pause_reason = '检修' WHERE id = $1", release.pk
        )
        asking = [asyncio.create_task(grab(gate, pool.pk, new_pass(one, pool.pk))) for one in crowd]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in asking)
        await pausing.commit()
        heard = [(await task).answer for task in asking]
        await officer.close()
        return heard

    assert Counter(with_gate(work)) == {"paused": 40}
    assert counts(pool) == (0, 100)


@pytest.mark.django_db(transaction=True)
def test_claims_under_fire_while_it_is_paused_and_resumed(cast):
    """Two gates and eight direct connections; an officer pauses and resumes. Every won is one voucher, and the pool's counter
    stands still from the commit of each pause to the resume."""
    release = new_release(cast.unions["province"], waitlist_max=0)
    pool, crowd = new_pool(release, capacity=5000), new_crowd(2400)
    halts: list[tuple[int, int]] = []

    async def officer() -> None:
        hand = await connect()
        for _ in range(6):
            await asyncio.sleep(0.12)
            await hand.execute(
                "UPDATE benefits_release SET state = 'paused', pause_reason = '检修' WHERE id = $1",
                release.pk,
            )
            before = await hand.fetchval("SELECT next_serial FROM benefits_pool WHERE id = $1", pool.pk)
            await asyncio.sleep(0.12)
            after = await hand.fetchval("SELECT next_serial FROM benefits_pool WHERE id = $1", pool.pk)
            halts.append((before, after))
            await hand.execute(
                "UPDATE benefits_release SET state = 'open', pause_reason = '' WHERE id = $1", release.pk
            )
        await hand.close()

    async def direct(number: int, done: asyncio.Event) -> list[tuple[int, str]]:
        heard, hand = [], await connect()
        mine = crowd[number:1200:8]
        while not done.is_set():
            for start in range(0, len(mine), 5):
                some = mine[start : start + 5]
                size = len(some)
                keys = [uuid4() for _ in some]
                rows = await hand.fetch(BATCH, pool.pk, some, [None] * size, [1] * size, keys, [False] * size)
                heard += [(one, row["answer"]) for one, row in zip(some, rows, strict=True)]
                await asyncio.sleep(0.005)
        await hand.close()
        return heard

    async def by_gate(gate, people: list[int]) -> list[tuple[int, str]]:
        heard = []
        for start in range(0, len(people), 20):
            some = people[start : start + 20]
            answers = await asyncio.gather(
                *(grab(gate, pool.pk, new_pass(one, pool.pk), wait=False) for one in some)
            )
            heard += [(one, answer.answer) for one, answer in zip(some, answers, strict=True)]
            await asyncio.sleep(0.02)
        return heard

    async def main() -> list[tuple[int, str]]:
        done = asyncio.Event()
        async with running_gate() as one, running_gate() as two:
            work = [direct(n, done) for n in range(8)]
            tasks_ = [asyncio.create_task(t) for t in work]
            tasks_ += [
                asyncio.create_task(by_gate(g, p)) for g, p in ((one, crowd[1200:1800]), (two, crowd[1800:]))
            ]
            await officer()
            done.set()
            return [pair for part in await asyncio.gather(*tasks_) for pair in part]

    heard = asyncio.run(main())
    told = Counter(answer for _person, answer in heard)
    assert set(told) == {"won", "already", "paused"}
    assert [before for before, _after in halts] == [after for _before, after in halts]
    tickets = Voucher.objects.unscoped("test").filter(pool=pool)
    winners = [person for person, answer in heard if answer == "won"]
    assert tickets.count() == told["won"] == len(set(winners))
    assert sorted(tickets.values_list("person_id", flat=True)) == sorted(winners)
    assert counts(pool)[0] == told["won"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["draw", "grant"])
def test_entry_and_grant_that_wait_behind_a_pause_give_nothing(cast, mode):
    release = opened(cast, mode=mode)
    pool, said = pool_of(release), []
    works = {
        "draw": lambda: draws.enter_draw(cast.actor("mei"), pool_id=pool.pk),
        "grant": lambda: grants.grant_release(SYSTEM, release_id=release.pk),
    }

    def work() -> None:
        try:
            said.append(refused(works[mode]))
        finally:
            connection.close()

    late = threading.Thread(target=work)
    with transaction.atomic():
        releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)
        late.start()
        late.join(0.5)
        assert late.is_alive() is True
    late.join(20)
    assert said == ["release_paused"]
    assert (Voucher.objects.unscoped("test").count(), DrawEntry.objects.unscoped("test").count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_claims_of_a_pause_are_asked_of_the_database_in_batches(cast):
    release = new_release(cast.unions["province"])
    pool, crowd = new_pool(release), new_crowd(60)
    releases_ = Release.objects.unscoped("test").filter(pk=release.pk)
    releases_.update(state="paused", pause_reason="检修")

    async def work(gate):
        heard = await asyncio.gather(*(grab(gate, pool.pk, new_pass(one, pool.pk)) for one in crowd))
        return Counter(one.answer for one in heard), asked_in_sql(gate)

    told, batches = with_gate(work)
    assert told == {"paused": 60}
    assert batches <= 5
