"""The gate's few connections: the settling call, and the ear for what happens elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from gonghui.benefits.gate.batches import TRY_AGAIN, Answer, Claim
from gonghui.benefits.gate.meters import Meters
from gonghui.benefits.gate.pages import Pages
from gonghui.benefits.gate.pictures import DATABASE_TROUBLE, DatabaseClock, Pictures

log = logging.getLogger("gonghui.gate")

CHANNEL = "gonghui_gate"
CONNECTIONS = 5
STATEMENT_TIMEOUT_S = 5
CONNECT_TIMEOUT_S = 3
RECONNECT_S = 1.0

SETTLE = (
    "SELECT answer, code, place, remaining, state FROM benefits_claim_batch("
    "$1, $2::bigint[], $3::bigint[], $4::integer[], $5::uuid[], $6::boolean[])"
)


class Store:
    def __init__(
        self, database_url: str, meters: Meters, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url, self._meters = database_url, meters
        self._connections: asyncpg.Pool | None = None
        self._listener: asyncio.Task[None] | None = None
        self.clock = DatabaseClock(clock)
        self.pictures = Pictures(self._lend, self.clock)
        self.pages = Pages(self._lend, clock)

    async def startup(self) -> None:
        """Does not wait for the database: a gate that starts first answers "try again" until there is one."""
        self._connections = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=CONNECTIONS,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=STATEMENT_TIMEOUT_S + 1,
            max_inactive_connection_lifetime=60,
            reset=_leave_as_it_is,
            server_settings={
                "application_name": "gonghui-gate",
                "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
                "synchronous_commit": "on",  # an answered win is on disk, whatever the server's default
                "jit": "off",
            },
        )
        self._listener = asyncio.create_task(self._listen_for_ever())

    async def shutdown(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self.pictures.stop()
        await self.pages.stop()
        if self._connections is not None:
            try:
                await asyncio.wait_for(self._connections.close(), timeout=STATEMENT_TIMEOUT_S)
            except TimeoutError:
                self._connections.terminate()

    def _lend(self) -> contextlib.AbstractAsyncContextManager[asyncpg.Connection]:
        if self._connections is None:
            raise ConnectionError("the gate has not started")
        return self._connections.acquire(timeout=STATEMENT_TIMEOUT_S)

    # --- Settling -------------------------------------------------------------------------------------------

    async def settle(self, pool_id: int, claims: Sequence[Claim]) -> Sequence[Answer]:
        """Answers that are on disk, or "try again", also when the connection is lost after the commit."""
        started = time.perf_counter()
        try:
            answers = await self._settle_or_split(pool_id, claims)
        except DATABASE_TROUBLE as error:
            log.warning("batch of %d not settled: %s", len(claims), type(error).__name__)
            answers = [TRY_AGAIN] * len(claims)
        self._meters.batch_size.observe(len(claims))
        self._meters.batch_seconds.observe(time.perf_counter() - started)
        self.pictures.learn(pool_id, claims, answers)
        return answers

    async def _settle_or_split(
        self, pool_id: int, claims: Sequence[Claim], *, again: bool = True
    ) -> list[Answer]:
        """A short code drawn twice in the same moment is drawn again; one claim that cannot be written spoils no other."""
        try:
            return await self._call(pool_id, claims)
        except asyncpg.UniqueViolationError:
            if again:
                return await self._settle_or_split(pool_id, claims, again=False)
            raise
        except (asyncpg.ForeignKeyViolationError, asyncpg.DataError):
            if len(claims) == 1:
                return [Answer("bad_pass")]
            middle = len(claims) // 2
            first = await self._settle_or_split(pool_id, claims[:middle])
            return first + await self._settle_or_split(pool_id, claims[middle:])

    async def _call(self, pool_id: int, claims: Sequence[Claim]) -> list[Answer]:
        """asyncpg returns rows only after the server's "ready for query", that is after the commit."""
        columns = (
            [c.person_id for c in claims],
            [c.booked_by_id for c in claims],
            [c.seats for c in claims],
            [UUID(bytes=c.key) for c in claims],
            [c.wait for c in claims],
        )
        async with self._lend() as connection:
            return [Answer(*row) for row in await connection.fetch(SETTLE, pool_id, *columns)]

    # --- News from elsewhere --------------------------------------------------------------------------------

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._url, timeout=CONNECT_TIMEOUT_S)
            except DATABASE_TROUBLE as error:
                log.warning("gate cannot listen: %s", type(error).__name__)
            else:
                await self._listen(connection)
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self, connection: asyncpg.Connection) -> None:
        """Until the connection is gone. What was said while nobody listened: forget all, look again."""
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _connection: gone.set())
        try:
            await connection.add_listener(CHANNEL, self._hear)
            self.pictures.forget_all()
            self.pages.forget_all()
            await gone.wait()
        except DATABASE_TROUBLE as error:
            log.warning("gate stopped listening: %s", type(error).__name__)
        finally:
            connection.terminate()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        news = json.loads(payload)
        if pool_id := news.get("pool"):
            self.pictures.make_old([pool_id])
        if release_id := news.get("release"):
            self.pictures.make_release_old(release_id)
            self.pages.make_old(release_id)
        if release_id := news.get("page"):
            self.pages.make_old(release_id)


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """Nothing here changes a session; asyncpg's own reset would be one more round trip a batch."""
