"""A gate in this process, spoken to in ASGI; real connections behind it."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from gonghui.benefits.gate.app import Gate, create_gate
from gonghui.benefits.gate.passes import Passes, binding_of
from gonghui.benefits.tests.wire import database_url
from gonghui.kit.crypto import Keyring

KEYS = Keyring.generate()
SESSION = "a-session-of-somebody"


@dataclass
class Heard:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def answer(self) -> str:
        return self.facts["answer"]


def new_pass(person_id: int, pool_id: int, *, seats: int = 9, session: str = SESSION, **facts) -> str:
    expires_at = facts.pop("expires_at", time.time() + 600)
    binding = binding_of(session)
    return Passes(facts.pop("keyring", KEYS)).issue(
        person_id=person_id, pool_id=pool_id, max_seats=seats, expires_at=expires_at, binding=binding, **facts
    )


async def ask(gate: Gate, method: str, path: str, body: bytes = b"", **headers: str) -> Heard:
    heard, sent = Heard(), False
    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]

    async def receive():
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            heard.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            heard.body += message.get("body", b"")

    await gate({"type": "http", "method": method, "path": path, "headers": raw}, receive, send)
    return heard


async def grab(gate: Gate, pool_id: int, token: str, *, session: str = SESSION, **facts) -> Heard:
    body = json.dumps({"pass": token, **facts}).encode()
    return await ask(gate, "POST", f"/grab/{pool_id}", body, cookie=f"theme=dark; sessionid={session}")


async def live(gate: Gate, pool_id: int) -> dict[str, Any]:
    return (await ask(gate, "GET", f"/grab/{pool_id}/live")).facts


@asynccontextmanager
async def running_gate(**options):
    gate = create_gate(options.pop("url", None) or database_url(), KEYS, **options)
    await gate.startup()
    try:
        yield gate
    finally:
        await gate.shutdown()


def with_gate(work, **options):
    """Runs `work(gate)` against a started gate and stops it."""

    async def main():
        async with running_gate(**options) as gate:
            return await work(gate)

    return asyncio.run(main())


def sql(statement: str, *args) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, args)


async def sql_elsewhere(statement: str, *args) -> None:
    await asyncio.to_thread(sql, statement, *args)


def asked_in_sql(gate) -> int:
    return sum(gate._meters.batch_size.counts)
