"""What the gate shows to whoever looks: the live count and the waiting page, from memory."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import time

import pytest
from django.utils import timezone

from gonghui.benefits.gate import pages, pictures
from gonghui.benefits.models import WaitingPage
from gonghui.benefits.tests.crowd import new_crowd, new_pool, new_release
from gonghui.benefits.tests.gates import (
    ask,
    grab,
    live,
    new_pass,
    sql_elsewhere,
    with_gate,
)

PATIENCE_S = 20
pytestmark = pytest.mark.django_db(transaction=True)


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


async def heard_soon(look, wanted):
    """What is shown once it is what is wanted, or at last."""
    deadline = time.monotonic() + PATIENCE_S
    while (shown := await look()) != wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return shown


@pytest.fixture
def nobody_looks_untold(monkeypatch):
    for module in (pages, pictures):
        monkeypatch.setattr(module, "RECHECK_S", 60.0)


@pytest.mark.usefixtures("nobody_looks_untold")
def test_live_hears_of_changes_at_once(union):
    release = new_release(union)
    pool = new_pool(release, capacity=2)

    async def work(gate):
        async def shown(name: str):
            return (await live(gate, pool.pk))[name]

        seen = [await shown("state"), await shown("capacity")]
        await sql_elsewhere("UPDATE benefits_pool SET capacity = 7 WHERE id = %s", pool.pk)
        seen.append(await heard_soon(lambda: shown("remaining"), 7))
        await sql_elsewhere("UPDATE benefits_release SET state = 'cancelled' WHERE id = %s", release.pk)
        return [*seen, await heard_soon(lambda: shown("state"), "cancelled")]

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
        began = time.monotonic()
        seen = 0
        while seen < 100 or time.monotonic() < began + 1.5:
            await asyncio.gather(*(live(gate, pool.pk) for _ in range(50)))
            seen += 50
        return looks, time.monotonic() - began

    looks, took_s = with_gate(work)
    assert looks <= took_s / pictures.RECHECK_S + 2


@pytest.mark.usefixtures("nobody_looks_untold")
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

        async def tag() -> str:
            return (await ask(gate, "GET", path)).headers["etag"]

        await heard_soon(tag, 'W/"v2"')
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
