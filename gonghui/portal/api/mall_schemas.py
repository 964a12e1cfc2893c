"""Shapes of the mall. Money is whole fen; points are whole; addresses of pictures are absolute and open without a token."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from gonghui.mall.buying import ADDRESS_MAX, KINDS_MAX, PHONE_MAX, RECEIVER_MAX
from gonghui.mall.models.shelf import QUANTITY_MAX
from gonghui.payments.models.payments import AMOUNT_FEN_MAX
from gonghui.portal.api.bill_schemas import Points, ShareOut
from gonghui.portal.api.schemas import Id

Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Number = Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")]


# --- the shelf ---
class SectionOut(Schema):
    """`kinds`: how many products stand in it. Points may be good in some sections only: see `/points`."""

    code: str
    name: str
    kinds: int


class PictureOut(Schema):
    """WebP. `thumb` is 160 and `card` 480 pixels square; `width` and `height` are those of `whole`."""

    thumb: str
    card: str
    whole: str
    width: int
    height: int


class ProductOut(Schema):
    """`origins`: local_brand, farm_aid, local_firm. No `cover`: the app draws its own for the section."""

    product_id: int
    title: str
    section: str
    section_name: str
    shop_id: int
    shop: str
    origins: list[str]
    list_fen: int
    market_fen: int
    stock: int
    cover: PictureOut | None


class ShelfOut(Schema):
    items: list[ProductOut]
    count: int


class ProductWithTextOut(ProductOut):
    """`state`: listed, else it is one's own shop's. The first of `pictures` is the cover."""

    about: str
    state: str
    is_liked: bool
    pictures: list[PictureOut]


# --- buying ---
class WantedIn(Schema):
    product_id: Id
    quantity: Quantity = 1


class BasketIn(Schema):
    """`points`: exactly so many; left out: as many as may be used."""

    lines: Annotated[list[WantedIn], Field(min_length=1, max_length=KINDS_MAX)]
    points: Points | None = None


class WantedOut(Schema):
    product_id: int
    title: str
    quantity: int
    list_fen: int


class ParcelOut(Schema):
    """What one shop sends: one order, one bill, one payment. `delivery_fen` is 0: the supplier sends it and nothing is added."""

    shop_id: int
    shop: str
    lines: list[WantedOut]
    list_fen: int
    delivery_fen: int
    points: int
    due_fen: int
    parts: list[ShareOut]


class HeldOut(Schema):
    """So many points, and the sections they are for; none: all."""

    points: int
    sections: list[str]


class BasketQuoteOut(Schema):
    """`due_fen` is what WeChat Pay is asked for, of all parcels; `points_most` what may be used here of one's points."""

    list_fen: int
    delivery_fen: int
    points: int
    points_most: int
    due_fen: int
    parts: list[ShareOut]
    parcels: list[ParcelOut]
    held: list[HeldOut]


class OrderIn(BasketIn):
    """`key` is made by the client, once for each tap: sent again it is the same orders. Another price than `shown_due_fen` is
    refused."""

    key: UUID
    shown_due_fen: Annotated[int, Field(ge=0, le=AMOUNT_FEN_MAX)]
    receiver: Annotated[str, Field(min_length=1, max_length=RECEIVER_MAX, pattern=r"\S")]
    phone: Annotated[str, Field(min_length=1, max_length=PHONE_MAX)]
    address: Annotated[str, Field(min_length=1, max_length=ADDRESS_MAX, pattern=r"\S")]


# --- orders ---
class OrderLineOut(Schema):
    """`picture`: the cover it was bought by."""

    line_id: int
    product_id: int
    title: str
    quantity: int
    price_fen: int
    list_fen: int
    picture: PictureOut | None


class OrderOut(Schema):
    """`state`: points_held (waits for its payment until `held_until`), paid, to_ship, shipped, delivered, completed, cancelled,
    refund_requested, refunded, returned. `may`: what can be done now: pay, cancel, receive, refund, after_sale."""

    order_id: int
    number: str
    basket_key: UUID
    shop_id: int
    shop: str
    state: str
    at: datetime
    bill_id: int
    list_fen: int
    points: int
    due_fen: int
    held_until: datetime | None
    may: list[str]
    lines: list[OrderLineOut]


class OrdersOut(Schema):
    items: list[OrderOut]
    count: int


class PlacedOut(Schema):
    """One order for each shop."""

    orders: list[OrderOut]


class PartOut(ShareOut):
    refunded_fen: int


class AfterSaleOut(Schema):
    """`state`: applied, agreed (send it to `returns_to`), refused, appealed, dismissed, received, refunded, replaced, withdrawn.
    `may`: withdraw, appeal, sent."""

    after_sale_id: int
    line_id: int
    quantity: int
    wanted: str
    reason: str
    state: str
    since: datetime
    answer: str
    ruling: str
    sent_no: str
    replaced_no: str
    returns_to: str
    may: list[str]


class OrderWithPartsOut(OrderOut):
    """With who paid what, where it goes, and its after-sales, the newest first."""

    carrier: str
    tracking_no: str
    shipped_at: datetime | None
    delivered_at: datetime | None
    reason: str
    answer: str
    receiver: str
    phone: str
    address: str
    parts: list[PartOut]
    after_sales: list[AfterSaleOut]


class ReasonIn(Schema):
    reason: Words


class AfterSaleIn(Schema):
    quantity: Quantity = 1
    wanted: Literal["refund", "replacement"] = "refund"
    reason: Words


class SentIn(Schema):
    sent_no: Number
