"""What the gate refuses: passes, bodies, addresses. A refusal changes nothing and says why."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from gonghui.benefits.gate.passes import PASS_CHARS
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.benefits.tests.gates import (
    SESSION,
    ask,
    grab,
    new_pass,
    with_gate,
)
from gonghui.kit.crypto import Keyring

pytestmark = pytest.mark.django_db(transaction=True)


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
