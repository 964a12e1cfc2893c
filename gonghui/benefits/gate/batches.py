"""Claims that arrive while a batch is in flight become the next batch; one batch per pool at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Answer(NamedTuple):
    answer: str
    code: str | None = None
    place: int | None = None
    remaining: int | None = None
    state: str | None = None


TRY_AGAIN = Answer("try_again")


@dataclass(slots=True, eq=False)
class Claim:
    """One key once: whoever posts the same pass meanwhile waits for the same answer."""

    person_id: int
    booked_by_id: int | None
    seats: int
    wait: bool
    key: bytes
    waiters: list[asyncio.Future[Answer]] = field(default_factory=list)

    def resolve(self, answer: Answer) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(answer)


Settle = Callable[[int, Sequence[Claim]], Awaitable[Sequence[Answer]]]


class QueueFull(Exception):
    """More claims than this gate will remember; better said at once."""


class Batches:
    """`settle` takes a pool and claims in order of arrival and returns answers in that order.

    No claim can be left behind: a pool is in `_queues` exactly while its task runs, `submit` appends and
    starts the task in one step, and the task leaves in the step in which it saw the queue empty. Neither step
    has an `await`: nothing happens between "empty" and "gone". Whatever else ends the task answers all.
    """

    def __init__(self, settle: Settle, *, batch_max: int = 500, depth_max: int = 20_000) -> None:
        self._settle = settle
        self._batch_max, self._depth_max = batch_max, depth_max
        self._queues: dict[int, deque[Claim]] = {}
        self._open: dict[tuple[int, bytes], Claim] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def depth(self) -> int:
        return len(self._open)

    def has_open(self, pool_id: int, key: bytes) -> bool:
        return (pool_id, key) in self._open

    def submit(self, pool_id: int, claim: Claim) -> asyncio.Future[Answer]:
        """The answer, once it is on disk. Raises `QueueFull`."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Answer] = loop.create_future()
        same = self._open.get((pool_id, claim.key))
        if same is not None:
            same.waiters.append(waiter)
            return waiter
        if len(self._open) >= self._depth_max:
            raise QueueFull
        claim.waiters.append(waiter)
        self._open[pool_id, claim.key] = claim
        queue = self._queues.get(pool_id)
        if queue is None:
            self._queues[pool_id] = deque([claim])
            task = loop.create_task(self._run(pool_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            queue.append(claim)
        return waiter

    async def _run(self, pool_id: int) -> None:
        queue = self._queues[pool_id]
        batch: list[Claim] = []
        try:
            while queue:
                batch = [queue.popleft() for _ in range(min(len(queue), self._batch_max))]
                answers = await self._settle(pool_id, batch)
                for claim, answer in zip(batch, answers, strict=True):
                    self._close(pool_id, claim, answer)
        finally:
            del self._queues[pool_id]
            for claim in (*batch, *queue):
                self._close(pool_id, claim, TRY_AGAIN)

    def _close(self, pool_id: int, claim: Claim, answer: Answer) -> None:
        if self._open.get((pool_id, claim.key)) is claim:
            del self._open[pool_id, claim.key]
            claim.resolve(answer)

    async def drain(self) -> None:
        """Everything taken in is answered before this returns."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
