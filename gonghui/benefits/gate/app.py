"""The grab gate: plain ASGI, free of Django. Mounted before everything else by config/asgi.py.

POST /grab/<pool>        {"pass": "…", "seats": 1, "wait": true} → an answer that is on disk
GET  /grab/<pool>/live   what is left and the database's time
GET  /r/<release>        the waiting page, as Django rendered it at publication
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from gonghui.benefits.gate.answers import status, words
from gonghui.benefits.gate.batches import Answer, Batches, Claim, QueueFull
from gonghui.benefits.gate.meters import Meters
from gonghui.benefits.gate.passes import Pass, Passes, PassRefused, binding_of
from gonghui.benefits.gate.pictures import DATABASE_TROUBLE, PoolPicture
from gonghui.benefits.gate.store import Store
from gonghui.kit.crypto import Keyring

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

BODY_BYTES_MAX = 2048
ID_DIGITS_MAX = 18
RETRY_AFTER_S = 1
EARLY_MARGIN_S = (
    0.5  # this near to the opening the database is asked, whatever our estimate of its clock says
)
CHINA = timezone(timedelta(hours=8))
SESSION_COOKIE = b"sessionid="
BEARER = b"bearer "

JSON_HEADERS = [
    (b"content-type", b"application/json; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
PAGE_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"public, max-age=5"),
    (b"vary", b"accept-encoding"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
        b" connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self';"
        b" frame-ancestors 'none'",
    ),
]


class Refused(Exception):
    """Not a claim we pass on; `answer` is one of gate.answers."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class Reply:
    """A JSON reply, encoded once and sent as often as wanted."""

    def __init__(self, code: int, facts: dict[str, Any], extra: Headers = ()) -> None:
        body = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
        headers = [*JSON_HEADERS, *extra, (b"content-length", b"%d" % len(body))]
        self.start = {"type": "http.response.start", "status": code, "headers": headers}
        self.body = {"type": "http.response.body", "body": body}

    async def to(self, send: Send) -> None:
        await send(self.start)
        await send(self.body)


def reply_of(answer: Answer, **facts: Any) -> Reply:
    known = {"code": answer.code, "place": answer.place, "remaining": answer.remaining}
    title, message = words(answer.answer, held=answer.state == "held", **known, **facts)
    body = {"answer": answer.answer, "title": title, "message": message, "code": answer.code}
    body |= {"position": answer.place, "remaining": answer.remaining}
    code = status(answer.answer)
    extra = [(b"retry-after", b"%d" % RETRY_AFTER_S)] if code == 503 else []
    return Reply(code, {k: v for k, v in body.items() if v is not None}, extra)


