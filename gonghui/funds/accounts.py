"""The accounts money and points stand in, by name. What each one means stands in README.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gonghui.funds.models import Budget, FundSource, PointGrant
from gonghui.ledger.engine import Opening
from gonghui.ledger.models import Ledger, LedgerAccount

UNLIMITED = LedgerAccount.Limit.NONE


def outside_of(source: FundSource) -> Opening:
    return Opening("outside", source.union_id, f"source:{source.pk}", limited=UNLIMITED)


def arrived_of(*, union_id: int, source_id: int) -> Opening:
    return Opening("source", union_id, f"source:{source_id}")


def purse_of(budget: Budget, *, within_id: int) -> Opening:
    return Opening("budget", budget.union_id, f"budget:{budget.pk}", within_id=within_id)


def commitment_of(budget: Budget, purpose: str) -> Opening:
    return Opening(
        "commitment", budget.union_id, f"commitment:{purpose}:{budget.pk}", within_id=budget.account_id
    )


def backing_of(budget: Budget) -> Opening:
    """Fen behind the points of one budget: always POINT_FEN × what is outstanding of them."""
    return Opening("backing", budget.union_id, f"budget:{budget.pk}", within_id=budget.account_id)


def issue_of(budget: Budget) -> Opening:
    """Where points of that budget come from and go back to."""
    return Opening("issue", budget.union_id, f"budget:{budget.pk}", ledger=Ledger.POINTS, limited=UNLIMITED)


def points_of(grant: PointGrant, person_id: int, *, issue_id: int, expires_at: datetime) -> Opening:
    facts: dict[str, Any] = {"ledger": Ledger.POINTS, "within_id": issue_id, "expires_at": expires_at}
    return Opening("points", grant.union_id, f"grant:{grant.pk}", person_id=person_id, **facts)


def paid_by(*, union_id: int, person_id: int) -> Opening:
    """What a worker paid out of their own pocket, and got back."""
    return Opening("paid", union_id, "own", person_id=person_id, limited=UNLIMITED)


def prepaid_of(union_id: int) -> Opening:
    """Workers' money taken through a payment provider, not yet the merchant's."""
    return Opening("prepaid", union_id, "prepaid")


def bank_of(union_id: int) -> Opening:
    return Opening("bank", union_id, "bank", limited=UNLIMITED)


def fee_of(union_id: int) -> Opening:
    """Service fees a union kept of what it handed over to merchants; no more goes back than came in."""
    return Opening("fee", union_id, "fee")


def merchant_account(kind: str, *, union_id: int, partner_id: int) -> Opening:
    """`kind`: counter (got at its own till, and its concession), concession (gave up), payable (is owed)."""
    if kind not in ("counter", "concession", "payable"):
        raise ValueError(f"a merchant has no account {kind!r}")
    return Opening(kind, union_id, f"partner:{partner_id}", limited=UNLIMITED)


def lock_accounts(*account_ids: int) -> dict[int, LedgerAccount]:
    """As they stand until the end of the transaction, locked in the order the ledger locks them."""
    found = LedgerAccount.objects.unscoped("accounts of rows the action has fetched").filter(
        pk__in=account_ids
    )
    return {account.pk: account for account in found.order_by("pk").select_for_update(no_key=True)}
