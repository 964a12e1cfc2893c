"""Partners and their venues; how one becomes a partner, what was agreed, and who acts for it."""

from gonghui.partners.models.agreements import Agreement
from gonghui.partners.models.applications import ApplicationFile, PartnerApplication
from gonghui.partners.models.payouts import PayoutAccount
from gonghui.partners.models.purchases import PurchaseRule, Selection
from gonghui.partners.models.roles import MerchantRole
from gonghui.partners.models.venues import Clerk, Hall, Partner, PartnerKind, Store

__all__ = [
    "Agreement",
    "ApplicationFile",
    "Clerk",
    "Hall",
    "MerchantRole",
    "Partner",
    "PartnerApplication",
    "PartnerKind",
    "PayoutAccount",
    "PurchaseRule",
    "Selection",
    "Store",
]