class Gate:
    def __init__(
        self, database_url: str, keyring: Keyring, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._meters = Meters()
        self._store = Store(database_url, self._meters, clock)
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
        uncertainty = self._store.clock.uncertainty_s
        return self._meters.text(queue_depth=self._batches.depth, clock_uncertainty_s=uncertainty)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        try:
            if path.startswith("/grab/"):
                await self._grab_or_live(scope, receive, send)
            elif method in ("GET", "HEAD"):
                await self._page(scope, send)
            else:
                raise Refused("wrong_method")
        except Refused as refused:
            await self._say(refused.answer, send)
        except DATABASE_TROUBLE:
            await self._say("try_again", send)

    async def _grab_or_live(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, _slash, rest = scope["path"][6:].partition("/")
        pool_id = _number(name)
        if rest == "" and not _slash:
            if scope["method"] != "POST":
                raise Refused("wrong_method")
            await self._grab(pool_id, scope["headers"], receive, send)
        elif rest == "live":
            if scope["method"] != "GET":
                raise Refused("wrong_method")
            await self._live(pool_id, send)
        else:
            raise Refused("not_found")

    # --- Claims ---------------------------------------------------------------------------------------------

    async def _grab(self, pool_id: int, headers: Headers, receive: Receive, send: Send) -> None:
        body = await _body(headers, receive)
        token, seats, wait = _asked(body)
        try:
            ticket = self._passes.read(token)
        except PassRefused:
            raise Refused("bad_pass") from None
        if ticket.pool_id != pool_id:
            raise Refused("other_pool")
        if ticket.binding not in _bindings(headers):
            raise Refused("not_yours")
        if seats > ticket.max_seats:
            raise Refused("too_many")
        claim = Claim(ticket.person_id, ticket.booked_by_id, seats, wait, UUID(bytes=ticket.key))
        reply = await self._from_memory(ticket, claim)
        if reply is not None:
            self._meters.from_memory += 1
        else:
            reply = await self._from_database(pool_id, claim)
        await reply.to(send)

    async def _from_memory(self, ticket: Pass, claim: Claim) -> Reply | None:
        """Sold out for somebody new, or too early: what the database would say, said without asking it."""
        pool_id = ticket.pool_id
        picture = await self._store.pictures.of(pool_id)
        if picture is None:
            raise Refused("unknown")
        if ticket.is_over_at(self._store.clock.now()):
            raise Refused("pass_expired")
        if self._batches.has_open(pool_id, claim.key):
            return None
        if picture.is_sold_out_for(claim.person_id, wait=claim.wait):
            return self._plain_reply("sold_out", remaining=0)
        if picture.refusal == "not_open" and self._is_surely_early(picture):
            self._meters.answers["not_open"] += 1
            return reply_of(
                Answer("not_open", remaining=picture.remaining), opens=_wall_clock(picture.opens_at)
            )
        return None

    def _is_surely_early(self, picture: PoolPicture) -> bool:
        """Half a second and more before the opening, by a clock whose error is known and added."""
        margin = EARLY_MARGIN_S + self._store.clock.uncertainty_s
        return self._store.clock.now() < picture.opens_at - margin

    async def _from_database(self, pool_id: int, claim: Claim) -> Reply:
        try:
            answer = await self._batches.submit(pool_id, claim)
        except QueueFull:
            return self._plain_reply("try_again")
        self._meters.answers[answer.answer] += 1
        picture = await self._store.pictures.of(pool_id) if answer.answer == "not_open" else None
        opens = _wall_clock(picture.opens_at) if picture else ""
        return reply_of(answer, seats=claim.seats, opens=opens)

    # --- Looking --------------------------------------------------------------------------------------------

    async def _live(self, pool_id: int, send: Send) -> None:
        picture = await self._store.pictures.of(pool_id)
        if picture is None:
            raise Refused("unknown")
        now = self._store.clock.now()
        facts = {
            "pool": pool_id,
            "state": _shown_state(picture, now),
            "remaining": picture.remaining,
            "capacity": picture.capacity,
            "waiting": picture.waiting,
            "now_ms": round(now * 1000),
            "opens_at_ms": round(picture.opens_at * 1000),
            "closes_at_ms": round(picture.closes_at * 1000),
        }
        await Reply(200, facts).to(send)

    async def _page(self, scope: Scope, send: Send) -> None:
        page = await self._store.pages.of(_number(scope["path"][3:]))
        if page is None:
            raise Refused("not_found")
        self._meters.pages += 1
        asked = dict(scope["headers"])
        headers = [*PAGE_HEADERS, (b"etag", page.etag)]
        if page.etag in asked.get(b"if-none-match", b""):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        body = page.html
        if b"gzip" in asked.get(b"accept-encoding", b""):
            body = page.zipped
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    # --- Words ----------------------------------------------------------------------------------------------

    async def _say(self, answer: str, send: Send) -> None:
        await self._plain_reply(answer).to(send)

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


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX):
        raise Refused("not_found")
    return int(text)


async def _body(headers: Headers, receive: Receive) -> bytes:
    for name, value in headers:
        if name == b"content-length" and (not value.isdigit() or int(value) > BODY_BYTES_MAX):
            raise Refused("too_large")
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            break
    if message["type"] != "http.request":
        raise Refused("malformed")
    if len(body) > BODY_BYTES_MAX:
        raise Refused("too_large")
    return body


def _asked(body: bytes) -> tuple[str, int, bool]:
    """The pass, how many seats (1), and whether to wait (yes). Refuses anything else than exactly that."""
    try:
        facts = json.loads(body)
        token, seats, wait = facts["pass"], facts.get("seats", 1), facts.get("wait", True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused("malformed") from None
    if type(token) is not str or type(seats) is not int or type(wait) is not bool or not 1 <= seats <= 10_000:
        raise Refused("malformed")
    return token, seats, wait


def _bindings(headers: Headers) -> list[bytes]:
    """Of what the request proves to hold: its session cookie, its bearer token."""
    found = []
    for name, value in headers:
        if name == b"cookie":
            found += [
                binding_of(part[len(SESSION_COOKIE) :])
                for part in value.split(b"; ")
                if part.startswith(SESSION_COOKIE)
            ]
        elif name == b"authorization" and value[: len(BEARER)].lower() == BEARER:
            found.append(binding_of(value[len(BEARER) :].strip()))
    return found


def _shown_state(picture: PoolPicture, now: float) -> str:
    """Between two pictures the clock moves on."""
    if picture.refusal in ("cancelled", "not_grab") or (
        picture.refusal == "closed" and now < picture.closes_at
    ):
        return picture.refusal
    if now < picture.opens_at:
        return "not_open"
    if now >= picture.closes_at:
        return "closed"
    return "open" if picture.remaining else "sold_out"


def _wall_clock(moment: float) -> str:
    """10月1日 19:30:00, China's time."""
    at = datetime.fromtimestamp(moment, UTC).astimezone(CHINA)
    return f"{at.month}月{at.day}日 {at:%H:%M:%S}"
