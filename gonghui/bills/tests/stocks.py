"""A provider's coupons for tests: drafted by the city's finance officer, approved by its administrator."""

from __future__ import annotations

from gonghui.bills.actions.external import approve_funded_stock, draft_funded_stock
from gonghui.bills.models import StockFunding
from gonghui.payments.ports.coupons import StockOrder


def ordered_stock(cast, budget, order: StockOrder, **facts) -> StockFunding:
    draft = draft_funded_stock(cast.actor("city_finance"), budget_id=budget.pk, order=order, **facts)
    return approve_funded_stock(cast.actor("city_admin"), funding_id=draft.pk)
