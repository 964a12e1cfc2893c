"""Shapes of a merchant's statements. Money is whole fen; refunds are negative."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from gonghui.portal.api.schemas import Id


class SumsOut(Schema):
    """list = merchant (conceded) + union + employer + points + cash + online; `owed_fen` is what the union owes of it."""

    list_fen: int
    merchant_fen: int
    union_fen: int
    employer_fen: int
    points_fen: int
    cash_fen: int
    online_fen: int
    fee_fen: int
    adjusted_fen: int
    owed_fen: int


class StatementOut(SumsOut):
    """`ends_on` is the first day after the period. `returned_fen`: subsidy that went back with refunds. `total_fen` = owed +
    carried over: what is confirmed and paid."""

    statement_id: int
    number: str
    partner: str
    union: str
    starts_on: date
    ends_on: date
    state: str
    returned_fen: int
    carried_fen: int
    total_fen: int


class StatementsOut(Schema):
    items: list[StatementOut]
    count: int


class LineOut(SumsOut):
    """`kind`: bill, refund, adjustment. `dispute`: the state of the last one about this line, if any."""

    line_id: int
    number: str
    kind: str
    at: datetime
    store: str
    dispute: str


class LinesOut(Schema):
    items: list[LineOut]
    count: int


class ConfirmIn(Schema):
    total_fen: Annotated[int, Field(ge=-(2**62), le=2**62)]


class DisputeIn(Schema):
    line_id: Id
    reason: Annotated[str, Field(min_length=1, max_length=300)]
