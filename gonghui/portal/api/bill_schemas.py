"""Shapes of offers, sales and bills. Money is whole fen; points are whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from gonghui.bills.selling import LINES_MAX, NAME_MAX, POINTS_MAX, QUANTITY_MAX, WORD_MAX
from gonghui.payments.models.payments import AMOUNT_FEN_MAX
from gonghui.portal.api.schemas import Id

Fen = Annotated[int, Field(ge=1, le=AMOUNT_FEN_MAX)]
Points = Annotated[int, Field(ge=0, le=POINTS_MAX)]
Word = Annotated[str, Field(max_length=WORD_MAX)]
Method = Literal["cash", "wechat"]


class StoreOut(Schema):
    store_id: int
    name: str
    address: str


class OfferOut(Schema):
    """`says` is what it gives, `when` its hours, a line a group; no line: always. `pause_reason`: why nobody
    can claim a voucher of it just now."""

    offer_id: int
    title: str
    says: str
    when: list[str]
    is_usable: bool
    is_open: bool
    opens_at: datetime | None
    needs_voucher: bool
    vouchers: int
    pause_reason: str
    groups: list[str]
    stores: list[StoreOut]


class OffersOut(Schema):
    items: list[OfferOut]
    count: int


class LineIn(Schema):
    """`price_fen` is of one unit, before anything is off."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX, pattern=r"\S")]
    price_fen: Fen
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)] = 1
    section: Word = ""
    code: Word = ""


Lines = Annotated[list[LineIn], Field(min_length=1, max_length=LINES_MAX)]


class QuoteIn(Schema):
    store_id: Id
    lines: Lines
    points: Points = 0


class ShareOut(Schema):
    payer: str
    fen: int


class AppliedOut(Schema):
    offer_id: int
    title: str
    discount_fen: int
    gift: str
    parts: list[ShareOut]


class RefusedOut(Schema):
    """`code` and `detail` as a problem has them; `missing_fen`: to the threshold, where that is the reason."""

    offer_id: int
    title: str
    code: str
    detail: str
    advice: str
    missing_fen: int


class QuoteOut(Schema):
    """`due_fen` is what the worker pays."""

    list_fen: int
    discount_fen: int
    points: int
    points_most: int
    due_fen: int
    applied: list[AppliedOut]
    refused: list[RefusedOut]


class SaleQuoteIn(QuoteIn):
    """`customer`: a member's pay code (scanned, said, or the `customer` an earlier quote gave back), a voucher's QR or its
    short code; empty for nobody."""

    customer: Annotated[str, Field(max_length=400)] = ""
    is_family: bool = False
    without: Annotated[list[Id], Field(max_length=50)] = []
    """Offers to leave out, such as one a rule speaks against."""


class SaleQuoteOut(QuoteOut):
    """`customer` stands for the scan while the basket is open: good for some minutes, this clerk and this store."""

    customer: str
    holder: str


class SaleIn(SaleQuoteIn):
    """`key` makes a repeated sale the same sale; another price than `shown_due_fen` is refused, and so is a gift of
    `shown_gifts` (offers) that is there no more."""

    key: UUID
    method: Method = "cash"
    shown_due_fen: Annotated[int, Field(ge=0, le=AMOUNT_FEN_MAX)] | None = None
    shown_gifts: Annotated[list[Id], Field(max_length=50)] = []


class BillLineOut(Schema):
    line_id: int
    name: str
    quantity: int
    list_fen: int
    refunded_quantity: int
    refunded_fen: int


class BillOut(Schema):
    """`state`: held (waits for its payment), settled, cancelled, refunded (all of it)."""

    bill_id: int
    store: str
    at: datetime
    state: str
    method: str
    list_fen: int
    due_fen: int
    points: int
    refunded_fen: int


class BillWithLinesOut(BillOut):
    held_until: datetime | None
    parts: list[ShareOut]
    lines: list[BillLineOut]


class BillsOut(Schema):
    items: list[BillOut]
    count: int


class LoginIn(Schema):
    """`code` as `wx.login` gave it: good once and for five minutes."""

    code: str = Field(min_length=1, max_length=128)


class WechatOut(Schema):
    """`connect_address`: to be opened in WeChat by the signed-in member; empty where payments by WeChat are not set up."""

    is_connected: bool
    connect_address: str


class BackIn(Schema):
    """Units of a line of several, or an amount of a line of one."""

    line_id: Id
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)] | None = None
    list_fen: Fen | None = None


class RefundIn(Schema):
    """`key` makes a repeated refund the same refund."""

    key: UUID
    lines: Annotated[list[BackIn], Field(min_length=1, max_length=LINES_MAX)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class RefundOut(Schema):
    """`worker_fen` is handed over the counter when the bill was paid there, else goes back by WeChat."""

    refund_id: int
    bill_id: int
    at: datetime
    list_fen: int
    worker_fen: int
    points: int
