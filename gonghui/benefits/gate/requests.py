"""What comes in: read narrowly, refused early. On the path of every claim, hence plain loops over few bytes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from gonghui.benefits.gate.passes import binding_of

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Headers = Sequence[tuple[bytes, bytes]]

BODY_BYTES_MAX = 2048
ID_DIGITS_MAX = 18
SEATS_MAX = 10_000
SESSION_COOKIE = b"sessionid="
BEARER = b"bearer "
read_json = json.JSONDecoder().raw_decode


class Refused(Exception):
    """Not a claim we pass on; `answer` is one of gate.answers."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


def number_in(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX):
        raise Refused("not_found")
    return int(text)


class Sent(NamedTuple):
    """What the headers bring; empty where there is none."""

    cookie: bytes
    bearer: bytes
    order: bytes


def sent_in(headers: Headers) -> Sent:
    """Session cookie, bearer token, and the claim itself where the page put it there. Refuses what is too long."""
    cookie = bearer = order = b""
    for name, value in headers:
        if name == b"cookie":
            cookie = cookie or _session_in(value)
        elif name == b"authorization":
            if value[: len(BEARER)].lower() == BEARER:
                bearer = value[len(BEARER) :].strip()
        elif name == b"x-grab":
            order = value
        elif name == b"content-length" and (not value.isdigit() or int(value) > BODY_BYTES_MAX):
            raise Refused("too_large")
    if len(order) > BODY_BYTES_MAX:
        raise Refused("too_large")
    return Sent(cookie, bearer, order)


def _session_in(cookies: bytes) -> bytes:
    at = cookies.find(SESSION_COOKIE)
    while at > 0 and cookies[at - 1] not in b"; ":  # the end of another cookie's name
        at = cookies.find(SESSION_COOKIE, at + 1)
    return cookies[at + len(SESSION_COOKIE) :].partition(b";")[0].strip() if at >= 0 else b""


def is_bound(binding: bytes, sent: Sent) -> bool:
    """Was the pass given to the session, or the token, that this request proves to hold?"""
    by_cookie = bool(sent.cookie) and binding_of(sent.cookie) == binding
    return by_cookie or (bool(sent.bearer) and binding_of(sent.bearer) == binding)


async def body_of(receive: Receive) -> bytes:
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body") and len(body) <= BODY_BYTES_MAX:
        message = await receive()
        body += message.get("body", b"")
    if message["type"] != "http.request":
        raise Refused("malformed")
    if len(body) > BODY_BYTES_MAX:
        raise Refused("too_large")
    return body


def asked_in(body: bytes) -> tuple[str, int, bool]:
    """The pass, how many seats (1), and whether to wait (yes). Refuses anything else than exactly that."""
    try:
        text = body.decode()
        facts, end = read_json(text)
        if end != len(text):
            facts = json.loads(text)  # blanks around, or rubbish behind
        token, seats, wait = facts["pass"], facts.get("seats", 1), facts.get("wait", True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused("malformed") from None
    if type(token) is str and type(seats) is int and type(wait) is bool and 1 <= seats <= SEATS_MAX:
        return token, seats, wait
    raise Refused("malformed")
