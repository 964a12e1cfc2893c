"""Waiting pages, as Django rendered them at publication, zipped once and kept in memory."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from gonghui.benefits.gate.pictures import DATABASE_TROUBLE, Lend

log = logging.getLogger("gonghui.gate")

RECHECK_S = 5.0
RETRY_S = 1.0
OUTAGE_S = 60.0  # a page outlives a short outage of the database
KNOWN_MAX = 1_000  # pages kept in mind, missing ones included

PAGE = (
    "SELECT p.html, p.etag FROM benefits_waitingpage p JOIN benefits_release r ON r.id = p.release_id"
    " WHERE p.release_id = $1 AND r.state NOT IN ('draft', 'reviewed')"
)


@dataclass(slots=True)
class Page:
    html: bytes
    zipped: bytes
    etag: bytes


@dataclass(slots=True)
class Kept:
    page: Page | None
    taken_at: float
    recheck_at: float


class Pages:
    def __init__(self, lend: Lend, clock: Callable[[], float]) -> None:
        self._lend, self._clock = lend, clock
        self._kept: dict[int, Kept] = {}
        self._loads: dict[int, asyncio.Task[Page | None]] = {}

    async def of(self, release_id: int) -> Page | None:
        """None: none published. Raises `DATABASE_TROUBLE` where there is none in memory either."""
        kept, now = self._kept.get(release_id), self._clock()
        if kept and kept.taken_at <= now < kept.recheck_at:
            return kept.page
        load = self._loads.get(release_id)
        if load is None:
            load = self._loads[release_id] = asyncio.create_task(self._load(release_id))
            load.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may be waiting
        if kept and kept.page and 0 <= now - kept.taken_at < OUTAGE_S:
            return kept.page
        return await asyncio.shield(load)

    def make_old(self, release_id: int) -> None:
        self._kept.pop(release_id, None)

    def forget_all(self) -> None:
        self._kept.clear()

    async def stop(self) -> None:
        loads = list(self._loads.values())
        for load in loads:
            load.cancel()
        await asyncio.gather(*loads, return_exceptions=True)

    async def _load(self, release_id: int) -> Page | None:
        kept, now = self._kept.get(release_id), self._clock()
        try:
            async with self._lend() as connection:
                row = await connection.fetchrow(PAGE, release_id)
        except DATABASE_TROUBLE as error:
            log.warning("gate cannot load a page: %s", type(error).__name__)
            if kept:
                kept.recheck_at = now + RETRY_S
            raise
        finally:
            del self._loads[release_id]
        if len(self._kept) > KNOWN_MAX:
            self._kept.clear()
        page = _page(row, kept.page if kept else None) if row else None
        self._kept[release_id] = Kept(page, now, now + RECHECK_S)
        return page


def _page(row: asyncpg.Record, known: Page | None) -> Page:
    etag = b'W/"%s"' % row["etag"].encode()
    if known and known.etag == etag:
        return known
    html = bytes(row["html"])
    return Page(html, gzip.compress(html, 9, mtime=0), etag)
