"""Shapes of joining. The same document under 15 or 18 digits is one; names as on the document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from gonghui.portal.api.schemas import Id, Short

Text = Annotated[str, Field(max_length=60)]


class JoinUnionOut(Schema):
    union_id: int
    name: str
    kind: str
    place: str


class JoinUnionsOut(Schema):
    items: list[JoinUnionOut]


class RegionOut(Schema):
    code: str
    name: str


class RegionsOut(Schema):
    """`pool` is where who applies by this region lands; none where there is none so near."""

    items: list[RegionOut]
    pool: JoinUnionOut | None


class JoinGroupOut(Schema):
    code: str
    name: str


class JoinIn(Schema):
    """`union_id`, or for whoever has no union `region_code`. Of a verified account name and document are on record."""

    union_id: Id | None = None
    region_code: Annotated[str, Field(pattern=r"^([0-9]{6,12})?$")] = ""
    name: Short = ""
    id_type: Annotated[str, Field(max_length=24)] = "resident_id"
    id_no: Annotated[str, Field(max_length=40)] = ""
    group: Annotated[str, Field(max_length=50)] = ""
    employer: Text = ""
    consent: bool
    channel: Literal["mini_program", "h5"] = "mini_program"
    poster_code: Annotated[str, Field(max_length=12, pattern=r"^[A-Za-z0-9]*$")] = ""
    invitation_code: Annotated[str, Field(max_length=32, pattern=r"^[A-Za-z0-9-]*$")] = ""


class JoinStepOut(Schema):
    at: datetime | None
    label: str
    words: str


class JoinOut(Schema):
    """`state`: submitted, under_review, needs_info (see `asked`), approved, rejected (see `reason`), withdrawn."""

    application_id: int
    number: str
    union: JoinUnionOut
    state: str
    channel: str
    name: str
    group: str
    employer: str
    invitation_code: str
    due_on: date | None
    asked: str
    reason: str
    may_edit: bool
    may_withdraw: bool
    steps: list[JoinStepOut]


class JoinsOut(Schema):
    items: list[JoinOut]
