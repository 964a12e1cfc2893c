"""Shapes of membership and transfers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from gonghui.portal.api.schemas import Id


class MembershipOut(Schema):
    """`status`: active, transferring, retained, exited, expelled, ended. `is_transit`: in a transit pool, without a union yet."""

    union: str
    number: str
    status: str
    is_transit: bool
    joined_on: date | None
    left_on: date | None


class MembershipsOut(Schema):
    items: list[MembershipOut]


class UnionOut(Schema):
    union_id: int
    name: str
    above: str


class UnionsOut(Schema):
    items: list[UnionOut]


class TransferIn(Schema):
    """`key` makes a repeated request the same request."""

    key: UUID
    to_union_id: Id
    reason: Annotated[str, Field(max_length=200)] = ""


class AimIn(Schema):
    to_union_id: Id


class TransferStepOut(Schema):
    at: datetime
    label: str
    words: str


class TransferOut(Schema):
    """`state`: opened, released, accepted, refused, cancelled, overtaken. `desk` answers until `due_on`, a working day; `silence`
    is what comes of it that nobody did: wait, pass, escalate."""

    transfer_id: int
    number: str
    state: str
    is_open: bool
    from_union: str
    to_union: str
    to_union_id: int
    desk: str
    reason: str
    due_on: date | None
    silence: str
    closed_at: datetime | None
    steps: list[TransferStepOut]


class TransfersOut(Schema):
    items: list[TransferOut]
