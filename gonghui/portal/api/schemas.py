"""Shapes of the API. Times are ISO 8601 with offset; money is integer fen; codes are those of the glossary."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Seats = Annotated[int, Field(ge=1, le=100)]
Name = Annotated[str, Field(min_length=1, max_length=40)]
Short = Annotated[str, Field(max_length=64)]


class Problem(Schema):
    """application/problem+json (RFC 9457), with our code, what to do next and the clause where a regulation is the reason."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    clause: str = ""
    errors: list[dict] = []


# What every operation may answer beside its own. No view returns one, so none is given a shape to check: `config.api` writes
# `Problem` beside each in the document. A thousand pydantic models fewer, at every start of every process.
REFUSALS = dict.fromkeys((400, 401, 403, 404, 409, 415, 422, 429, 503))


# --- account ---
class PhoneIn(Schema):
    phone: Short


class SignInIn(Schema):
    phone: Short
    code: Annotated[str, Field(max_length=12)]
    device: Annotated[str, Field(max_length=120)] = "小程序"
    device_key: Annotated[str, Field(max_length=200)] = ""


class ProofIn(Schema):
    ticket: Annotated[str, Field(max_length=200)]
    tail: Annotated[str, Field(max_length=12)]
    device: Annotated[str, Field(max_length=120)] = "小程序"


class NotMeIn(Schema):
    ticket: Annotated[str, Field(max_length=200)]
    device: Annotated[str, Field(max_length=120)] = "小程序"


class TokenOut(Schema):
    """Either a token with the key to send along at the next sign-in, or a ticket: the phone has long been silent, and its owner
    proves who they are (`/session/proof`) or says that it is not them (`/session/not-me`)."""

    token: str = ""
    device_key: str = ""
    proof_ticket: str = ""


class SentOut(Schema):
    sent: bool = True
    demo_code: str | None = None


class VerificationIn(Schema):
    name: Short
    id_type: Annotated[str, Field(max_length=24)] = "resident_id"
    id_no: Annotated[str, Field(max_length=40)]
    consent: bool


class MeOut(Schema):
    """Registered, verified and member are three states."""

    name: str
    is_verified: bool
    is_member: bool
    union: str
    groups: list[str]
    unread: int


class MessageOut(Schema):
    id: int
    kind: str
    title: str
    body: str
    link: str
    created_at: datetime
    read_at: datetime | None


class BookableOut(Schema):
    id: int
    name: str


# --- programme ---
class HolidayOut(Schema):
    pk: int
    name: str
    theme: str
    date: date
    days_left: int
    activities: int


class KindOut(Schema):
    code: str
    name: str


class CardOut(Schema):
    activity_id: int
    title: str
    summary: str
    kind: str
    kind_label: str
    cover_key: str
    holiday: str
    when: str
    place: str
    price_fen: int
    state: str
    opens_at: datetime | None
    remaining: int
    capacity: int
    release_id: int | None
    mode: str
    pause_reason: str


class CardsOut(Schema):
    items: list[CardOut]
    count: int


class PoolOut(Schema):
    """`live_url` and `claim_url` are answered by the gate."""

    pool_id: int
    label: str
    place: str
    state: str
    opens_at: datetime
    closes_at: datetime
    capacity: int
    remaining: int
    live_url: str
    claim_url: str


class ReleaseOut(Schema):
    release_id: int
    title: str
    mode: str
    state: str
    pause_reason: str
    party_max: int
    names_required: bool
    rules: list[tuple[str, str]]
    pools: list[PoolOut]


class ActivityOut(Schema):
    activity_id: int
    title: str
    summary: str
    body: str
    kind: str
    details: dict
    organiser: str
    partner: str
    price_fen: int
    is_liked: bool
    reminders: list[int]
    releases: list[ReleaseOut]


# --- grab and draws ---
class PassIn(Schema):
    seats: Seats = 1
    companions: Annotated[list[Name], Field(max_length=20)] = []
    for_person: Id | None = None


class PassOut(Schema):
    """Post `pass` to `claim_url` at opening time, from the very token or session it was given to."""

    token: str = Field(serialization_alias="pass")
    claim_url: str
    opens_at: datetime
    expires_at: datetime


class ClaimIn(PassIn):
    """`key` makes a repeated claim the same claim."""

    key: UUID
    wait: bool = True


class ClaimOut(Schema):
    answer: str
    title: str
    message: str
    code: str | None
    place: int | None
    remaining: int | None


class EntryOut(Schema):
    pool_id: int
    seats: int


class LineOut(Schema):
    pool_id: int
    title: str
    starts_at: datetime | None
    place: str
    place_in_line: int
    seats: int


# --- tickets ---
class TicketOut(Schema):
    code: str
    title: str
    kind: str
    starts_at: datetime | None
    ends_at: datetime | None
    place: str
    hall: str
    seats: int
    state: str
    state_label: str
    can_return: bool
    returnable_until: datetime
    needs_confirmation: bool


class TicketWithSecretOut(TicketOut):
    """`secret` makes the QR of each minute: GH1.<code>.<minute>.<first 10 base32 characters of HMAC-SHA256>."""

    companions: list[str]
    secret: str


class TicketsOut(Schema):
    items: list[TicketOut]
    count: int


class ConfirmIn(Schema):
    companions: Annotated[list[Name], Field(max_length=20)] = []


class RatingIn(Schema):
    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=500)] = ""


# --- counter ---
class LookIn(Schema):
    store_id: Id
    text: Annotated[str, Field(max_length=80)]


class LookOut(Schema):
    code: str
    kind: str
    title: str
    label: str
    holder: str
    companions: list[str]
    seats: int


class RedeemIn(LookIn):
    key: UUID
    arrived: Annotated[int, Field(ge=1, le=100)] | None = None


class RedeemedOut(Schema):
    code: str
    kind: str
    at: datetime
    arrived: int


# --- points ---
class LotOut(Schema):
    """What is left of one grant; good until the end of that day. No sections: every shelf."""

    title: str
    union: str
    points: int
    good_until: date
    sections: list[str]


class PointsOut(Schema):
    balance: int
    lots: list[LotOut]


class EntryLineOut(Schema):
    """`amount` is negative where it was given; `unit` points or fen."""

    id: UUID
    at: datetime
    title: str
    detail: str
    amount: int
    unit: str


class StatementOut(Schema):
    items: list[EntryLineOut]
    count: int
