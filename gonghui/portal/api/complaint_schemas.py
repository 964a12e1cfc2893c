"""Shapes of a member's complaints."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from gonghui.bills.selling import LINES_MAX
from gonghui.complaints.models import WORDS_MAX
from gonghui.portal.api.schemas import Id

Kind = Literal["overcharged", "no_discount", "not_given", "quality", "manner", "other"]
Wanted = Literal["refund", "explanation", "apology", "other"]


class ComplaintIn(Schema):
    """`line_ids`: of the bill's lines. `wanted`: what would put it right; a refund is of what is left of the lines."""

    key: UUID
    kind: Kind
    wanted: Wanted
    line_ids: Annotated[list[Id], Field(min_length=1, max_length=LINES_MAX)]
    words: Annotated[str, Field(min_length=1, max_length=WORDS_MAX, pattern=r"\S")]


class WordsIn(Schema):
    words: Annotated[str, Field(max_length=WORDS_MAX)] = ""


class EntryOut(Schema):
    """`by`: member, merchant, union, clock (a day that passed). `state`: where it led."""

    at: datetime
    by: str
    state: str
    words: str


class ComplaintOut(Schema):
    """`due_on`: the last day of whoever has the next word. `refund_id`: what corrected the books."""

    complaint_id: int
    number: str
    bill_id: int
    store: str
    kind: str
    wanted: str
    state: str
    due_on: date | None
    refund_id: int | None
    line_ids: list[int]
    entries: list[EntryOut]


class ComplaintsOut(Schema):
    items: list[ComplaintOut]
    count: int
