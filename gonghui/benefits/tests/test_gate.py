"""The gate's answers: what it passes on, what it says from memory, what it refuses."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import time
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from gonghui.benefits.gate.passes import PASS_CHARS
from gonghui.benefits.models import Pool, Release, Voucher, WaitingPage
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.benefits.tests.gates import SESSION, ask, grab, live, new_pass, running_gate, with_gate
from gonghui.kit.crypto import Keyring
from gonghui.kit.tokens import normalise_short_code

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def union(cast):
    return cast.unions["province"]


def sql(statement: str, *args) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, args)


async def sql_elsewhere(statement: str, *args) -> None:
    await asyncio.to_thread(sql, statement, *args)


def asked_in_sql(gate) -> int:
    return sum(gate._meters.batch_size.counts)


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


def test_seats_that_come_back_are_given_at_once(union):
    pool = sold_out_pool(union)
    a, b, c = new_crowd(3)

    async def work(gate):
        await grab(gate, pool.pk, new_pass(a, pool.pk))
        assert (await grab(gate, pool.pk, new_pass(b, pool.pk))).answer == "sold_out"
        await sql_elsewhere("SELECT benefits_return_voucher(id) FROM benefits_voucher")
        await asyncio.sleep(0.1)  # well under the second after which a gate looks by itself
        return await grab(gate, pool.pk, new_pass(c, pool.pk))

    assert with_gate(work).answer == "won"
    assert counts(pool) == (1, 0)


def test_seats_that_come_back_unheard_are_seen_within_two_seconds(union):
    pool = sold_out_pool(union)
    a, b, c = new_crowd(3)
    sql("DROP TRIGGER benefits_pool_told ON benefits_pool")

    async def work(gate):
        await grab(gate, pool.pk, new_pass(a, pool.pk))
        assert (await grab(gate, pool.pk, new_pass(b, pool.pk))).answer == "sold_out"
        await sql_elsewhere("UPDATE benefits_voucher SET state = 'returned'")  # no function, no notice
        await asyncio.sleep(1.6)
        return await grab(gate, pool.pk, new_pass(c, pool.pk))

    try:
        assert with_gate(work).answer == "won"
    finally:
        sql(
            "CREATE TRIGGER benefits_pool_told AFTER UPDATE OF capacity, opens_at, closes_at ON benefits_pool"
            " FOR EACH ROW EXECUTE FUNCTION benefits_tell_gates('pool', 'id')"
        )


def test_too_early_is_said_without_sql_and_opening_is_not_missed(union):
    opens_at = timezone.now() + dt.timedelta(seconds=1.6)
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
    assert dt.timedelta(0) <= late < dt.timedelta(milliseconds=200)


@pytest.mark.parametrize("skew_s", [-86_400.0, -30.0, 30.0, 86_400.0])
def test_clock_of_the_gate_may_be_wrong_by_a_day(union, skew_s):
    soon = timezone.now() + dt.timedelta(seconds=1.2)
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
    assert abs(shown) < 0.1


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
    assert abs(shown) < 0.1


# --- Refusals -----------------------------------------------------------------------------------------------


def refused(pool, work) -> tuple[int, str]:
    before = counts(pool)
    heard = with_gate(work)
    assert counts(pool) == before
    assert heard.facts["title"]
    assert heard.facts["message"].endswith("。")
    assert heard.headers["content-type"] == "application/json; charset=utf-8"
    return heard.status, heard.answer


@pytest.fixture
def pool(union):
    return new_pool(new_release(union, party_max=2), capacity=3)


@pytest.fixture
def person(db):
    return new_crowd(1)[0]


def test_expired_pass_is_refused(pool, person):
    token = new_pass(person, pool.pk, expires_at=time.time() - 2)
    assert refused(pool, lambda g: grab(g, pool.pk, token)) == (403, "pass_expired")


def test_forged_pass_is_refused(pool, person):
    token = new_pass(person, pool.pk, keyring=Keyring.generate())
    assert refused(pool, lambda g: grab(g, pool.pk, token)) == (403, "bad_pass")


def test_every_changed_character_of_a_pass_is_noticed(pool, person):
    token = new_pass(person, pool.pk)
    assert len(token) == PASS_CHARS

    async def work(gate):
        changed = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(PASS_CHARS)]
        return [(await grab(gate, pool.pk, text)).answer for text in changed]

    assert set(with_gate(work)) == {"bad_pass"}
    assert counts(pool) == (0, 3)


def test_pass_of_another_session_is_refused(pool, person):
    token = new_pass(person, pool.pk, session="the session of somebody else")
    assert refused(pool, lambda g: grab(g, pool.pk, token)) == (403, "not_yours")


def test_pass_without_any_session_is_refused(pool, person):
    body = json.dumps({"pass": new_pass(person, pool.pk)}).encode()
    assert refused(pool, lambda g: ask(g, "POST", f"/grab/{pool.pk}", body)) == (403, "not_yours")


def test_pass_of_another_pool_is_refused(union, pool, person):
    other = new_pool(pool.release, label="另一场")
    token = new_pass(person, other.pk)
    assert refused(pool, lambda g: grab(g, pool.pk, token)) == (403, "other_pool")


def test_bearer_token_counts_like_a_session(pool, person):
    body = json.dumps({"pass": new_pass(person, pool.pk, session="a-bearer-token")}).encode()
    path = f"/grab/{pool.pk}"
    heard = with_gate(lambda g: ask(g, "POST", path, body, authorization="Bearer a-bearer-token"))
    assert heard.answer == "won"


def test_more_seats_than_the_pass_allows_are_refused(pool, person):
    token = new_pass(person, pool.pk, seats=2)
    assert refused(pool, lambda g: grab(g, pool.pk, token, seats=3)) == (422, "too_many")


def test_more_seats_than_the_release_allows_are_refused(pool, person):
    token = new_pass(person, pool.pk, seats=9)
    assert refused(pool, lambda g: grab(g, pool.pk, token, seats=3)) == (422, "too_many")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "malformed")),
        (b"{", (400, "malformed")),
        (b"[]", (400, "malformed")),
        (b'"pass"', (400, "malformed")),
        (b"null", (400, "malformed")),
        (b"\xff\xfe\x00", (400, "malformed")),
        (b"[" * 2000, (400, "malformed")),
        (b'{"pass": 1}', (400, "malformed")),
        (b'{"pass": "x", "seats": true}', (400, "malformed")),
        (b'{"pass": "x", "seats": 1.0}', (400, "malformed")),
        (b'{"pass": "x", "seats": -1}', (400, "malformed")),
        (b'{"pass": "x", "seats": 99999999999999999999}', (400, "malformed")),
        (b'{"pass": "x", "wait": 1}', (400, "malformed")),
        (b'{"pass": ""}', (403, "bad_pass")),
        ('{"pass": "券"}'.encode(), (403, "bad_pass")),
        (b'{"pass": "\\ud800"}', (403, "bad_pass")),
        (b'{"pass": "' + b"A" * 112 + b'"}', (403, "bad_pass")),
        (b'{"pass": "' + b"A" * 2100 + b'"}', (413, "too_large")),
    ],
)
def test_bad_bodies_are_refused(pool, body, expected):
    cookie = f"sessionid={SESSION}"
    assert refused(pool, lambda g: ask(g, "POST", f"/grab/{pool.pk}", body, cookie=cookie)) == expected


def test_claim_in_a_header_counts_like_one_in_the_body(pool, person):
    order = json.dumps({"pass": new_pass(person, pool.pk), "seats": 2})
    path, cookie = f"/grab/{pool.pk}", f"xsessionid=no; sessionid={SESSION}; theme=dark"
    heard = with_gate(lambda g: ask(g, "POST", path, x_grab=order, cookie=cookie))
    assert (heard.answer, heard.facts["remaining"]) == ("won", 1)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("{", (400, "malformed")), ('{"pass": "x"}', (403, "bad_pass")), ("x" * 2049, (413, "too_large"))],
)
def test_bad_claims_in_a_header_are_refused(pool, order, expected):
    cookie = f"sessionid={SESSION}"
    assert (
        refused(pool, lambda g: ask(g, "POST", f"/grab/{pool.pk}", x_grab=order, cookie=cookie)) == expected
    )


def test_length_announced_too_long_is_refused_unread(pool):
    async def never():
        raise AssertionError("the body was read")

    async def work(gate):
        sent = []
        scope = {"type": "http", "method": "POST", "path": f"/grab/{pool.pk}"}
        scope["headers"] = [(b"content-length", b"1000000000")]

        async def send(message):
            sent.append(message)

        await gate(scope, never, send)
        return sent[0]["status"]

    assert with_gate(work) == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/grab/1", 405),
        ("DELETE", "/grab/1", 405),
        ("POST", "/grab/1/live", 405),
        ("POST", "/grab/x", 404),
        ("POST", "/grab/1/other", 404),
        ("POST", "/grab/", 404),
        ("GET", "/grab/-1/live", 404),
        ("GET", "/grab/１/live", 404),
        ("GET", "/grab/99999999999999999999999/live", 404),
        ("GET", "/grab/987654321/live", 404),
        ("GET", "/r/987654321", 404),
        ("GET", "/r/x", 404),
        ("POST", "/r/1", 405),
    ],
)
def test_addresses_that_lead_nowhere(db, method, path, status):
    heard = with_gate(lambda g: ask(g, method, path))
    assert heard.status == status
    assert heard.facts["message"].endswith("。")


def test_pass_for_a_pool_that_is_gone_is_not_found(person, db):
    heard = with_gate(lambda g: grab(g, 987654321, new_pass(person, 987654321)))
    assert (heard.status, heard.answer) == (404, "unknown")


def test_drafts_are_not_to_be_seen(union):
    pool = new_pool(new_release(union, state="draft"))
    assert with_gate(lambda g: ask(g, "GET", f"/grab/{pool.pk}/live")).status == 404


def test_claim_of_a_person_who_is_gone_spoils_nobody_elses(pool, person):
    """A pass outlives its person (two accounts merged): the others of that batch get their seats."""
    gone = 987654321

    async def work(gate):
        people = [person, gone]
        return await asyncio.gather(*(grab(gate, pool.pk, new_pass(p, pool.pk)) for p in people))

    heard = with_gate(work)
    assert [(h.status, h.answer) for h in heard] == [(200, "won"), (403, "bad_pass")]
    assert counts(pool) == (1, 2)


# --- Looking ------------------------------------------------------------------------------------------------


def test_live_shows_what_is_left_and_the_databases_time(union):
    now = timezone.now()
    pool = new_pool(new_release(union, opens_at=now - dt.timedelta(hours=1)), capacity=2)
    a, b, c = new_crowd(3)

    async def work(gate):
        before = await live(gate, pool.pk)
        for p in (a, b, c):
            await grab(gate, pool.pk, new_pass(p, pool.pk))
        await asyncio.sleep(0.05)
        return before, await live(gate, pool.pk)

    before, after = with_gate(work)
    assert {k: before[k] for k in ("pool", "state", "remaining", "capacity", "waiting")} == {
        "pool": pool.pk,
        "state": "open",
        "remaining": 2,
        "capacity": 2,
        "waiting": 0,
    }
    assert before["opens_at_ms"] == round(pool.release.opens_at.timestamp() * 1000)
    assert abs(before["now_ms"] / 1000 - time.time()) < 1
    assert (after["state"], after["remaining"], after["waiting"]) == ("sold_out", 0, 1)


def test_live_hears_of_changes_at_once(union):
    release = new_release(union)
    pool = new_pool(release, capacity=2)

    async def work(gate):
        seen = [(await live(gate, pool.pk))["state"], (await live(gate, pool.pk))["capacity"]]
        await sql_elsewhere("UPDATE benefits_pool SET capacity = 7 WHERE id = %s", pool.pk)
        await asyncio.sleep(0.1)
        seen.append((await live(gate, pool.pk))["remaining"])
        await sql_elsewhere("UPDATE benefits_release SET state = 'cancelled' WHERE id = %s", release.pk)
        await asyncio.sleep(0.1)
        return [*seen, (await live(gate, pool.pk))["state"]]

    assert with_gate(work) == ["open", 2, 7, "cancelled"]


def test_crowd_that_looks_asks_the_database_once_a_second(union):
    pool = new_pool(new_release(union))

    async def work(gate):
        looks = 0
        read, store = gate._store.pictures._read, gate._store.pictures

        async def counted(*args):
            nonlocal looks
            looks += 1
            return await read(*args)

        store._read = counted
        until = time.monotonic() + 1.5
        seen = 0
        while time.monotonic() < until:
            await asyncio.gather(*(live(gate, pool.pk) for _ in range(50)))
            seen += 50
        return looks, seen

    looks, seen = with_gate(work)
    assert looks <= 3
    assert seen > 1000


def test_waiting_page_is_served_from_memory_with_etag_and_gzip(union):
    release = new_release(union)
    html = ("<!doctype html><title>国庆珠岛夜游</title>" * 50).encode()
    WaitingPage.objects.create(release=release, html=html, etag="v1", rendered_at=timezone.now())

    async def work(gate):
        path = f"/r/{release.pk}"
        plain = await ask(gate, "GET", path)
        zipped = await ask(gate, "GET", path, accept_encoding="gzip, br")
        same = await ask(gate, "GET", path, if_none_match=plain.headers["etag"])
        head = await ask(gate, "HEAD", path)
        await sql_elsewhere("UPDATE benefits_waitingpage SET html = %s, etag = 'v2'", b"<p>v2")
        await asyncio.sleep(0.1)
        return plain, zipped, same, head, await ask(gate, "GET", path)

    plain, zipped, same, head, changed = with_gate(work)
    assert (plain.status, plain.body) == (200, html)
    assert gzip.decompress(zipped.body) == html
    assert zipped.headers["content-encoding"] == "gzip"
    assert (same.status, same.body) == (304, b"")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(html)))
    assert (changed.body, changed.headers["etag"]) == (b"<p>v2", 'W/"v2"')
    policy = plain.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert plain.headers["x-content-type-options"] == "nosniff"


def test_page_of_a_draft_is_not_served(union):
    release = new_release(union, state="reviewed")
    WaitingPage.objects.create(release=release, html=b"x", etag="v1", rendered_at=timezone.now())
    assert with_gate(lambda g: ask(g, "GET", f"/r/{release.pk}")).status == 404


def test_gate_is_free_of_django():
    import subprocess
    import sys

    code = (
        "import sys, gonghui.benefits.gate.app;"
        "print([m for m in sys.modules if m.split('.')[0] in ('django', 'psycopg', 'procrastinate')])"
    )
    heard = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heard.stdout.strip() == "[]"


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
    soon = time.time() + 1
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
