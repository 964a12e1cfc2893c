"""Is this name the name of this ID number? Asked of the imported roster, a stand-in, or a real service.

A provider answers with an `Answer` or raises `PortFailed` / `PortUncertain`; it never writes.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import httpx

from gonghui.kit.identifiers import normalise_name
from gonghui.kit.ports import PortFailed, PortUncertain, is_signed, signed_headers
from gonghui.members.queries import person_with_id


@dataclass(frozen=True, slots=True)
class IdentityClaim:
    """Normalised already. `key` is the same when the same attempt is asked again."""

    name: str
    id_type: str
    id_no: str
    key: str


class Answer(StrEnum):
    MATCH = "match"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


class RealNameProvider(Protocol):
    code: str

    def check(self, claim: IdentityClaim) -> Answer: ...


class RosterMatch:
    """The default: name and number equal a person some union has reported."""

    code = "roster"

    @classmethod
    def configured(cls) -> RosterMatch:
        return cls()

    def check(self, claim: IdentityClaim) -> Answer:
        person = person_with_id(claim.id_type, claim.id_no)
        if person is None:
            return Answer.UNKNOWN
        return Answer.MATCH if normalise_name(person.name) == claim.name else Answer.MISMATCH


TARGET = "POST /v1/real-name"


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """One side's half of an exchange, as it would travel: headers and body."""

    headers: Mapping[str, str]
    body: bytes


def ask(claim: IdentityClaim, key_id: str, secret: bytes) -> SignedMessage:
    facts = {"id_no": claim.id_no, "id_type": claim.id_type, "name": claim.name, "serial": claim.key}
    body = json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()
    return SignedMessage(signed_headers(key_id, secret, target=TARGET, body=body), body)


def read_answer(reply: SignedMessage, secret: bytes, *, serial: str) -> Answer:
    """Only a signed answer to this very question counts."""
    if not is_signed(reply.headers, secret, target=TARGET, body=reply.body):
        raise PortFailed("the answer's signature does not fit")
    try:
        facts = json.loads(reply.body)
        if facts["serial"] != serial:
            raise PortFailed("the answer belongs to another question")
        return Answer(facts["result"])
    except (ValueError, KeyError, TypeError):
        raise PortFailed("the answer cannot be read") from None


@dataclass
class StandInService:
    """Behaves like an original: checks signatures, refuses replays, gives a serial one answer, may fail.

    `register` maps ID numbers to names; whoever is not in it is unknown. `faults` are used up one a call:
    "down", "slow" (acts, and never answers in time), "forged", "repeated" (the answer before, once more).
    """

    secret: bytes
    register: Callable[[str, str], str | None]
    faults: list[str] = field(default_factory=list)
    delay_s: float = 0.0
    asked: int = 0
    _answers: dict[str, str] = field(default_factory=dict)
    _nonces: set[str] = field(default_factory=set)
    _before: SignedMessage | None = None

    def exchange(self, request: SignedMessage) -> SignedMessage:
        self.asked += 1
        time.sleep(self.delay_s)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "down":
            raise PortFailed("503")
        nonce = request.headers.get("X-Nonce", "")
        if nonce in self._nonces or not is_signed(
            request.headers, self.secret, target=TARGET, body=request.body
        ):
            raise PortFailed("401")
        self._nonces.add(nonce)
        facts = json.loads(request.body)
        result = self._answers.setdefault(facts["serial"], self._judge(facts))
        if fault == "slow":
            raise PortUncertain("no answer in time")
        if fault == "repeated" and self._before:
            return self._before
        body = json.dumps({"serial": facts["serial"], "result": result}).encode()
        secret = b"another key" if fault == "forged" else self.secret
        self._before = SignedMessage(signed_headers("stand-in", secret, target=TARGET, body=body), body)
        return self._before

    def _judge(self, facts: Mapping[str, str]) -> str:
        known = self.register(facts["id_type"], facts["id_no"])
        if known is None:
            return Answer.UNKNOWN
        return Answer.MATCH if normalise_name(known) == facts["name"] else Answer.MISMATCH


class StandInProvider:
    """An outside service played locally, signatures and all; its register is what the unions reported."""

    code = "stand_in"

    def __init__(self, service: StandInService, secret: bytes):
        self.service, self.secret = service, secret

    @classmethod
    def configured(cls) -> StandInProvider:
        secret = secrets.token_bytes(32)
        faults = [f for f in os.environ.get("GONGHUI_REAL_NAME_FAULTS", "").split(",") if f]
        delay_s = float(os.environ.get("GONGHUI_REAL_NAME_DELAY_S", "0.3"))
        return cls(StandInService(secret, _reported_name, faults=faults, delay_s=delay_s), secret)

    def check(self, claim: IdentityClaim) -> Answer:
        reply = self.service.exchange(ask(claim, "gonghui", self.secret))
        return read_answer(reply, self.secret, serial=claim.key)


def _reported_name(id_type: str, id_no: str) -> str | None:
    person = person_with_id(id_type, id_no)
    return person.name if person else None


class HttpProvider:
    """A real service speaking the signed exchange above: GONGHUI_REAL_NAME_URL, _KEY_ID, _SECRET (hex)."""

    code = "http"

    def __init__(self, url: str, key_id: str, secret: bytes, timeout_s: float = 5.0):
        self.url, self.key_id, self.secret, self.timeout_s = url, key_id, secret, timeout_s

    @classmethod
    def configured(cls) -> HttpProvider:
        env = os.environ
        secret = bytes.fromhex(env["GONGHUI_REAL_NAME_SECRET"])
        return cls(env["GONGHUI_REAL_NAME_URL"], env["GONGHUI_REAL_NAME_KEY_ID"], secret)

    def check(self, claim: IdentityClaim) -> Answer:
        request = ask(claim, self.key_id, self.secret)
        headers = {**request.headers, "Content-Type": "application/json"}
        try:
            reply = httpx.post(self.url, content=request.body, headers=headers, timeout=self.timeout_s)
        except httpx.ConnectError as error:
            raise PortFailed(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise PortUncertain(type(error).__name__) from None
        if reply.status_code != httpx.codes.OK:
            raise PortFailed(str(reply.status_code))
        return read_answer(SignedMessage(reply.headers, reply.content), self.secret, serial=claim.key)
