"""Pages cross from Django's threads to the loop: small ones at once, large ones in parts, failures as failures."""

from __future__ import annotations

import asyncio

import pytest

from gonghui.config.bridge import HELD_BYTES_MAX, Pages


class Closing:
    """A WSGI answer that remembers whether it was closed, which gives Django's connection back."""

    def __init__(self, chunks) -> None:
        self.chunks, self.closed = chunks, False

    def __iter__(self):
        yield from self.chunks

    def close(self) -> None:
        self.closed = True


def asked(application, *, deliver=None) -> list[dict]:
    said: list[dict] = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        said.append(message)

    async def run():
        scope = {
            "type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [],
            "http_version": "1.1", "scheme": "http", "server": ("test", 80), "client": ("test", 1),
        }  # fmt: skip
        await Pages(application, workers=1)(scope, receive, deliver or send)

    asyncio.run(run())
    return said


def answering(answer):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return answer

    return application


def test_small_answer_is_one_head_and_one_body():
    answer = Closing([b"a", b"b", b"c"])
    said = asked(answering(answer))
    assert [message["type"] for message in said] == ["http.response.start", "http.response.body"]
    assert (said[1]["body"], said[1]["more_body"], answer.closed) == (b"abc", False, True)


def test_large_answer_is_not_kept_whole():
    chunk = b"x" * (HELD_BYTES_MAX // 2 + 1)
    said = asked(answering(Closing([chunk] * 5)))
    bodies = said[1:]
    assert [message["more_body"] for message in bodies] == [True, True, False]
    assert sum(len(message["body"]) for message in bodies) == 5 * len(chunk)
    assert max(len(message["body"]) for message in bodies) <= 2 * len(chunk)


def test_answer_that_fails_on_the_way_is_closed_and_never_ended_as_if_whole():
    def failing():
        yield b"x" * (HELD_BYTES_MAX + 1)
        raise ValueError("disk gone")

    answer = Closing(failing())
    said: list[dict] = []

    async def send(message):
        said.append(message)

    with pytest.raises(ValueError, match="disk gone"):
        asked(answering(answer), deliver=send)
    assert answer.closed is True
    assert [message.get("more_body") for message in said] == [None, True]


def test_reader_who_has_gone_stops_the_answer():
    answer = Closing([b"x" * (HELD_BYTES_MAX + 1)] * 3)

    async def send(message):
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asked(answering(answer), deliver=send)
    assert answer.closed is True
