"""What members pay through a provider, what goes back, and what the provider says about both."""

from gonghui.payments.models.coupons import CouponEvent, ExternalCoupon, ExternalStock
from gonghui.payments.models.identities import IdentityRound, PayerIdentity
from gonghui.payments.models.local import LocalKey, LocalNotice, LocalTrade
from gonghui.payments.models.payments import Notification, Payment, Refund
from gonghui.payments.models.statements import StatementFile, StatementRow

__all__ = [
    "CouponEvent",
    "ExternalCoupon",
    "ExternalStock",
    "IdentityRound",
    "LocalKey",
    "LocalNotice",
    "LocalTrade",
    "Notification",
    "PayerIdentity",
    "Payment",
    "Refund",
    "StatementFile",
    "StatementRow",
]
