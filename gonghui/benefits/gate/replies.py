"""What goes out: JSON in plain words, and the headers of the waiting page."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from gonghui.benefits.gate.answers import status, words
from gonghui.benefits.gate.batches import Answer
from gonghui.benefits.gate.pages import Page
from gonghui.benefits.gate.pictures import PoolPicture

Send = Callable[[dict[str, Any]], Awaitable[None]]

RETRY_AFTER_S = 1
CHINA = timezone(timedelta(hours=8))

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


class Reply:
    """Encoded once and sent as often as wanted."""

    def __init__(self, code: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        sized = [*headers, (b"content-length", b"%d" % len(body))]
        self.start = {"type": "http.response.start", "status": code, "headers": sized}
        self.body = {"type": "http.response.body", "body": body}


def json_reply(code: int, facts: dict[str, Any], extra: Iterable[tuple[bytes, bytes]] = ()) -> Reply:
    body = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(code, [*JSON_HEADERS, *extra], body)


def reply_of(answer: Answer, **facts: Any) -> Reply:
    known: dict[str, Any] = {"code": answer.code, "place": answer.place, "remaining": answer.remaining}
    title, message = words(answer.answer, held=answer.state == "held", **known, **facts)
    body: dict[str, Any] = {"answer": answer.answer, "title": title, "message": message}
    body |= {"code": answer.code, "position": answer.place, "remaining": answer.remaining}
    code = status(answer.answer)
    extra = [(b"retry-after", b"%d" % RETRY_AFTER_S)] if code == 503 else []
    return json_reply(code, {k: v for k, v in body.items() if v is not None}, extra)


def page_reply(page: Page, method: str, asked: dict[bytes, bytes]) -> Reply:
    headers = [*PAGE_HEADERS, (b"etag", page.etag)]
    if page.etag in asked.get(b"if-none-match", b""):
        unchanged = Reply(304, (), b"")
        unchanged.start["headers"] = headers
        return unchanged
    body = page.html
    if b"gzip" in asked.get(b"accept-encoding", b""):
        body = page.zipped
        headers.append((b"content-encoding", b"gzip"))
    whole = Reply(200, headers, body)
    if method == "HEAD":
        whole.body = {"type": "http.response.body", "body": b""}
    return whole


def picture_reply(picture: PoolPicture, now: float) -> Reply:
    facts = {
        "pool": picture.pool_id,
        "state": shown_state(picture, now),
        "remaining": picture.remaining,
        "capacity": picture.capacity,
        "waiting": picture.waiting,
        "now_ms": round(now * 1000),
        "opens_at_ms": round(picture.opens_at * 1000),
        "closes_at_ms": round(picture.closes_at * 1000),
    }
    if facts["state"] == "paused":
        facts["reason"] = picture.pause_reason
    return json_reply(200, facts)


def shown_state(picture: PoolPicture, now: float) -> str:
    """Between two pictures the clock moves on."""
    refusal = picture.refusal
    if refusal and (
        refusal in ("cancelled", "not_grab") or (refusal in ("closed", "paused") and now < picture.closes_at)
    ):
        return refusal
    if now < picture.opens_at:
        return "not_open"
    if now >= picture.closes_at:
        return "closed"
    return "open" if picture.remaining else "sold_out"


def wall_clock(moment: float) -> str:
    """10月1日 19:30:00, China's time."""
    at = datetime.fromtimestamp(moment, UTC).astimezone(CHINA)
    return f"{at.month}月{at.day}日 {at:%H:%M:%S}"
