"""Shapes of health plans. Money is whole fen. Nothing here could hold a medical result."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

from ninja import Schema
from pydantic import Field

from gonghui.portal.api.schemas import Id


class WhyNotOut(Schema):
    code: str
    title: str
    detail: str


class PlanOut(Schema):
    """`refused`: why the asker may not apply now; `place_id`: their own place, where they have one."""

    plan_id: int
    title: str
    union: str
    groups: list[str]
    quota: int
    left: int
    opens_at: datetime
    closes_at: datetime
    starts_on: date
    ends_on: date
    place_id: int | None
    refused: WhyNotOut | None


class PackageOut(Schema):
    """list = co-pay (worker) + subsidy (union) + concession (hospital)."""

    package_id: int
    hospital: str
    title: str
    includes: str
    list_fen: int
    co_pay_fen: int
    subsidy_fen: int
    concession_fen: int


class PlanWithPackagesOut(PlanOut):
    about: str
    rules: list[str]
    packages: list[PackageOut]


class ApplyIn(Schema):
    """`said_group` only where the roster does not say it; somebody looks at it then."""

    package_id: Id
    said_group: Annotated[str, Field(max_length=50)] = ""
    agrees: bool = False


class SlotOut(Schema):
    slot_id: int
    day: date
    from_time: time
    to_time: time
    left: int


class SlotIn(Schema):
    slot_id: Id


class PlaceOut(Schema):
    """`state`: applied, eligible (in line: `line` is how far), co_pay_due (until `pay_by`), co_pay_paid, booked, attended,
    settled, rejected, lapsed, no_show, cancelled. `code` is shown at the hospital's desk."""

    place_id: int
    plan_id: int
    plan: str
    package: str
    hospital: str
    state: str
    co_pay_fen: int
    paid_fen: int
    refunded_fen: int
    pay_by: datetime | None
    line: int
    code: str
    slot: SlotOut | None
    attended_at: datetime | None
    reason: str


class InvitationOut(Schema):
    """`address`: a page to pay on; else `facts` are what the provider's own client asks for."""

    amount_fen: int
    address: str
    facts: dict[str, str]
