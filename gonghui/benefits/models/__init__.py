"""The nouns of the one road: offer, release, pool, voucher, waiting list, redemption, draw."""

from gonghui.benefits.models.draw_pages import DrawPage, DrawTerms, DrawVoid
from gonghui.benefits.models.draws import Draw, DrawEntry
from gonghui.benefits.models.no_shows import NoShowExemption, NoShowRule
from gonghui.benefits.models.offers import Offer
from gonghui.benefits.models.parties import Party
from gonghui.benefits.models.redemptions import OfflineException, Redemption
from gonghui.benefits.models.releases import Pool, Release, Reminder, WaitingPage
from gonghui.benefits.models.runs import GrantRun, PoolNews
from gonghui.benefits.models.vouchers import Voucher, WaitEntry

__all__ = [
    "Draw",
    "DrawEntry",
    "DrawPage",
    "DrawTerms",
    "DrawVoid",
    "GrantRun",
    "NoShowExemption",
    "NoShowRule",
    "Offer",
    "OfflineException",
    "Party",
    "Pool",
    "PoolNews",
    "Redemption",
    "Release",
    "Reminder",
    "Voucher",
    "WaitEntry",
    "WaitingPage",
]
