"""Money on its way back: from a closed budget level by level to the nearest above that is open, or to the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gonghui.funds.models import Budget
from gonghui.ledger.engine import Order, id_of


@dataclass(frozen=True, slots=True)
class Hop:
    budget_id: int
    from_id: int
    to_id: int


def way_home(budget: Budget) -> list[Hop]:
    """Empty while the budget is open. Rows are locked upwards, as all actions on budgets lock them."""
    hops, here = [], budget
    while here is not None and here.state == Budget.State.CLOSED:
        above = parent_locked(here)
        to_id = above.account_id if above else budget.source.account_id
        hops.append(Hop(here.pk, here.account_id, to_id))
        here = above
    return hops


def parent_locked(budget: Budget) -> Budget | None:
    found = Budget.objects.unscoped("the budget above one fetched").select_related("union")
    return found.filter(pk=budget.parent_id).select_for_update(of=("self",), no_key=True).first()


def orders_home(hops: Sequence[Hop], amount_fen: int, key: UUID) -> list[Order]:
    """Level by level, so that the figures of each level stay true."""
    return [
        Order(
            id_of(key, "home", hop.budget_id), "return_unused", amount_fen, hop.from_id, hop.to_id,
            subject=f"budget:{hop.budget_id}",
        )
        for hop in hops
    ]  # fmt: skip
