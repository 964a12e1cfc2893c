"""One port, one kind of process: the gate answers on the loop, every other path goes to Django's WSGI in threads."""

from __future__ import annotations

import gc
import os

from gonghui.benefits.gate.app import create_gate
from gonghui.config.bridge import Pages
from gonghui.config.databases import database_url
from gonghui.kit.crypto import get_keyring

COLLECT_AFTER = (20_000, 20, 20)  # Python: 700, 10, 10


class Application:
    """Lifespan starts and stops the gate; Django's WSGI application is loaded on its first request."""

    def __init__(self) -> None:
        self.gate = create_gate(database_url(), get_keyring())
        self._pages = None

    @property
    def pages(self):
        if self._pages is None:
            from gonghui.config.wsgi import application

            self._pages = Pages(application, workers=int(os.environ.get("GONGHUI_THREADS", "8")))
        return self._pages

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/r/"):
            await self._waiting_page(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/metrics":
            await self._metrics(scope, receive, send)
        elif scope["type"] == "http" and self.gate.handles(scope["path"]):
            await self.gate(scope, receive, send)
        elif scope["type"] == "http":
            await self._django(scope, receive, send)

    async def _django(self, scope, receive, send) -> None:
        await self.pages(scope, receive, send)

    async def _waiting_page(self, scope, receive, send) -> None:
        """From the gate's memory; a page no job has rendered yet is rendered by Django."""
        held: list[dict] = []

        async def hold(message) -> None:
            held.append(message)

        await self.gate(scope, receive, hold)
        if held[0]["status"] == 404:
            await self._django(scope, receive, send)
            return
        for message in held:
            await send(message)

    async def _metrics(self, scope, receive, send) -> None:
        """The gate's counters before Django's, which decides who may read them."""

        async def with_gate(message) -> None:
            if message["type"] == "http.response.start":
                gate_first["ok"] = message["status"] == 200
                message["headers"] = [h for h in message["headers"] if h[0].lower() != b"content-length"]
            elif gate_first.get("ok"):
                message = message | {"body": self.gate.metrics().encode() + message.get("body", b"")}
                gate_first["ok"] = False
            await send(message)

        gate_first: dict[str, bool] = {}
        await self._django(scope, receive, with_gate)

    async def _lifespan(self, receive, send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.gate.startup()
                if not os.environ.get("GONGHUI_GATE_ONLY"):
                    _ = self.pages
                    rest_from_collecting()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.gate.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return


def rest_from_collecting() -> None:
    """What is loaded stays loaded: the collector need not walk through Django's modules at every turn, and turns come rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


application = Application()
