"""Prices: pure, integers only, no database. `quote` decides, `refund_parts` undoes; both take all facts as arguments."""

from gonghui.bills.pricing.discounts import discount_of
from gonghui.bills.pricing.outcomes import Applied, Part, PricedLine, Quote, RefundParts, Refused
from gonghui.bills.pricing.quoting import quote
from gonghui.bills.pricing.refunds import refund_amount, refund_parts
from gonghui.bills.pricing.screen import says, says_terms
from gonghui.bills.pricing.shares import split_discount, wrong_shares
from gonghui.bills.pricing.terms import (
    BY_DAY,
    BY_MONTH,
    BY_WEEK,
    Asker,
    Basis,
    Basket,
    Form,
    Holidays,
    Id,
    Limit,
    Line,
    LiveOffer,
    Payer,
    Per,
    PointLot,
    Share,
    Stacking,
    Terms,
    Visit,
    WhenEmpty,
    Window,
)
from gonghui.bills.pricing.windows import is_open, next_opening, open_windows
from gonghui.funds.worth import POINT_FEN

__all__ = [
    "BY_DAY",
    "BY_MONTH",
    "BY_WEEK",
    "POINT_FEN",
    "Applied",
    "Asker",
    "Basis",
    "Basket",
    "Form",
    "Holidays",
    "Id",
    "Limit",
    "Line",
    "LiveOffer",
    "Part",
    "Payer",
    "Per",
    "PointLot",
    "PricedLine",
    "Quote",
    "RefundParts",
    "Refused",
    "Share",
    "Stacking",
    "Terms",
    "Visit",
    "WhenEmpty",
    "Window",
    "discount_of",
    "is_open",
    "next_opening",
    "open_windows",
    "quote",
    "refund_amount",
    "refund_parts",
    "says",
    "says_terms",
    "split_discount",
    "wrong_shares",
]
