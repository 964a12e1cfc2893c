"""One port, one kind of process: the gate answers on the loop, every other path goes to Django's WSGI in threads."""

from __future__ import annotations

import os

from a2wsgi import WSGIMiddleware

from gonghui.benefits.gate.app import create_gate
from gonghui.config.databases import database_url
from gonghui.kit.crypto import get_keyring


class Application:
    """Lifespan starts and stops the gate; Django's WSGI application is loaded on its first request."""

    def __init__(self) -> None:
        self.gate = create_gate(database_url(), get_keyring())
        self._pages = None

    @property
    def pages(self):
        if self._pages is None:
            from gonghui.config.wsgi import application

            self._pages = WSGIMiddleware(application, workers=int(os.environ.get("GONGHUI_THREADS", "8")))
        return self._pages

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and self.gate.handles(scope["path"]):
            await self.gate(scope, receive, send)
        elif scope["type"] == "http":
            await self.pages(scope, receive, send)

    async def _lifespan(self, receive, send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.gate.startup()
                if not os.environ.get("GONGHUI_GATE_ONLY"):
                    _ = self.pages
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.gate.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return


application = Application()
