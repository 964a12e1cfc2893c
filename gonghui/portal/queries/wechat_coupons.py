"""微信券 as their owner reads them: who gives the money, out of which budget, how much it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gonghui.bills.actions.external_claims import coupons_of
from gonghui.bills.models import ExternalUse, StockFunding
from gonghui.bills.origins import Step, lineage_of
from gonghui.kit.actors import Actor
from gonghui.payments.models import ExternalCoupon

OWN = "one's own coupons"


@dataclass(frozen=True, slots=True)
class CouponShown:
    coupon: ExternalCoupon
    union: str
    budget: str = ""
    steps: tuple[Step, ...] = ()
    """From the source of the money down to that budget."""
    fen: int = 0
    """What was given for its use; 0 while it is not used, or after it was returned."""

    @property
    def above(self) -> tuple[Step, ...]:
        return self.steps[:-1]


def coupons_shown(actor: Actor, most: int) -> list[CouponShown]:
    """Newest first; four queries however many."""
    mine = list(coupons_of(actor).select_related("stock__union")[:most])
    if not mine:
        return []
    fundings = {
        one.stock_id: one
        for one in StockFunding.objects.unscoped(OWN)
        .select_related("budget__union")
        .filter(stock_id__in={coupon.stock_id for coupon in mine})
    }
    ways = lineage_of({one.budget_id for one in fundings.values()}) if fundings else {}
    given = _given(fundings.values(), mine)
    return [_shown(coupon, fundings.get(coupon.stock_id), ways, given) for coupon in mine]


def _given(fundings: Iterable[StockFunding], mine: Iterable[ExternalCoupon]) -> dict[tuple[int, str], int]:
    found = ExternalUse.objects.unscoped(OWN).filter(
        funding__in=[one.pk for one in fundings],
        code__in=[one.code for one in mine if one.code],
        state="posted",
    )
    sums: dict[tuple[int, str], int] = {}
    for funding_id, code, fen in found.values_list("funding_id", "code", "off_fen"):
        sums[funding_id, code] = sums.get((funding_id, code), 0) + fen
    return sums


def _shown(
    coupon: ExternalCoupon, funding: StockFunding | None, ways: dict[int, tuple[Step, ...]], given: dict
) -> CouponShown:
    if funding is None:
        return CouponShown(coupon, coupon.stock.union.name)
    budget = funding.budget
    return CouponShown(
        coupon, budget.union.name, budget.name, ways[budget.pk], given.get((funding.pk, coupon.code or ""), 0)
    )
