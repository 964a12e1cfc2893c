"""The grab gate: plain ASGI, free of Django. Mounted before everything else by config/asgi.py.

* `POST /grab/<pool>` with `{"pass": "…", "seats": 1, "wait": true}`: an answer that is on disk. The order is the body,
  or the header X-Grab, which is a fifth cheaper and what our own page sends.
* `GET /grab/<pool>/live`: what is left, and the database's time.
* `GET /r/<release>`: the waiting page, as Django rendered it at publication.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gonghui.benefits.gate.answers import why_paused
from gonghui.benefits.gate.batches import Answer, Batches, Claim, QueueFull
from gonghui.benefits.gate.meters import Meters
from gonghui.benefits.gate.passes import Pass, Passes, PassRefused
from gonghui.benefits.gate.pictures import DATABASE_TROUBLE, PoolPicture
from gonghui.benefits.gate.replies import Reply, Send, page_reply, picture_reply, reply_of, wall_clock
from gonghui.benefits.gate.requests import (
    Receive,
    Refused,
    Scope,
    asked_in,
    body_of,
    is_bound,
    number_in,
    sent_in,
)
from gonghui.benefits.gate.store import Store
from gonghui.kit.crypto import Keyring

EARLY_MARGIN_S = (
    0.5  # this near to the opening the database is asked, whatever our estimate of its clock says
)


class Gate:
    def __init__(
        self, database_url: str, keyring: Keyring, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._meters = Meters()
        self._store = Store(database_url, self._meters, clock)
        self._pictures, self._clock = self._store.pictures, self._store.clock
        self._batches = Batches(self._store.settle)
        self._passes = Passes(keyring)
        self._plain: dict[str, Reply] = {}

    async def startup(self) -> None:
        await self._store.startup()

    async def shutdown(self) -> None:
        """Claims already taken in are settled and answered."""
        await self._batches.drain()
        await self._store.shutdown()

    def handles(self, path: str) -> bool:
        return path.startswith(("/grab/", "/r/"))

    def metrics(self) -> str:
        """Prometheus text."""
        uncertainty = self._clock.uncertainty_s
        return self._meters.text(queue_depth=self._batches.depth, clock_uncertainty_s=uncertainty)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await self._reply_to(scope, receive)
        except Refused as refused:
            reply = self._plain_reply(refused.answer)
        except DATABASE_TROUBLE:
            reply = self._plain_reply("try_again")
        await send(reply.start)
        await send(reply.body)

    async def _reply_to(self, scope: Scope, receive: Receive) -> Reply:
        path, method = scope["path"], scope["method"]
        if path.startswith("/grab/"):
            name, slash, rest = path[6:].partition("/")
            if not slash and method == "POST":
                return await self._grab(number_in(name), scope, receive)
            if rest == "live" and method == "GET":
                return await self._live(number_in(name))
            number_in(name)
            raise Refused("wrong_method" if rest == "live" or not slash else "not_found")
        if method not in ("GET", "HEAD"):
            raise Refused("wrong_method")
        page = await self._store.pages.of(number_in(path[3:]))
        if page is None:
            raise Refused("not_found")
        self._meters.pages += 1
        return page_reply(page, method, dict(scope["headers"]))

    # --- Claims ---------------------------------------------------------------------------------------------

    async def _grab(self, pool_id: int, scope: Scope, receive: Receive) -> Reply:
        sent = sent_in(scope["headers"])
        token, seats, wait = asked_in(sent.order or await body_of(receive))
        try:
            ticket = self._passes.read(token)
        except PassRefused:
            raise Refused("bad_pass") from None
        if ticket.pool_id != pool_id:
            raise Refused("other_pool")
        if not is_bound(ticket.binding, sent):
            raise Refused("not_yours")
        if seats > ticket.max_seats:
            raise Refused("too_many")
        picture = self._pictures.young(pool_id) or await self._pictures.of(pool_id)
        if picture is None:
            raise Refused("unknown")
        now = self._clock.now()
        # After the end nobody can win any more, and whoever lost their answer still hears the truth.
        if ticket.is_over_at(now) and now < picture.closes_at:
            raise Refused("pass_expired")
        reply = self._from_memory(picture, ticket, wait=wait)
        return reply or await self._from_database(ticket, seats, wait=wait)

    def _from_memory(self, picture: PoolPicture, ticket: Pass, *, wait: bool) -> Reply | None:
        """Sold out for somebody new, or too early: what the database would say, said without asking it."""
        if picture.is_sold_out_for(ticket.person_id, wait=wait):
            if self._batches.has_open(picture.pool_id, ticket.key):
                return None
            self._meters.from_memory += 1
            return self._plain_reply("sold_out", remaining=0)
        if picture.refusal == "not_open" and self._is_surely_early(picture):
            self._meters.from_memory += 1
            self._meters.answers["not_open"] += 1
            early = Answer("not_open", remaining=picture.remaining)
            return reply_of(early, opens=wall_clock(picture.opens_at))
        return None

    def _is_surely_early(self, picture: PoolPicture) -> bool:
        """Half a second and more before the opening, by a clock whose error is known and added."""
        margin = EARLY_MARGIN_S + self._clock.uncertainty_s
        return self._clock.now() < picture.opens_at - margin

    async def _from_database(self, ticket: Pass, seats: int, *, wait: bool) -> Reply:
        claim = Claim(ticket.person_id, ticket.booked_by_id, seats, wait, ticket.key)
        try:
            answer = await self._batches.submit(ticket.pool_id, claim)
        except QueueFull:
            return self._plain_reply("try_again")
        self._meters.answers[answer.answer] += 1
        return reply_of(answer, seats=seats, **await self._circumstances(ticket.pool_id, answer.answer))

    async def _circumstances(self, pool_id: int, answer: str) -> dict[str, str]:
        """When it opens, or why it is paused."""
        picture = await self._pictures.of(pool_id) if answer in ("not_open", "paused") else None
        if picture is None:
            return {}
        return {"opens": wall_clock(picture.opens_at), "reason": why_paused(picture.pause_reason)}

    # --- Looking --------------------------------------------------------------------------------------------

    async def _live(self, pool_id: int) -> Reply:
        picture = await self._pictures.of(pool_id)
        if picture is None:
            raise Refused("unknown")
        return picture_reply(picture, self._clock.now())

    def _plain_reply(self, answer: str, remaining: int | None = None) -> Reply:
        """For answers that are the same for everybody."""
        self._meters.answers[answer] += 1
        reply = self._plain.get(answer)
        if reply is None:
            reply = self._plain[answer] = reply_of(Answer(answer, remaining=remaining))
        return reply


def create_gate(database_url: str, keyring: Keyring, *, clock: Callable[[], float] = time.monotonic) -> Gate:
    """`clock` is the gate's own; only its steps matter, the database's time is measured against it."""
    return Gate(database_url, keyring, clock=clock)
