"""The crowd: raw sockets kept alive, in a process of its own: `python -m benchmarks.load < order.json`.

The order names the requests (one target, or passes to make for people), the connections, and either a time to press as
fast as answers come, or the times at which people arrive. Answers with one line of JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import uvloop

from gonghui.benefits.gate.passes import Passes, binding_of
from gonghui.kit.crypto import Keyring

PATIENCE_S = 60


class Phone(asyncio.Protocol):
    """One connection; one request under way."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.buffer = b""
        self.started = 0.0
        self.number = -1
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def press(self, number: int, request: bytes, started: float) -> None:
        self.number, self.started = number, started
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.buffer:
            data = self.buffer + data
        head = data.find(b"\r\n\r\n")
        if head < 0:
            self.buffer = data
            return
        at = data.find(b"content-length: ") + 16
        length = int(data[at : data.index(b"\r", at)])
        if len(data) < head + 4 + length:
            self.buffer = data
            return
        self.buffer = b""
        self.crowd.answered(self, data, head + 4)

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.lost(self)


class Crowd:
    """Keeps the score; subclasses say who presses next."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = requests
        self.waits: list[float] = []
        self.answers: Counter[str] = Counter()
        self.winners: list[int] = []
        self.phones: list[Phone] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(self, host: str, port: int, connections: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _transport, phone = await loop.create_connection(lambda: Phone(self), host, port)
            self.phones.append(phone)

    def answered(self, phone: Phone, data: bytes, body: int) -> None:
        self.waits.append(time.perf_counter() - phone.started)
        answer = data[9:12]
        if data.startswith(b'{"answer":"', body):
            answer = data[body + 11 : data.index(b'"', body + 11)]
            if answer == b"won":
                self.winners.append(phone.number)
        self.answers[answer.decode()] += 1
        self.next_for(phone)

    def lost(self, phone: Phone) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server hung up"))

    def next_for(self, phone: Phone) -> None:
        """Whoever was answered presses again, or leaves."""

    def report(self, took_s: float) -> dict[str, Any]:
        waits = sorted(self.waits)
        at = {
            f"p{p}_ms": round(waits[min(len(waits) - 1, len(waits) * p // 100)] * 1000, 2) for p in (50, 99)
        }
        facts = {"answered": len(waits), "took_s": took_s, "rate": len(waits) / took_s}
        return {**facts, **at, "max_ms": round(waits[-1] * 1000, 2), "answers": self.answers}


class Pressing(Crowd):
    """As fast as answers come, for a while."""

    def __init__(self, requests: list[bytes], until_s: float, warm_up_s: float) -> None:
        super().__init__(requests)
        self.source: Iterator[tuple[int, bytes]] = iter(enumerate(requests))
        if len(requests) == 1:
            self.source = cycle([(0, requests[0])])
        self.until_s, self.warm_up_s = until_s, warm_up_s
        self.left = 0

    async def run(self) -> dict[str, Any]:
        self.begin = time.perf_counter()
        self.left = len(self.phones)
        for phone in self.phones:
            self.next_for(phone)
        await asyncio.wait({self.done}, timeout=self.warm_up_s)
        # On a fast machine a small crowd is through before it is warm: then all of it counts.
        is_over = self.done.done()
        warm, started = (0, self.begin) if is_over else (len(self.waits), time.perf_counter())
        await asyncio.wait_for(self.done, PATIENCE_S)
        ended = min(time.perf_counter(), self.begin + self.until_s)
        self.waits = self.waits[warm:]
        return self.report(ended - started)

    def next_for(self, phone: Phone) -> None:
        now = time.perf_counter()
        pressed = next(self.source, None) if now - self.begin < self.until_s else None
        if pressed is not None:
            phone.press(*pressed, now)
            return
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


class Arriving(Crowd):
    """Everybody at their own time, whether or not the ones before were answered; waits count from that time."""

    def __init__(self, requests: list[bytes], within_s: float) -> None:
        super().__init__(requests)
        self.within_s = within_s
        self.free: list[Phone] = []
        self.arrived = self.sent = 0

    async def run(self) -> dict[str, Any]:
        self.free = list(self.phones)
        self.begin = time.perf_counter() + 0.2
        gap = self.within_s / len(self.requests)
        while self.arrived < len(self.requests):
            await asyncio.sleep(0.001)
            self.arrived = min(len(self.requests), max(0, int((time.perf_counter() - self.begin) / gap)))
            self.send()
        await asyncio.wait_for(self.done, PATIENCE_S)
        return {**self.report(time.perf_counter() - self.begin), "winners": self.winners}

    def send(self) -> None:
        gap = self.within_s / len(self.requests)
        while self.free and self.sent < self.arrived:
            self.free.pop().press(self.sent, self.requests[self.sent], self.begin + self.sent * gap)
            self.sent += 1

    def next_for(self, phone: Phone) -> None:
        self.free.append(phone)
        self.send()
        if len(self.waits) == len(self.requests) and not self.done.done():
            self.done.set_result(None)


def requests_of(order: dict[str, Any]) -> list[bytes]:
    if "target" in order:
        headers = "".join(f"{k}: {v}\r\n" for k, v in order.get("headers", {}).items())
        return [f"GET {order['target']} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n".encode()]
    passes = Passes(Keyring.from_json(order["keys"]))
    return [claim_of(passes, order["pool"], person) for person in order["people"]]


def claim_of(passes: Passes, pool: int, person: int) -> bytes:
    session = f"session-of-{person:032}"
    token = passes.issue(
        person_id=person,
        pool_id=pool,
        max_seats=1,
        expires_at=time.time() + 3600,
        binding=binding_of(session),
    )
    order = json.dumps({"pass": token, "seats": 1, "wait": True}, separators=(",", ":"))
    # As our page sends it: the claim in a header, the body empty.
    lines = [f"POST /grab/{pool} HTTP/1.1", "host: bench", f"cookie: sessionid={session}", f"x-grab: {order}"]
    return "\r\n".join([*lines, "content-length: 0", "", ""]).encode()


async def run(order: dict[str, Any]) -> dict[str, Any]:
    requests = requests_of(order)
    if "within_s" in order:
        crowd: Pressing | Arriving = Arriving(requests, order["within_s"])
    else:
        crowd = Pressing(requests, order["until_s"], order["warm_up_s"])
    await crowd.connect("127.0.0.1", order["port"], order["connections"])
    gc.collect()
    gc.freeze()
    return await crowd.run()


def main() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
