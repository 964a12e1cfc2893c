"""服务费: what the union keeps of what it hands over: said bill by bill (making.py), moved in the ledger once a statement."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Sum

from gonghui.funds.accounts import fee_of
from gonghui.ledger.engine import Order, id_of, open_accounts, transfer_all
from gonghui.settlement.models import Statement

FEES = UUID("6f0a8a5e-52a5-4c1d-9f6e-4f4d1b7c2a90")
"""What the ids of fee transfers follow from, with statement and account: posting again is harmless."""


def fee_subject(statement: Statement) -> str:
    return f"statement:{statement.pk}"


def post_fees(statement: Statement) -> None:
    """One transfer a payable account, to the fee account of the union that account stands with, or back from it.

    What goes back was taken there before: refunds are stated after their bill, on the same payable account.
    """
    sums = statement.lines.values("account_id", "account__union_id").annotate(fee=Sum("fee_fen"))
    rows = [row for row in sums.order_by("account_id") if row["fee"]]
    accounts = open_accounts([fee_of(row["account__union_id"]) for row in rows]) if rows else []
    orders = [
        _order(statement, row["account_id"], account.pk, row["fee"])
        for row, account in zip(rows, accounts, strict=True)
    ]
    if orders:
        transfer_all(orders)


def _order(statement: Statement, payable_id: int, fee_id: int, fen: int) -> Order:
    key, subject = id_of(FEES, statement.pk, payable_id), fee_subject(statement)
    if fen > 0:
        return Order(key, "take_fee", fen, payable_id, fee_id, subject=subject)
    return Order(key, "give_back_fee", -fen, fee_id, payable_id, subject=subject)
