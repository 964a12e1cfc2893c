"""The other end of the wire on a real socket: what a played service says is sent as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connection

Said = tuple[int, Mapping[str, str], bytes] | None


class Gateway(BaseHTTPRequestHandler):
    """A subclass asks its `service` and has `tell` send the answer; no answer in time is a closed line."""

    service: Any
    protocol_version = "HTTP/1.1"

    def tell(self, ask: Callable[[], Said]) -> None:
        try:
            said = ask()
        finally:
            connection.close()
        if said is None:
            self.close_connection = True
            return
        code, headers, content = said
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        if code != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(gateway: type[Gateway], service: object) -> Iterator[str]:
    """Its address."""
    handler = type("Served", (gateway,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
