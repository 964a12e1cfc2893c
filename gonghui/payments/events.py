"""News of this app; reactions live above."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentSucceeded:
    payment_id: int


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """Refused, given up or out of time; money that still comes goes back by itself."""

    payment_id: int


@dataclass(frozen=True, slots=True)
class RefundSucceeded:
    refund_id: int


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """The provider will not give it back; the money is still ours to return."""

    refund_id: int


@dataclass(frozen=True, slots=True)
class ExternalCouponUsed:
    """`use_id` names this one use; it is told once."""

    provider: str
    stock_id: str
    code: str
    use_id: str
    off_fen: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class ExternalCouponReturned:
    """The use told before, `use_id`, was taken back."""

    provider: str
    stock_id: str
    code: str
    use_id: str
