"""Shapes of 惠工地图. Places are WGS 84, in degrees; distances whole metres."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class GivenOut(Schema):
    """`says` is what it gives there, `when` its hours at this store, a line a group; no line: always. `family`: the
    member's family may use it too. `is_mine`: the reader belongs to those it is for; who is not signed in is told yes."""

    offer_id: int
    title: str
    says: str
    when: list[str]
    is_usable: bool
    is_open: bool
    is_mine: bool
    opens_at: datetime | None
    family: bool
    needs_voucher: bool
    groups: list[str]


class MapStoreOut(Schema):
    """`metres` from where the reader stands, as the crow flies; null where either place is unknown."""

    store_id: int
    name: str
    partner: str
    kind: str
    kind_label: str
    address: str
    phone: str
    latitude: Latitude | None
    longitude: Longitude | None
    metres: int | None
    is_usable: bool
    offers: list[GivenOut]


class MapStoresOut(Schema):
    items: list[MapStoreOut]
    count: int
