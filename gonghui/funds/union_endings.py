"""When a union ends: its budgets stand and are closed by whoever is above it; nothing that was promised from them is lost."""

from __future__ import annotations

from gonghui.funds.models import Budget
from gonghui.orgs.models import Union


def live_budgets_of(union: Union) -> int:
    found = Budget.objects.unscoped("of a union that ends").filter(union=union)
    return found.exclude(state=Budget.State.CLOSED).count()
