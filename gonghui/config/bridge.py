"""From the loop to Django's threads and back. An answer crosses back once; a2wsgi alone crosses, and has the thread wait, for
the head, for every chunk and for the end, and this costs more than most pages."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

from a2wsgi.wsgi import Body, WSGIMiddleware, WSGIResponder, build_environ

HELD_BYTES_MAX = 256 * 1024


class Pages(WSGIMiddleware):
    async def __call__(self, scope, receive, send) -> None:
        await Answer(self.app, self.executor, self.send_queue_size)(scope, receive, send)


class Answer(WSGIResponder):
    """Holds what the thread says until it has said all, or more than is good to keep."""

    async def __call__(self, scope, receive, send) -> None:
        self.deliver_to = send
        self.head: dict[str, Any] | None = None
        self.chunks: list[bytes] = []
        self.held_bytes = 0

        async def taken():  # Granian's own gives a future; a2wsgi hands it to the loop, which takes coroutines only
            return await receive()

        environ = build_environ(scope, Body(self.loop, taken))
        run = contextvars.copy_context().run
        await self.loop.run_in_executor(self.executor, run, self.wsgi, environ, self.start_response)
        await self.deliver(more_body=False)

    def send(self, message: Any) -> None:
        """In the thread."""
        if message["type"] == "http.response.start":
            self.head = message
            return
        self.chunks.append(message["body"])
        self.held_bytes += len(message["body"])
        if self.held_bytes > HELD_BYTES_MAX:
            asyncio.run_coroutine_threadsafe(self.deliver(more_body=True), self.loop).result()

    async def deliver(self, *, more_body: bool) -> None:
        """On the loop, while the thread waits or is done."""
        body, self.chunks, self.held_bytes = b"".join(self.chunks), [], 0
        if self.head is not None:
            head, self.head = self.head, None
            await self.deliver_to(head)
        await self.deliver_to({"type": "http.response.body", "body": body, "more_body": more_body})
