"""What the gate says when the database is slow, gone, full or cut off: "try again", never a false win."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from django.db import connection

from gonghui.benefits.gate import store
from gonghui.benefits.models import Voucher
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.benefits.tests.gates import ask, grab, live, new_pass, running_gate, with_gate
from gonghui.benefits.tests.wire import connect, database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]


@pytest.fixture
def pool(cast):
    return new_pool(new_release(cast.unions["province"]), capacity=3)


@pytest.fixture
def person(db):
    return new_crowd(1)[0]


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def assert_told_to_try_again(heard) -> None:
    assert (heard.status, heard.answer) == (503, "try_again")
    assert heard.headers["retry-after"] == "1"
    assert heard.facts["message"].startswith("系统正忙")


@pytest.fixture
def spoiled(request):
    """A trigger that spoils every new voucher, taken away by the test."""
    sql(
        "CREATE OR REPLACE FUNCTION test_spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION 'spoiled by the test' USING ERRCODE = '{request.param['code']}'; END $$;"
        f" CREATE CONSTRAINT TRIGGER test_spoil AFTER INSERT ON benefits_voucher {request.param['when']}"
        " FOR EACH ROW EXECUTE FUNCTION test_spoil()"
    )
    yield
    sql("DROP FUNCTION IF EXISTS test_spoil() CASCADE")


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param({"code": "53100", "when": ""}, id="disk-full"),
        pytest.param({"code": "53100", "when": "DEFERRABLE INITIALLY DEFERRED"}, id="disk-full-at-commit"),
        pytest.param({"code": "40P01", "when": ""}, id="deadlock"),
        pytest.param({"code": "23505", "when": ""}, id="unique-again-and-again"),
        pytest.param({"code": "XX000", "when": ""}, id="internal-error"),
    ],
    indirect=True,
)
def test_batch_that_fails_is_no_win_and_the_same_pass_wins_later(pool, person, spoiled):
    token = new_pass(person, pool.pk)

    async def work(gate):
        failed = await grab(gate, pool.pk, token)
        nothing = await asyncio.to_thread(counts, pool)
        await asyncio.to_thread(sql, "DROP FUNCTION test_spoil() CASCADE")
        return failed, nothing, await grab(gate, pool.pk, token)

    failed, nothing, later = with_gate(work)
    assert_told_to_try_again(failed)
    assert nothing == (0, 3)
    assert later.answer == "won"
    assert counts(pool) == (1, 2)


def test_pool_locked_by_others_for_too_long_is_no_win(pool, person, monkeypatch):
    monkeypatch.setattr(store, "STATEMENT_TIMEOUT_S", 0.5)
    token = new_pass(person, pool.pk)

    async def work(gate):
        other = await connect()
        transaction = other.transaction()
        await transaction.start()
        await other.execute("SELECT FROM benefits_release FOR UPDATE")
        failed = await grab(gate, pool.pk, token)
        await transaction.rollback()
        await other.close()
        return failed, await grab(gate, pool.pk, token)

    failed, later = with_gate(work)
    assert_told_to_try_again(failed)
    assert later.answer == "won"


def test_no_database_at_all_is_said_at_once(db):
    async def work(gate):
        heard = [
            await grab(gate, 1, new_pass(1, 1)),
            await ask(gate, "GET", "/grab/1/live"),
            await ask(gate, "GET", "/r/1"),
        ]
        # What needs no database is answered as ever.
        return heard, await ask(gate, "POST", "/grab/1", b"{}")

    heard, malformed = with_gate(work, url="postgresql://nobody@127.0.0.1:9/nothing")
    for each in heard:
        assert_told_to_try_again(each)
    assert malformed.status == 400


def test_backends_ended_under_load_lose_and_double_nothing(cast):
    pool = new_pool(new_release(cast.unions["province"], waitlist_max=0), capacity=400)
    crowd = new_crowd(600)

    async def ender(stop: asyncio.Event) -> None:
        other = await connect()
        while not stop.is_set():
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'gonghui-gate' AND datname = current_database() AND random() < 0.5"
            )
            await asyncio.sleep(0.03)
        await other.close()

    async def claimant(gate, person, number, told):
        await asyncio.sleep(number * 0.002)
        token = new_pass(person, pool.pk)
        while (heard := await grab(gate, pool.pk, token)).status == 503:
            told.append(heard)
            await asyncio.sleep(0.02)
        return heard

    async def work(gate):
        stop, told = asyncio.Event(), []
        ending = asyncio.create_task(ender(stop))
        heard = await asyncio.gather(*(claimant(gate, p, n, told) for n, p in enumerate(crowd)))
        stop.set()
        await ending
        return heard, told

    heard, told = with_gate(work)
    assert told, "nobody was disturbed: the test tested nothing"
    assert_the_promised_exists(pool, crowd, heard, 400)


def assert_the_promised_exists(pool, crowd, heard, capacity: int) -> None:
    promised = {p: h.facts["code"] for p, h in zip(crowd, heard, strict=True) if h.answer == "won"}
    tickets = dict(Voucher.objects.unscoped("test").filter(pool=pool).values_list("person_id", "code"))
    assert promised == tickets
    assert {h.answer for h in heard} == {"won", "sold_out"}
    assert counts(pool) == (capacity, 0)


class Wire:
    """A wire between gate and database that can be cut while the answer is on its way."""

    def __init__(self) -> None:
        self.cut_answers = False
        self.cuts = 0
        self._tasks: set[asyncio.Task] = set()

    async def join(self, reader, writer) -> None:
        parts = urlsplit(database_url().replace("%2F", "/"))
        facts = dict(pair.split("=", 1) for pair in parts.query.split("&"))
        if facts["host"].startswith("/"):
            path = f"{facts['host']}/.s.PGSQL.{facts['port']}"
            far_reader, far_writer = await asyncio.open_unix_connection(path)
        else:
            far_reader, far_writer = await asyncio.open_connection(facts["host"], int(facts["port"]))
        for source, target, is_answer in ((reader, far_writer, False), (far_reader, writer, True)):
            task = asyncio.create_task(self._carry(source, target, is_answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source, target, is_answer: bool) -> None:
        with_data = True
        while with_data:
            piece = await source.read(65536)
            with_data = bool(piece)
            if is_answer and self.cut_answers and b"won" in piece:
                self.cuts += 1
                break
            target.write(piece)
        target.close()


@asynccontextmanager
async def cuttable_wire():
    wire = Wire()
    server = await asyncio.start_server(wire.join, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    facts = connection.settings_dict
    yield wire, f"postgresql://{facts['USER']}:{facts['PASSWORD']}@127.0.0.1:{port}/{facts['NAME']}"
    server.close()


def test_answer_lost_after_the_commit_is_told_on_the_next_try(pool, person):
    """The worst moment: the seat is taken and on disk, and nobody has heard of it."""
    token = new_pass(person, pool.pk)

    async def main():
        async with cuttable_wire() as (wire, url), running_gate(url=url) as gate:
            await live(gate, pool.pk)
            wire.cut_answers = True
            lost = await grab(gate, pool.pk, token)
            taken = await asyncio.to_thread(counts, pool)
            wire.cut_answers = False
            return wire.cuts, lost, taken, await grab(gate, pool.pk, token)

    cuts, lost, taken, told = asyncio.run(main())
    assert cuts == 1
    assert_told_to_try_again(lost)
    assert taken == (1, 2)
    assert (told.answer, told.facts["code"]) == ("won", Voucher.objects.unscoped("test").get().code)
    assert counts(pool) == (1, 2)


def test_answer_lost_with_the_last_seat_is_not_told_sold_out(cast):
    """The pool is empty now, and the gate that lost the answer does not know whom it was for."""
    pool = new_pool(new_release(cast.unions["province"], waitlist_max=0), capacity=1)
    a, b = new_crowd(2)
    token = new_pass(a, pool.pk)

    async def main():
        async with cuttable_wire() as (wire, url), running_gate(url=url) as gate:
            await live(gate, pool.pk)
            wire.cut_answers = True
            await grab(gate, pool.pk, token)
            wire.cut_answers = False
            heard = [await grab(gate, pool.pk, new_pass(b, pool.pk)) for _ in range(3)]
            return heard, await grab(gate, pool.pk, token)

    heard, told = asyncio.run(main())
    assert {h.answer for h in heard} == {"sold_out"}
    assert told.answer == "won"


def test_gate_that_stops_answers_what_it_took_in(cast):
    pool = new_pool(new_release(cast.unions["province"]), capacity=50)
    crowd = new_crowd(50)

    async def main():
        async with running_gate() as gate:
            await live(gate, pool.pk)
            waiting = [asyncio.create_task(grab(gate, pool.pk, new_pass(p, pool.pk))) for p in crowd]
            await asyncio.sleep(0)
        return await asyncio.gather(*waiting)

    assert {h.answer for h in asyncio.run(main())} == {"won"}
    assert counts(pool) == (50, 0)
