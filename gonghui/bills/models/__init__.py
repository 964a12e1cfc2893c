"""The nouns of prices and purchases: terms and who funds them, windows and limits; bills, their lines and parts, refunds."""

from gonghui.bills.models.bills import (
    Bill,
    BillLine,
    BillOffer,
    BillPart,
    BillRefund,
    Payer,
    RefundLine,
    RefundPart,
)
from gonghui.bills.models.days import BenefitDay
from gonghui.bills.models.external import ExternalUse, StockFunding
from gonghui.bills.models.offline import PackUse
from gonghui.bills.models.packs import PackItem, PackOpening, WelcomeGift, WelcomePack
from gonghui.bills.models.prices import PriceNote
from gonghui.bills.models.series import ReleaseSeries, SeriesDay
from gonghui.bills.models.sheets import OfferKey
from gonghui.bills.models.terms import (
    FundingShare,
    LimitUse,
    OfferLimit,
    OfferStore,
    OfferTerms,
    OfferWindow,
    Programme,
    Purse,
    WindowUse,
)

__all__ = [
    "BenefitDay",
    "Bill",
    "BillLine",
    "BillOffer",
    "BillPart",
    "BillRefund",
    "ExternalUse",
    "FundingShare",
    "LimitUse",
    "OfferKey",
    "OfferLimit",
    "OfferStore",
    "OfferTerms",
    "OfferWindow",
    "PackItem",
    "PackOpening",
    "PackUse",
    "Payer",
    "PriceNote",
    "Programme",
    "Purse",
    "RefundLine",
    "RefundPart",
    "ReleaseSeries",
    "SeriesDay",
    "StockFunding",
    "WelcomeGift",
    "WelcomePack",
    "WindowUse",
]
