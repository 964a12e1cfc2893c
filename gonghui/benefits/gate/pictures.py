"""What the gate keeps in mind of pools, renewed every second while somebody asks; and the database's time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from gonghui.benefits.gate.batches import Answer, Claim

log = logging.getLogger("gonghui.gate")

RECHECK_S = 1.0  # how old a picture may grow while somebody asks
OLD_S = 1.5  # older ones are not shown: whoever asks waits for a new one
FORGET_S = 300.0
DRIFT = 1e-3  # how fast an old measurement of the database's clock loses its worth
UNKNOWN_MAX = 10_000

STATUS = "SELECT *, clock_timestamp() AS at FROM benefits_pool_status($1::bigint[])"
HOLDERS = "SELECT * FROM benefits_pool_holders($1)"
DATABASE_TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

Lend = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]
Waiter = asyncio.Future["PoolPicture | None"]


@dataclass(slots=True)
class PoolPicture:
    """A pool as the database had it at `taken_at` (the gate's own clock)."""

    pool_id: int
    release_id: int
    refusal: str | None
    opens_at: float
    closes_at: float
    capacity: int
    remaining: int
    waiting: int
    wait_max: int
    next_serial: int
    next_position: int
    pause_reason: str
    taken_at: float
    # Everybody who ever won or waited here, if it is empty: as of the counters, added to by our own batches.
    holders: set[int] | None = None

    def is_sold_out_for(self, person_id: int, *, wait: bool) -> bool:
        """Only where the database could say nothing better: not for those it may have a ticket for."""
        full = self.remaining == 0 and (not wait or self.waiting >= self.wait_max)
        return full and self.refusal is None and self.holders is not None and person_id not in self.holders


class DatabaseClock:
    """The database's time from our own clock, however wrong: a difference with a known uncertainty."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.local = clock
        self._offset = 0.0
        self._width = float("inf")
        self._measured_at = 0.0

    @property
    def uncertainty_s(self) -> float:
        return self._width + abs(self.local() - self._measured_at) * DRIFT

    def now(self) -> float:
        return self.local() + self._offset

    def measure(self, asked: float, told: datetime, heard: float) -> None:
        """Said between `asked` and `heard`. A narrower measurement wins, and so does a contradicting one."""
        offset, width = told.timestamp() - (asked + heard) / 2, max((heard - asked) / 2, 1e-6)
        if width <= self.uncertainty_s or abs(offset - self._offset) > width + self._width:
            self._offset, self._width, self._measured_at = offset, width, heard


class Pictures:
    """Asking starts the refresher in one step, "nothing wanted" ends it in one: as in batches.py."""

    def __init__(self, lend: Lend, clock: DatabaseClock) -> None:
        self._lend, self._clock = lend, clock
        self._known: dict[int, PoolPicture] = {}
        self._unknown: dict[int, float] = {}
        self._wanted: dict[int, list[Waiter]] = {}
        self._refresher: asyncio.Task[None] | None = None
        self._settled: dict[int, set[int]] = {}  # pool → for whom, since the picture under way was begun

    def young(self, pool_id: int) -> PoolPicture | None:
        """The usual case of `of`, without the price of a coroutine."""
        known = self._known.get(pool_id)
        return known if known and 0 <= self._clock.local() - known.taken_at < RECHECK_S else None

    async def of(self, pool_id: int) -> PoolPicture | None:
        """None: no such pool. Raises `DATABASE_TROUBLE` where only an old one is to be had."""
        known, now = self._known.get(pool_id), self._clock.local()
        if known is not None:
            if 0 <= now - known.taken_at < RECHECK_S:
                return known
            if RECHECK_S <= now - known.taken_at < OLD_S:
                self._want(pool_id)
                return known
        elif 0 <= now - self._unknown.get(pool_id, float("-inf")) < RECHECK_S:
            return None
        waiter: Waiter = asyncio.get_running_loop().create_future()
        self._want(pool_id).append(waiter)
        return await waiter

    def make_old(self, pool_ids: Iterable[int]) -> None:
        """Something happened there; who asks next waits for a new picture."""
        self._unknown.clear()
        for pool_id in pool_ids:
            if picture := self._known.get(pool_id):
                picture.taken_at = float("-inf")
                self._want(pool_id)

    def make_release_old(self, release_id: int) -> None:
        self.make_old([p.pool_id for p in self._known.values() if p.release_id == release_id])

    def forget_all(self) -> None:
        self._known.clear()
        self._unknown.clear()

    def learn(self, pool_id: int, claims: Sequence[Claim], answers: Sequence[Answer]) -> None:
        """For whoever may have got something the database is asked from now on; a lost answer counts."""
        pairs = zip(claims, answers, strict=True)
        maybe = {c.person_id for c, a in pairs if a.answer in ("won", "waiting", "try_again")}
        if pool_id in self._settled:
            self._settled[pool_id] |= maybe
        picture = self._known.get(pool_id)
        if picture is None:
            return
        if picture.holders is not None:
            picture.holders |= maybe
        picture.waiting = max(picture.waiting, *(a.place or 0 for a in answers))
        remaining = answers[-1].remaining
        if remaining is not None:
            picture.remaining = remaining
            if not remaining and picture.holders is None:
                self._want(pool_id)

    async def stop(self) -> None:
        if self._refresher is not None:
            self._refresher.cancel()
            await asyncio.gather(self._refresher, return_exceptions=True)

    def _want(self, pool_id: int) -> list[Waiter]:
        waiters = self._wanted.setdefault(pool_id, [])
        if self._refresher is None:
            self._refresher = asyncio.create_task(self._refresh())
        return waiters

    async def _refresh(self) -> None:
        wanted: dict[int, list[Waiter]] = {}
        try:
            while self._wanted:
                wanted, self._wanted = self._wanted, {}
                await self._take(wanted)
        finally:
            self._refresher = None
            for pool_id, waiters in (*wanted.items(), *self._wanted.items()):
                _fail(waiters, ConnectionError(f"the gate stopped looking at pool {pool_id}"))
            self._wanted = {}

    async def _take(self, wanted: dict[int, list[Waiter]]) -> None:
        try:
            async with self._lend() as connection:
                pictures = await self._read(connection, list(wanted))
        except DATABASE_TROUBLE as error:
            log.warning("gate cannot see its pools: %s", type(error).__name__)
            for waiters in wanted.values():
                _fail(waiters, error)
            return
        # Shown to newcomers in the same step in which those who waited for it are let go: nobody overtakes them.
        for pool_id, waiters in wanted.items():
            self._show(pool_id, pictures.get(pool_id))
            for waiter in (w for w in waiters if not w.done()):
                waiter.set_result(pictures.get(pool_id))

    def _show(self, pool_id: int, picture: PoolPicture | None) -> None:
        if picture is None:
            self._known.pop(pool_id, None)
            self._unknown[pool_id] = self._clock.local()
            return
        if picture.holders is not None:
            picture.holders |= self._settled[pool_id]
        self._unknown.pop(pool_id, None)
        self._known[pool_id] = picture

    async def _read(self, connection: asyncpg.Connection, pool_ids: list[int]) -> dict[int, PoolPicture]:
        self._settled = {pool_id: set() for pool_id in pool_ids}
        asked = self._clock.local()
        rows = await connection.fetch(STATUS, pool_ids)
        heard = self._clock.local()
        if rows:
            self._clock.measure(asked, rows[0]["at"], heard)
        self._forget_unused(pool_ids, heard)
        pictures = {row["pool_id"]: _picture(row, heard) for row in rows}
        for picture in pictures.values():
            if picture.remaining == 0 and picture.refusal is None:
                picture.holders = await self._holders(connection, picture)
        return pictures

    async def _holders(self, connection: asyncpg.Connection, picture: PoolPicture) -> set[int] | None:
        """Read again only when the counters moved: nobody becomes a holder without moving one."""
        counters = (picture.next_serial, picture.next_position)
        known = self._known.get(picture.pool_id)
        if known and known.holders is not None and (known.next_serial, known.next_position) == counters:
            return known.holders
        row = await connection.fetchrow(HOLDERS, picture.pool_id)
        return set(row["persons"]) if (row["next_serial"], row["next_position"]) == counters else None

    def _forget_unused(self, wanted: list[int], now: float) -> None:
        """Pictures live while they are asked for: a refresh makes them young, so an old one is not wanted."""
        for pool_id in [k for k, p in self._known.items() if now - p.taken_at > FORGET_S and k not in wanted]:
            del self._known[pool_id]
        if len(self._unknown) > UNKNOWN_MAX:
            self._unknown.clear()


def _fail(waiters: Iterable[Waiter], error: Exception) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_exception(error)


def _picture(row: asyncpg.Record, taken_at: float) -> PoolPicture:
    return PoolPicture(
        pool_id=row["pool_id"],
        release_id=row["release_id"],
        refusal=row["refusal"],
        opens_at=row["opens_at"].timestamp(),
        closes_at=row["closes_at"].timestamp(),
        capacity=row["capacity"],
        remaining=row["remaining"],
        waiting=row["waiting"],
        wait_max=row["wait_max"],
        next_serial=row["next_serial"],
        next_position=row["next_position"],
        pause_reason=row["pause_reason"],
        taken_at=taken_at,
    )
