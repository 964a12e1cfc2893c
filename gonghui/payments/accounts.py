"""The accounts of this app: what a worker paid, and what is taken but not yet the merchant's."""

from __future__ import annotations

from gonghui.ledger.engine import Opening, Order, id_of, open_accounts
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.payments.models import Payment, Refund


def accounts_of(payment: Payment) -> tuple[LedgerAccount, LedgerAccount]:
    """(paid, prepaid)"""
    paid, prepaid = open_accounts(
        [
            Opening("paid", payment.union_id, "own", person_id=payment.person_id, limited=""),
            Opening("prepaid", payment.union_id, "prepaid"),
        ]
    )
    return paid, prepaid


def taken(payment: Payment) -> Order:
    paid, prepaid = accounts_of(payment)
    return Order(
        id=id_of(payment.key, "pay_online"), code="pay_online", amount=payment.amount_fen,
        debit_id=paid.pk, credit_id=prepaid.pk, subject=payment.purpose,
    )  # fmt: skip


def set_aside(refund: Refund) -> Order:
    """Until the provider has given it back nobody else can be paid with it."""
    paid, prepaid = accounts_of(refund.payment)
    return Order(
        id=id_of(refund.key, "refund_online"), code="refund_online", amount=refund.amount_fen,
        debit_id=prepaid.pk, credit_id=paid.pk, kind=Transfer.Kind.PENDING, subject=f"refund:{refund.pk}",
    )  # fmt: skip


def resolved(refund: Refund, *, given_back: bool) -> Order:
    return Order(
        id=id_of(refund.key, "refund_online", "settled"), code="refund_online",
        kind=Transfer.Kind.POST if given_back else Transfer.Kind.VOID,
        pending_id=id_of(refund.key, "refund_online"), subject=f"refund:{refund.pk}",
    )  # fmt: skip
